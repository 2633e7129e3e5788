import { DatabaseError, type PoolClient } from 'pg'
import { sleep } from '../../../src/runtime/stop-signal.ts'
import { type Fault, type FaultScene, moreAccepted } from '../fault-case.ts'
import type { TestPostgres } from '../own-postgres.ts'
import type { System, Ways } from '../system.ts'
import { waitUntil } from '../wait-until.ts'
import { countLines } from './lines-logged.ts'
import { recordedAgain } from './recorded-again.ts'

// These need a PostgreSQL server of the system's own.

/** Longer than a statement may take, so that who waits for a lock is told to give up. */
const lockedMs = 12_000
const lookedAtEveryMs = 500

/** PostgreSQL is shut down and started again. */
export const restartPostgres: Fault = {
  fact: 'PostgreSQL is restarted: votes go on being accepted, and what waited is recorded by itself',
  async inject(scene) {
    const before = scene.load.accepted()
    await ownServer(scene.system).restart()
    const accepted = scene.load.accepted() - before
    return { 'votes accepted meanwhile': accepted, ...(await recordedAgain(scene)) }
  },
}

/** PostgreSQL dies and stays away for a while. */
export const killPostgres: Fault = {
  fact: 'PostgreSQL is killed and away for seconds: votes go on being accepted, the workers hold back, and all is recorded by itself',
  async inject(scene) {
    const { system, load } = scene
    const lines = countLines(system.workers)
    await ownServer(system).kill()
    const before = load.accepted()
    await moreAccepted(load, 3_000)
    const accepted = load.accepted() - before
    await ownServer(system).restart()
    const again = await recordedAgain(scene)
    return { 'votes accepted meanwhile': accepted, ...again, ...lines() }
  },
}

/** Sessions end in the middle of their transactions, again and again. */
export const endTransactions: Fault = {
  fact: 'sessions of PostgreSQL that are ended in the middle of their transactions leave nothing half recorded',
  async inject(scene) {
    const { system, load } = scene
    let ended = 0
    const before = load.accepted()
    while (load.accepted() < before + 2_000) {
      const { rowCount } = await system.database.pool.query(
        // Who has an id for its transaction has written in it.
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid() and backend_xid is not null
           and (state like 'idle in%' or query like '%checkpoint%' or query like '%vote%')`,
      )
      ended += rowCount ?? 0
      // Long enough for a batch or two to come through.
      await sleep(100)
    }
    return { 'transactions ended': ended, ...(await recordedAgain(scene)) }
  },
}

/** The answer to a commit is lost, though the commit has happened. */
export const loseAnswersToCommits: Fault = {
  fact: 'a commit whose answer is lost is found to have happened, and is not done again',
  async inject(scene) {
    const { system, load } = scene
    // As the driver sends it; the statements and votes may hold the word too.
    const commit = 'Q\0\0\0\u000bcommit\0'
    const ends = workersWays(system).map(({ postgres }) => postgres.cutAnswersTo(commit, 0.3))
    await moreAccepted(load, 4_000)
    const lost = ends.reduce((sum, end) => sum + end(), 0)
    return { 'commits that nobody heard of': lost, ...(await recordedAgain(scene)) }
  },
}

/** Somebody holds the tables on which recording depends. */
export const lockTables: Fault = {
  fact: 'tables that are locked for longer than a statement may take hold up recording alone: votes are accepted, and recorded afterwards',
  async inject(scene) {
    const { system, load } = scene
    const lines = countLines(system.workers)
    const client = await system.database.pool.connect()
    let waiting = 0
    let accepted = 0
    try {
      await lockAll(client)
      const before = load.accepted()
      // Who was told to give up rests for a while before the next attempt.
      for (const until = performance.now() + lockedMs; performance.now() < until;) {
        waiting = Math.max(waiting, await countWaiting(system))
        await sleep(lookedAtEveryMs)
      }
      accepted = load.accepted() - before
      await client.query('rollback')
    } finally {
      client.release(true)
    }
    const again = await recordedAgain(scene)
    return {
      'statements that waited at once': waiting,
      'votes accepted meanwhile': accepted,
      ...again,
      ...lines(),
    }
  },
}

/** Statements that wait for a lock. */
const countWaiting = async ({ database }: System): Promise<number> => {
  const { rows } = await database.pool.query<{ waiting: number }>(
    `select count(*)::integer as waiting from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
  )
  return rows[0]?.waiting ?? 0
}

/** In the order in which a commit takes them; who reads takes them in others, so it may need to be tried again. */
const lockAll = async (client: PoolClient, triesMax = 20): Promise<void> => {
  for (let tries = 1; ; tries += 1) {
    await client.query('begin')
    try {
      await client.query('lock table checkpoint, vote, tally in access exclusive mode')
      return
    } catch (error) {
      await client.query('rollback')
      const isDeadlock = error instanceof DatabaseError && error.code === '40P01'
      if (!isDeadlock || tries === triesMax) throw error
    }
  }
}

/** PostgreSQL takes no writes. */
export const makeReadOnly: Fault = {
  fact: 'a PostgreSQL that is read-only for a while gets everything recorded afterwards',
  inject: async (scene) =>
    refusingWrites(scene, 'read-only transaction', {
      begin: `do $$ begin execute format('alter database %I set default_transaction_read_only = on', current_database()); end $$`,
      end: `set default_transaction_read_only = off;
        do $$ begin execute format('alter database %I reset default_transaction_read_only', current_database()); end $$`,
    }),
}

/**
 * PostgreSQL says that its disk is full. A stand-in: a trigger says so as the server would (53100), at each batch of votes; a
 * disk that is really full cannot be had without rights over the machine.
 */
export const fillDisk: Fault = {
  fact: 'a PostgreSQL whose disk is full for a while gets everything recorded afterwards',
  inject: async (scene) =>
    refusingWrites(scene, 'No space left on device', {
      begin: `
        create function test_disk_full() returns trigger language plpgsql as
          $$ begin raise exception 'could not extend file: No space left on device' using errcode = '53100'; end $$;
        create trigger test_disk_full before insert on vote for each statement execute function test_disk_full()`,
      end: 'drop function test_disk_full cascade',
    }),
}

/** The primary dies, and a standby that had not got all of it takes its place. */
export const failOver: Fault = {
  fact: 'a failover of PostgreSQL that loses commits loses no vote: they are read again from where the standby was',
  async inject(scene) {
    const { system, load } = scene
    const server = ownServer(system)
    const standby = await server.followedBy()
    try {
      await recordedAgain(scene)
      const countVotes = async (pool: TestPostgres['pool']): Promise<number> => {
        const { rows } = await pool.query<{ votes: number }>('select count(*)::integer as votes from vote')
        return rows[0]?.votes ?? 0
      }
      await waitUntil(async () => (await countVotes(standby.pool)) > 0, {
        withinMs: 10_000,
        what: 'the standby follows',
      })
      standby.cutOff()
      await moreAccepted(load, 1_000)
      const lost = (await countVotes(system.database.pool)) - (await countVotes(standby.pool))
      const before = load.accepted()
      await server.failOverTo(standby)
      const accepted = load.accepted() - before
      return {
        'recorded votes lost with the primary': lost,
        'votes accepted meanwhile': accepted,
        ...(await recordedAgain(scene)),
      }
    } finally {
      await standby.stop()
    }
  },
}

type Refusal = { readonly begin: string; readonly end: string }

const refusingWrites = async (scene: FaultScene, words: string, { begin, end }: Refusal) => {
  const { system, load } = scene
  const { pool } = system.database
  const lines = countLines(system.workers)
  const writtenBefore = system.workers.map((worker) => worker.written())
  await pool.query(begin)
  // What a database is set to holds for new sessions.
  await pool.query(
    'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
  )
  const before = load.accepted()
  await moreAccepted(load, 2_500)
  const accepted = load.accepted() - before
  await pool.query(end)
  await pool.query(
    'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
  )
  const refused = system.workers.filter((worker, index) =>
    worker.outputSince(writtenBefore[index] ?? 0).includes(words),
  )
  const again = await recordedAgain(scene)
  return {
    'workers that were refused': refused.length,
    'votes accepted meanwhile': accepted,
    ...again,
    ...lines(),
  }
}

const ownServer = ({ postgres }: System): TestPostgres => {
  if (postgres === null) throw new Error('this fault needs a PostgreSQL of its own')
  return postgres
}

const workersWays = ({ workers }: System): readonly Ways[] => {
  const ways = workers.flatMap((worker) => worker.ways ?? [])
  if (ways.length === 0) throw new Error('this fault needs ways between the workers and PostgreSQL')
  return [...new Set(ways)]
}
