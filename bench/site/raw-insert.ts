import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type pg from 'pg'
import { moveToCore, productCore } from './cores.ts'
import { type CpuTimes, cpuTimeSince, readCpuTimes } from './cpu-time.ts'

export type RawInsert = {
  readonly perSecond: number
  /** Processor time per vote, in microseconds: of the program that sends, and of PostgreSQL. */
  readonly clientCpu: number
  readonly postgresCpu: number
}

type Report = { readonly votes: number; readonly ms: number; readonly microseconds: number }

const program = fileURLToPath(new URL('../programs/raw-insert.ts', import.meta.url))

/** The floor of recording votes: the program has the product's core, and a table of its own beside the ledger, which is emptied again. */
export async function measureRawInsert(
  { database, pids }: { readonly database: pg.Pool; readonly pids: () => Readonly<Record<string, number>> },
  votes: number,
): Promise<RawInsert> {
  await database.query(`
    create table floor_vote (like vote including all);
    create table floor_tally (like tally including all)`)
  const { host, port, user, password, database: name } = database.options
  const url = `postgres://${user}:${String(password)}@${host}:${port}/${name}`
  const child: ChildProcess = fork(program, {
    env: { ...process.env, DATABASE_URL: database.options.connectionString ?? url, VOTES: String(votes) },
  })
  try {
    await once(child, 'message')
    moveToCore(child.pid ?? 0, productCore)
    const postgres = (): CpuTimes => readCpuTimes({ postgres: pids()['postgres'] ?? 0 })
    const before = postgres()
    const reported = once(child, 'message')
    child.send('run')
    // What the program sends.
    const [report] = (await reported) as [Report]
    const used = cpuTimeSince(before, postgres())
    const { rows } = await database.query<{ votes: number }>('select count(*)::integer as votes from floor_vote')
    if (rows[0]?.votes !== report.votes) throw new Error(`${report.votes} votes were sent, ${rows[0]?.votes} are there`)
    return {
      perSecond: (report.votes / report.ms) * 1000,
      clientCpu: report.microseconds / report.votes,
      postgresCpu: (used['postgres'] ?? 0) / report.votes,
    }
  } finally {
    const ended = once(child, 'exit')
    child.disconnect()
    await ended
    await database.query('drop table floor_vote, floor_tally')
  }
}
