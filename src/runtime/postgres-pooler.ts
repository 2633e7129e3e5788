import type pg from 'pg'
import { connectForSetup } from './setup-connection.ts'
import { SetupProblem } from './setup-problem.ts'

const answerWithinMs = 10_000
/** A pooler that is used by others meanwhile may happen to look like PostgreSQL once. */
const looks = 5
const whereToRead = 'docs/operations.md says under "PgBouncer" what goes through a pooler, and how'

/**
 * Throws a SetupProblem where a pooler in transaction mode stands in front of PostgreSQL: there what is said on one connection reaches now this
 * session and now that one, so locks are taken that nobody gives back, and news is waited for that never comes. `who` cannot do with that.
 */
export const refuseSharedSessions = async (databaseUrl: string, who: string): Promise<void> => {
  await using connections = new AsyncDisposableStack()
  // Each is closed also where the next one cannot be had: open, it would keep the process from ending.
  const open = async (): Promise<pg.Client> =>
    connections.adopt(await connect(databaseUrl), async (client) => client.end())
  if (!(await shareSessions(await open(), await open()))) return
  throw new SetupProblem(
    `DATABASE_URL leads to a pooler in transaction mode, and ${who} needs sessions of its own`,
    `name PostgreSQL itself; ${whereToRead}`,
  )
}

/** Without a pooler, and with one in session mode, each connection has its own session for as long as it is open. */
const shareSessions = async (one: pg.Client, other: pg.Client): Promise<boolean> => {
  const first = await readSession(one)
  for (let look = 0; look < looks; look += 1) {
    if ((await readSession(other)) === first || (await readSession(one)) !== first) return true
  }
  return false
}

const readSession = async (client: pg.Client): Promise<number> => {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
  return rows[0]?.pid ?? 0
}

const UNLIMITED = `
  select name
  from unnest(array['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout']) as name
  where current_setting(name) = '0'`

/** Throws a SetupProblem where PostgreSQL does not hear of the time limits that we say when we connect, and has none of its own. */
export const refuseMissingLimits = async (databaseUrl: string): Promise<void> => {
  const limits = { statement_timeout: answerWithinMs, lock_timeout: answerWithinMs }
  const client = await connect(databaseUrl, { ...limits, idle_in_transaction_session_timeout: answerWithinMs })
  try {
    const { rows } = await client.query<{ name: string }>(UNLIMITED)
    if (rows.length === 0) return
    throw new SetupProblem(
      `a pooler keeps our time limits from PostgreSQL, which has no ${rows.map(({ name }) => name).join(' and no ')}`,
      `set them for the user of DATABASE_URL (alter role … set …); ${whereToRead}`,
    )
  } finally {
    await client.end()
  }
}

/** A connection that breaks fails the question, too. */
const connect = async (databaseUrl: string, settings: Readonly<pg.ClientConfig> = {}): Promise<pg.Client> =>
  connectForSetup(databaseUrl, 'tallycast setup', () => undefined, { query_timeout: answerWithinMs, ...settings })
