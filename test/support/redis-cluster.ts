import { Redis } from 'ioredis'
import { SLOTS } from '../../src/adapters/redis/cluster/key-slot.ts'
import { findFreePorts } from './free-ports.ts'
import { leastRightsOptions, leastRightsUser } from './least-rights.ts'
import { startTestRedis, type TestRedis } from './redis.ts'
import { waitUntil } from './wait-until.ts'

const primaries = 3
const replicasOfEach = 1
const formsWithinMs = 20_000
/** A server that is silent for so long is taken for dead by the others. */
export const nodeTimeoutMs = 1_000
const patientNodeTimeoutMs = 15_000

export type TestCluster = {
  /** Names two of the servers, which have to tell of the others. */
  readonly redisUrl: string
  /** The first primaries, then their replicas in the same order, as the cluster was made. */
  readonly servers: readonly TestRedis[]
  readonly stop: () => Promise<void>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

type TestNodes = Pick<TestCluster, 'servers' | 'stop'> & { readonly busPorts: readonly number[] }

/** Six servers that are no cluster yet, and know the user of least rights. Takes options of redis-server, after the durable defaults. */
export const startTestNodes = async (args: readonly string[] = []): Promise<TestNodes> => {
  const count = primaries * (1 + replicasOfEach)
  // All of them below those of outgoing connections: whoever calls a server that is gone must not be given its port.
  const ports = await findFreePorts(2 * count)
  const busPorts = ports.slice(count)
  const rights = await leastRightsOptions()
  const servers = await Promise.all(
    busPorts.map(async (busPort, at) =>
      startTestRedis([...clusterOptions(busPort), ...rights, ...args], [], ports[at]),
    ),
  )
  const stop = async (): Promise<void> => {
    await Promise.all(servers.map(async (server) => server.stop()))
  }
  return { servers, busPorts, stop }
}

/** A Redis Cluster of 3 primaries and 3 replicas on loopback, which knows the user of least rights. Takes options of redis-server, after the durable defaults. */
export const startTestCluster = async (args: readonly string[] = []): Promise<TestCluster> => {
  const { servers, busPorts, stop } = await startTestNodes(args)
  try {
    await form(servers, busPorts)
  } catch (error) {
    await stop()
    throw error
  }
  const seeds = servers.slice(0, 2).map(({ port }) => `127.0.0.1:${port}`)
  return { redisUrl: `redis-cluster://${seeds.join()}`, servers, stop, [Symbol.asyncDispose]: stop }
}

/** What makes a server one of a cluster. */
export const clusterOptions = (busPort: number): readonly string[] => [
  '--cluster-enabled',
  'yes',
  '--cluster-port',
  String(busPort),
  '--cluster-node-timeout',
  String(nodeTimeoutMs),
  '--repl-diskless-sync-delay',
  '0',
]

/** From now on no server is taken for dead that the machine, or its disk, kept from answering for some seconds: for tests that are not about that. */
export const waitForSilent = async (servers: readonly Redis[]): Promise<void> => {
  await Promise.all(servers.map(async (redis) => redis.config('SET', 'cluster-node-timeout', patientNodeTimeoutMs)))
}

/** A cluster of which no server is taken for dead so soon. */
export const startPatientCluster = async (): Promise<TestCluster> => {
  const cluster = await startTestCluster()
  await withEach(cluster.servers, waitForSilent)
  return cluster
}

/** Tells both primaries that the slot is the other's from now on. */
export const handOver = async (slot: number, from: Redis, to: Redis): Promise<void> => {
  const [fromId, toId] = [String(await from.call('CLUSTER', 'MYID')), String(await to.call('CLUSTER', 'MYID'))]
  // Who has imported a slot is believed by the others.
  await to.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', fromId)
  await to.call('CLUSTER', 'SETSLOT', slot, 'NODE', toId)
  await from.call('CLUSTER', 'SETSLOT', slot, 'NODE', toId)
}

/** Whether every server calls the cluster well, and knows all of them in their roles. */
export const isClusterSettled = async ({ servers }: Pick<TestCluster, 'servers'>): Promise<boolean> =>
  withEach(servers, async (all) => (await Promise.all(all.map(isSettled))).every(Boolean))

/** How often a server has answered with this word instead of doing what it was asked. */
export const countErrors = async (redis: Redis, word: string): Promise<number> =>
  Number(new RegExp(`errorstat_${word}:count=(\\d+)`).exec(await redis.info('errorstats'))?.[1] ?? 0)

const forbidden = /^(?:cmdstat_(?:keys|scan|randomkey|flushall|flushdb)|errorstat_CROSSSLOT).*/gm

/** What the servers were asked since they run that nobody may ask of a cluster: all keys, keys of several slots, or what the asker has no right to. */
export const listForbidden = async ({ servers }: Pick<TestCluster, 'servers'>): Promise<readonly string[]> =>
  withEach(servers, async (all) => {
    const each = all.map(async (redis) => {
      const text = `${await redis.info('commandstats')}${await redis.info('errorstats')}`
      return [...(text.match(forbidden) ?? []), ...(await listDenied(redis))]
    })
    return (await Promise.all(each)).flat()
  })

/** What the user of least rights had no right to: not what a test denies to the servers themselves. */
const listDenied = async (redis: Redis): Promise<readonly string[]> => {
  // An entry is a list of names and values.
  const entries = (await redis.call('ACL', 'LOG')) as readonly (readonly unknown[])[]
  const valueOf = (entry: readonly unknown[], name: string): string => String(entry[entry.indexOf(name) + 1])
  return entries
    .filter((entry) => valueOf(entry, 'username') === leastRightsUser)
    .map((entry) => `denied:${valueOf(entry, 'reason')} ${valueOf(entry, 'object')}`)
}

/** Does the work with a connection to each of the servers. */
const withEach = async <Result>(
  servers: readonly TestRedis[],
  work: (redis: readonly Redis[]) => Promise<Result>,
): Promise<Result> => {
  const connections = servers.map(({ redisUrl }) => new Redis(redisUrl))
  for (const connection of connections) connection.on('error', () => undefined)
  try {
    return await work(connections)
  } finally {
    for (const connection of connections) connection.disconnect()
  }
}

const form = async (servers: readonly TestRedis[], busPorts: readonly number[]): Promise<void> =>
  withEach(servers, async (all) => {
    const [first] = servers
    const each = async (work: (redis: Redis, at: number) => Promise<unknown>): Promise<void> => {
      await Promise.all(all.map(work))
    }
    // Epochs of their own spare the servers to settle who is right about the slots.
    await each(async (redis, at) => redis.call('CLUSTER', 'SET-CONFIG-EPOCH', at + 1))
    await each(async (redis, at) => {
      if (at >= primaries) return
      const [from, to] = [at, at + 1].map((share) => Math.floor((share * SLOTS) / primaries))
      await redis.call('CLUSTER', 'ADDSLOTSRANGE', from ?? 0, (to ?? 0) - 1)
    })
    await each(async (redis) => redis.call('CLUSTER', 'MEET', '127.0.0.1', first?.port ?? 0, busPorts[0] ?? 0))
    const ids = await Promise.all(all.map(async (redis) => String(await redis.call('CLUSTER', 'MYID'))))
    const know = async (redis: Redis): Promise<boolean> => {
      const nodes = String(await redis.call('CLUSTER', 'NODES'))
      return ids.every((id) => nodes.includes(id)) && !nodes.includes('handshake')
    }
    await waitUntil(async () => (await Promise.all(all.map(know))).every(Boolean), {
      withinMs: formsWithinMs,
      what: 'the servers know each other',
    })
    await each(async (redis, at) => {
      if (at >= primaries) await redis.call('CLUSTER', 'REPLICATE', ids[at % primaries] ?? '')
    })
    await waitUntil(async () => isClusterSettled({ servers }), {
      withinMs: formsWithinMs,
      what: 'the cluster serves and its replicas follow',
    })
  })

/** Whether this server calls the cluster well and knows all of its servers in their roles; a replica, whether it follows too. */
const isSettled = async (redis: Redis): Promise<boolean> => {
  const [info, slots, replication] = await Promise.all([
    redis.call('CLUSTER', 'INFO'),
    redis.call('CLUSTER', 'SLOTS'),
    redis.info('replication'),
  ])
  const ranges = slots as readonly (readonly unknown[])[] // documented so
  const isWhole = ranges.length >= primaries && ranges.every((range) => range.length === 3 + replicasOfEach)
  const isFollowing = replication.includes('role:master') || replication.includes('master_link_status:up')
  return String(info).includes('cluster_state:ok') && isWhole && isFollowing
}
