import { readFile } from 'node:fs/promises'
import pg from 'pg'
import { providePgbouncer } from './debian-tools.ts'
import { findFreePorts } from './free-ports.ts'
import { startOtherServer } from './other-server.ts'
import { waitUntil } from './wait-until.ts'

export type Pgbouncer = {
  /** The same database through it. */
  readonly over: (databaseUrl: string) => string
  readonly stop: () => Promise<void>
}

type Lines = { readonly pgbouncer: string; readonly postgres: string }

/** What docs/operations.md tells people to say to the two of them. */
export const readPoolerLines = async (): Promise<Lines> => {
  const page = await readFile(new URL('../../docs/operations.md', import.meta.url), 'utf8')
  const [, pgbouncer, postgres] = /^```ini\n(pool_mode = [^`]+)```\n\n```sql\n([^`]+)```$/m.exec(page) ?? []
  if (pgbouncer === undefined || postgres === undefined) throw new Error('docs/operations.md must say how to pool')
  return { pgbouncer, postgres }
}

/** So few sessions that whoever asks again is soon given another one. */
const sessions = 4

/** A PgBouncer with these lines in front of the server of this database. */
export const startPgbouncer = async (databaseUrl: string, lines: string): Promise<Pgbouncer> => {
  const [port = 0] = await findFreePorts(1)
  const { hostname, port: serverPort, username, password } = new URL(databaseUrl)
  const login = `host=${hostname} port=${serverPort} user=${username} password=${decodeURIComponent(password)}`
  // `any`: whoever comes is let in, as that user.
  const config = `[databases]
* = ${login}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
default_pool_size = ${sessions}
${asNobody}
${lines}`
  const files = { 'pgbouncer.ini': config }
  const server = startOtherServer(await providePgbouncer(), files, (folder) => [`${folder}/pgbouncer.ini`])
  const over = (url: string): string => Object.assign(new URL(url), { port }).href
  const isReady = async (): Promise<boolean> => {
    if (!server.isRunning()) throw new Error(`PgBouncer ended:\n${server.output()}`)
    return connects(over(databaseUrl))
  }
  try {
    await waitUntil(isReady, { withinMs: 15_000, what: () => `PgBouncer is ready:\n${server.output()}` })
  } catch (fault) {
    await server.stop()
    throw fault
  }
  return { over, stop: server.stop }
}

/** It refuses to be root. */
const asNobody = process.getuid?.() === 0 ? 'user = nobody' : ''

const connects = async (databaseUrl: string): Promise<boolean> => {
  const client = new pg.Client({ connectionString: databaseUrl })
  client.on('error', () => undefined)
  try {
    await client.connect()
  } catch {
    return false
  }
  await client.end()
  return true
}
