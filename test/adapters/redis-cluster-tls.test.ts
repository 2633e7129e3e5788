import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectCluster } from '../../src/adapters/redis/cluster/connect.ts'
import { SLOTS, slotOf } from '../../src/adapters/redis/cluster/key-slot.ts'
import { type Certified, certify, makeAuthority } from '../support/certificates.ts'
import { findFreePorts } from '../support/free-ports.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { clusterOptions, countErrors, handOver, waitForSilent } from '../support/redis-cluster.ts'
import { waitUntil } from '../support/wait-until.ts'

type TlsServer = TestRedis & { readonly tlsPort: number; readonly busPort: number; readonly plain: Redis }

const formsWithinMs = 20_000
const handOversMax = 5
const trusted = getCACertificates('default')
let authority: Certified
let folder: string
let servers: readonly [TlsServer, TlsServer]

/** A server of a cluster that is called `localhost`, and proves it. */
const startTlsServer = async (): Promise<TlsServer> => {
  const [port = 0, busPort = 0, tlsPort = 0] = await findFreePorts(3)
  const files = ['cert', 'key', 'ca'].flatMap((name) => [
    `--tls-${name === 'ca' ? 'ca-cert' : name}-file`,
    join(folder, name),
  ])
  const options = ['--tls-port', String(tlsPort), '--tls-cluster', 'yes', '--tls-auth-clients', 'no']
  const names = ['--cluster-announce-hostname', 'localhost', '--cluster-preferred-endpoint-type', 'hostname']
  const server = await startTestRedis([...clusterOptions(busPort), ...options, ...names, ...files], [], port)
  return { ...server, tlsPort, busPort, plain: new Redis(server.redisUrl) }
}

beforeAll(async () => {
  authority = await makeAuthority()
  const { cert, key } = await certify(authority)
  folder = await mkdtemp(join(tmpdir(), 'tallycast-tls-'))
  await Promise.all(
    Object.entries({ cert, key, ca: authority.cert }).map(async ([name, pem]) => writeFile(join(folder, name), pem)),
  )
  servers = await Promise.all([startTlsServer(), startTlsServer()])
  const [first, second] = servers
  for (const [at, { plain }] of servers.entries()) {
    await plain.call('CLUSTER', 'SET-CONFIG-EPOCH', at + 1)
    await plain.call('CLUSTER', 'ADDSLOTSRANGE', (at * SLOTS) / 2, ((at + 1) * SLOTS) / 2 - 1)
  }
  await first.plain.call('CLUSTER', 'MEET', '127.0.0.1', second.tlsPort, second.busPort)
  const isWhole = async ({ plain }: TlsServer): Promise<boolean> =>
    /cluster_state:ok[^]*cluster_size:2/.test(String(await plain.call('CLUSTER', 'INFO')))
  await waitUntil(async () => (await Promise.all(servers.map(isWhole))).every(Boolean), { withinMs: formsWithinMs })
  await waitForSilent(servers.map(({ plain }) => plain))
})
afterAll(async () => {
  for (const server of servers) {
    server.plain.disconnect()
    await server.stop()
  }
  await rm(folder, { recursive: true })
})

const connect = () => connectCluster({ seeds: [`rediss://localhost:${servers[0].tlsPort}`], onError: () => undefined })

test('over TLS servers are called by the names that they announce, and those must be in their certificates', async () => {
  const strangers = connect()
  await expect(strangers.ready(6_000)).rejects.toMatchObject({
    name: 'DependencyUnavailable',
    cause: expect.objectContaining({ message: expect.stringContaining('certificate') }),
  })
  strangers.stop()
  setDefaultCACertificates([...trusted, authority.cert])
  const known = connect()
  try {
    await known.ready()
    expect(known.commands.primaries().map((redis) => redis.options.host)).toEqual(['localhost', 'localhost'])
    expect(await known.commands.at('a', async (redis) => redis.set('a', '1'))).toBe('OK')
  } finally {
    known.stop()
    setDefaultCACertificates(trusted)
  }
})

test('over TLS a key is found at the server that its slot has moved to', async () => {
  const key = 'moved'
  const portOf = async (of: typeof known): Promise<number | undefined> =>
    of.commands.at(key, async (redis) => {
      await redis.exists(key)
      return redis.options.port
    })
  setDefaultCACertificates([...trusted, authority.cert])
  const known = connect()
  try {
    await known.ready()
    const [first, second] = servers
    let sentOn = 0
    // A look at the slots that comes first finds it without being sent on.
    for (let handOvers = 0; sentOn === 0 && handOvers < handOversMax; handOvers += 1) {
      const [from, to] = (await portOf(known)) === first.tlsPort ? [first, second] : [second, first]
      const before = await countErrors(from.plain, 'MOVED')
      await handOver(slotOf(key), from.plain, to.plain)
      expect(await portOf(known)).toBe(to.tlsPort)
      sentOn = (await countErrors(from.plain, 'MOVED')) - before
    }
    expect(sentOn).toBeGreaterThan(0)
  } finally {
    known.stop()
    setDefaultCACertificates(trusted)
  }
})
