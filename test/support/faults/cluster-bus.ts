import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { CutOff } from '../programs/bus-ways.ts'
import type { TestCluster } from '../redis-cluster.ts'
import type { TestRedis } from '../redis.ts'
import { waitUntil } from '../wait-until.ts'
import { withServer } from './cluster-faults.ts'

/** What the servers of a cluster say to each other, over ways that a test can break. */
export type ClusterBus = {
  /** The server and its peers hear nothing of each other any more; whoever else asks is answered as ever. */
  readonly isolate: (server: TestRedis) => Promise<void>
  /** Lets all hear each other again, and goes out of their way. */
  readonly stop: () => Promise<void>
}

const knownWithinMs = 10_000

/** Has each server tell its peers to reach it by a way of ours. */
export const layBus = async ({ servers }: TestCluster): Promise<ClusterBus> => {
  const ownPorts = await Promise.all(servers.map(readBusPort))
  const ways = new Worker(new URL('../programs/bus-ways.ts', import.meta.url), { workerData: ownPorts, execArgv: [] })
  const [wayPorts] = (await once(ways, 'message')) as [readonly number[]] // its first message
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  const cutOff = (which: CutOff): void => ways.postMessage(which)
  const stop = async (): Promise<void> => {
    cutOff(null)
    await announce(servers, ownPorts)
    await ways.terminate()
  }
  try {
    await announce(servers, wayPorts)
  } catch (error) {
    await stop()
    throw error
  }
  return {
    async isolate(server) {
      const name = await withServer(server, async (redis) => String(await redis.call('CLUSTER', 'MYID')))
      cutOff({ at: servers.indexOf(server), name })
    },
    stop,
  }
}

const readBusPort = async (server: TestRedis): Promise<number> =>
  withServer(server, async (redis) => {
    const [, port] = (await redis.config('GET', 'cluster-port')) as readonly string[] // documented so
    return Number(port)
  })

/** Waits until all servers know where to reach each of them. */
const announce = async (servers: readonly TestRedis[], ports: readonly number[]): Promise<void> => {
  for (const [at, server] of servers.entries()) {
    await withServer(server, async (redis) => redis.config('SET', 'cluster-announce-bus-port', String(ports[at])))
  }
  const knowsAll = async (server: TestRedis): Promise<boolean> =>
    withServer(server, async (redis) => {
      const nodes = String(await redis.call('CLUSTER', 'NODES'))
      return ports.every((port) => new RegExp(`@${port}\\b`).test(nodes))
    })
  await waitUntil(async () => (await Promise.all(servers.map(knowsAll))).every(Boolean), {
    withinMs: knownWithinMs,
    what: 'the servers know where to reach each other',
  })
}
