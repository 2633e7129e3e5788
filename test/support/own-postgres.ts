import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { startEmbeddedPostgres } from '../../src/runtime/embedded-postgres.ts'
import { createLog } from '../../src/runtime/log.ts'
import { migrate } from '../../src/runtime/migrations.ts'
import { stopProcess } from '../../src/runtime/process-identity.ts'
import { findFreePorts } from './free-ports.ts'
import { keepOnLeash } from './leash.ts'
import { type Standby, startStandby } from './postgres-standby.ts'
import type { TestDatabase } from './postgres.ts'

export type TestPostgres = TestDatabase & {
  readonly port: number
  readonly pid: () => number
  /** Ends the server as a crash would, keeping what was committed. */
  readonly kill: () => Promise<void>
  /** Starts it again on the same port and data; stops it in an orderly way first if it still runs. */
  readonly restart: () => Promise<void>
  /** Restarts it with a standby that follows it. Stop that one before `drop`. */
  readonly followedBy: () => Promise<Standby>
  /** It dies, and the standby takes its place: the same address, with what the standby has. */
  readonly failOverTo: (standby: Standby) => Promise<void>
}

const log = createLog({ name: 'test', level: 'error' })

/** A migrated PostgreSQL server of its own, for a test that kills it, fills it or makes it wait. `drop` ends it. */
export const startTestPostgres = async (settings: Readonly<Record<string, string>> = {}): Promise<TestPostgres> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'tallycast-test-postgres-'))
  const leash = keepOnLeash(dataDir, 'postgres/postmaster.pid')
  // Without fsync what was committed outlasts a crash of the server, though not of the machine, which nobody here crashes.
  const [port = 0] = await findFreePorts(1)
  const start = () => startEmbeddedPostgres({ dataDir, log, port, isDurable: false, isRestarted: false, settings })
  let server = await start()
  const { databaseUrl } = server
  await migrate(databaseUrl, { log })
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 4 })
  // The server may go under an idle connection.
  pool.on('error', () => undefined)

  const kill = async (): Promise<void> => {
    await stopProcess(server.pid(), [{ signal: 'SIGKILL', withinMs: 2_000 }])
  }
  const startAgain = async (): Promise<void> => {
    server = await start()
    if (server.databaseUrl !== databaseUrl) throw new Error('the port was taken by somebody else meanwhile')
  }
  const drop = async (): Promise<void> => {
    await pool.end()
    await server.stop()
    await rm(dataDir, { recursive: true, force: true })
    leash.release()
  }
  return {
    databaseUrl,
    port: Number(new URL(databaseUrl).port),
    pool,
    pid: () => server.pid(),
    kill,
    async restart() {
      await server.stop()
      await startAgain()
    },
    async followedBy() {
      await server.stop()
      return startStandby(dataDir, databaseUrl, startAgain)
    },
    async failOverTo(standby) {
      await kill()
      await server.stop()
      await standby.promoteInto(dataDir)
      await startAgain()
    },
    drop,
    [Symbol.asyncDispose]: drop,
  }
}
