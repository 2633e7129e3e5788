import type pg from 'pg'

/** Keeps everybody from the ledger's votes for as long as `work` takes, and no longer where that fails: nothing that a test stops afterwards waits for it. */
export async function lockVotes<Value>(pool: Pick<pg.Pool, 'connect'>, work: () => Promise<Value>): Promise<Value> {
  const locker = await pool.connect()
  try {
    await locker.query('begin; lock table vote in access exclusive mode')
    return await work()
  } finally {
    await locker.query('rollback')
    locker.release()
  }
}
