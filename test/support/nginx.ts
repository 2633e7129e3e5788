import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { provideNginx } from './debian-tools.ts'
import { findFreePorts } from './free-ports.ts'
import { startOtherServer } from './other-server.ts'
import type { Member } from './system.ts'
import { waitUntil } from './wait-until.ts'

export type Nginx = {
  readonly url: string
  /** What it has written, in both of its logs. */
  readonly logs: () => string
  readonly stop: () => Promise<void>
}

/** deploy/nginx/ as it stands, but for addresses and folders of this machine and what an nginx before 1.27.3 does not know. */
export const startNginx = async (apis: readonly Member[]): Promise<Nginx> => {
  const [port = 0] = await findFreePorts(1)
  const servers = apis.map(({ url }) => `server ${new URL(url).host}$<how>;`).join('\n')
  const config = [
    ['listen 8080', `listen 127.0.0.1:${port}`],
    ['    resolver 127.0.0.11 valid=5s ipv6=off;\n', ''],
    [/server api:8000 resolve(?<how>.*);/, servers],
    ['pid /tmp/nginx.pid;', `daemon off;\npid nginx.pid;\n${asOwner}`],
    ['access_log /dev/stdout tallycast;', 'access_log access.log tallycast;\n    include temporary.conf;'],
  ].reduce((text, [from = '', to]) => replaceOnce(text, from, String(to)), readDeployed('tallycast.conf'))
  const server = startOtherServer(
    await provideNginx(),
    {
      'nginx.conf': config,
      'temporary.conf': temporary,
      'results-cache.conf': replaceOnce(readDeployed('results-cache.conf'), '/tmp/tallycast-results', 'results'),
    },
    (folder) => ['-e', 'stderr', '-p', folder, '-c', 'nginx.conf'],
  )
  const url = `http://127.0.0.1:${port}`
  const isReady = async (): Promise<boolean> => {
    if (!server.isRunning()) throw new Error(`nginx ended:\n${server.output()}`)
    return (await fetch(`${url}/health/ready`).catch(() => null))?.ok === true
  }
  try {
    await waitUntil(isReady, { withinMs: 15_000, what: () => `nginx is ready:\n${server.output()}` })
  } catch (fault) {
    await server.stop()
    throw fault
  }
  return {
    url,
    logs: () => `${server.output()}${readFileSync(join(server.folder, 'access.log'), 'utf8')}`,
    stop: server.stop,
  }
}

/** Started by root, its workers would be somebody else, to whom the folder is closed. */
const asOwner = process.getuid?.() === 0 ? 'user root;' : ''

const readDeployed = (name: string): string =>
  readFileSync(new URL(`../../deploy/nginx/${name}`, import.meta.url), 'utf8')

/** Where the system's own nginx would put what is too long for its memory. */
const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  .map((what) => `${what}_temp_path ${what};\n`)
  .join('')

const replaceOnce = (text: string, from: string | RegExp, to: string): string => {
  if (text.split(from).length < 2) throw new Error(`a file of deploy/nginx/ has no ${from}`)
  return text.replace(from, to)
}
