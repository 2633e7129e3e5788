import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { startEmbeddedPostgres } from '../../src/runtime/embedded-postgres.ts'
import { createLog } from '../../src/runtime/log.ts'
import { runCommand } from '../../src/runtime/run-command.ts'
import { keepOnLeash } from './leash.ts'
import { startTcpProxy } from './tcp-proxy.ts'

const log = createLog({ name: 'standby', level: 'error' })
const copyWithinMs = 30_000

/** A copy that follows its primary by streaming replication, without the primary waiting for it. */
export type Standby = {
  readonly databaseUrl: string
  readonly pool: pg.Pool
  /** What is committed from now on it does not get. */
  readonly cutOff: () => void
  /** Makes it a primary of its own with what it has, stops it and puts its data in the place of the old primary's. */
  readonly promoteInto: (dataDir: string) => Promise<void>
  readonly stop: () => Promise<void>
}

/** Starts a standby on a copy of the data of a primary, which must not run while this copies, and on which it is started by `startPrimary`. */
export const startStandby = async (
  primaryDataDir: string,
  databaseUrl: string,
  startPrimary: () => Promise<void>,
): Promise<Standby> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'tallycast-test-standby-'))
  const leash = keepOnLeash(dataDir, 'postgres/postmaster.pid')
  for (const part of ['postgres', 'postgres-password']) {
    // Not by Node: its copy would belong to us, and PostgreSQL runs as another user where we are root.
    const args = ['-a', join(primaryDataDir, part), join(dataDir, part)]
    const { exitCode, output } = await runCommand('cp', args, { withinMs: copyWithinMs })
    if (exitCode !== 0) throw new Error(`the data was not copied: ${output}`)
  }
  await startPrimary()
  await writeFile(join(dataDir, 'postgres', 'standby.signal'), '')
  const { port, username, password } = new URL(databaseUrl)
  const way = await startTcpProxy('127.0.0.1', Number(port))
  const primary_conninfo = `host=127.0.0.1 port=${way.port} user=${username} password=${decodeURIComponent(password)}`
  const settings = { primary_conninfo, hot_standby: 'on' }
  const server = await startEmbeddedPostgres({ dataDir, log, isDurable: false, isRestarted: false, settings })
  const pool = new pg.Pool({ connectionString: server.databaseUrl, max: 2 })
  pool.on('error', () => undefined)

  return {
    databaseUrl: server.databaseUrl,
    pool,
    cutOff: way.mute,
    async promoteInto(place) {
      await pool.query('select pg_promote(true, 30)')
      await pool.end()
      await server.stop()
      await rm(join(place, 'postgres'), { recursive: true })
      await rename(join(dataDir, 'postgres'), join(place, 'postgres'))
    },
    async stop() {
      if (!pool.ended) await pool.end()
      await server.stop()
      await way.stop()
      await rm(dataDir, { recursive: true, force: true })
      leash.release()
    },
  }
}
