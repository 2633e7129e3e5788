import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { sleep } from '../../../src/runtime/stop-signal.ts'
import { type Fault, moreAccepted } from '../fault-case.ts'
import { createKeepAliveClient } from '../keep-alive-client.ts'
import { organisePoll } from '../organiser.ts'
import type { Member, Role, System, Ways } from '../system.ts'
import type { TcpProxy } from '../tcp-proxy.ts'
import { waitUntil } from '../wait-until.ts'
import { countLines } from './lines-logged.ts'
import { recordedAgain } from './recorded-again.ts'

// These need ways of the processes to Redis and PostgreSQL.

const slowForMs = 10_000
/** What so slow a network lets through. */
const votesPerSecondWhileSlow = 310
/** In each direction. */
const slowness = { latencyMs: 100, jitterMs: 50, bytesPerSecond: 10_000, sliceBytes: 200 }
const votesWhileSilent = 800
const silentForMs = 15_000
const partedForMs = 8_000
const probes = 5
const answeredAtOnceMs = 1_000

/** Everything between the processes and their servers is slow, and comes in small slices. */
export const slowNetwork: Fault = {
  fact: 'a slow network, 200 ms there and back with jitter and 10 kB/s, makes everything slower and breaks nothing',
  plan: { votesPerSecond: votesPerSecondWhileSlow },
  async inject(scene) {
    const { system, load } = scene
    const lines = countLines([...system.apis, ...system.workers])
    const ways = [...waysOf(system, 'api'), ...waysOf(system, 'worker')].flatMap(({ redis, postgres }) => [
      redis,
      postgres,
    ])
    const before = load.accepted()
    for (const way of ways) way.slow(slowness)
    const [pingMs] = await Promise.all([pingOver(system, waysOf(system, 'api')), sleep(slowForMs)])
    const accepted = load.accepted() - before
    for (const way of ways) way.slow(null)
    return {
      'ms there and back while slow': pingMs >= 2 * slowness.latencyMs ? pingMs : 0,
      'votes accepted while slow': accepted,
      ...lines(),
      ...(await recordedAgain(scene)),
    }
  },
}

/** How long a word to Redis and its answer take over the first of the ways. */
const pingOver = async ({ redisUrl }: System, [way]: readonly Ways[]): Promise<number> => {
  const url = new URL(redisUrl)
  url.port = String(way?.redis.port)
  const redis = new Redis(url.href, { enableReadyCheck: false })
  try {
    // The first one waits for the connection.
    await redis.ping()
    const begun = performance.now()
    await redis.ping()
    return Math.round(performance.now() - begun)
  } finally {
    redis.disconnect()
  }
}

/** The connections of a role to one of its servers die without a word; new ones work. */
export const silence = (role: 'api' | 'worker', server: keyof Ways): Fault => ({
  fact: `connections between ${role} and ${server === 'redis' ? 'Redis' : 'PostgreSQL'} that die without a word are noticed, and it goes on over new ones`,
  async inject(scene) {
    const { system, load } = scene
    const ways = waysOf(system, role).map((way) => way[server])
    const connectionsBefore = countConnections(ways)
    const begun = performance.now()
    for (const way of ways) way.mute()
    for (const way of ways) way.unmute()
    if (role === 'api') await moreAccepted(load, votesWhileSilent)
    else await recordedAgain(scene, votesWhileSilent)
    const ms = Math.ceil(performance.now() - begun)
    if (ms > silentForMs) throw new Error(`it took ${ms} ms`)
    return {
      'ms until it went on': ms,
      'connections made anew': countConnections(ways) - connectionsBefore,
      ...(await recordedAgain(scene)),
    }
  },
})

/** One of several apis cannot reach Redis. Needs ways of each process's own. */
export const partOneApi: Fault = {
  fact: 'an api that cannot reach Redis says at once to come back, stays ready, and whoever asks once more at another one has voted',
  async inject(scene) {
    const { system, load } = scene
    // There are at least two apis.
    const parted = system.apis[0]!
    const [way] = waysOfMember(parted)
    const unavailableBefore = load.answers.get('503') ?? 0
    const poll = await organisePoll(system.apiUrl(0))
    await poll.see(parted.url)
    way.redis.mute()
    const begun = performance.now()
    // Until it has noticed that its connections are dead, an answer takes as long as a command may; a lucky one comes sooner.
    let slowest = Number.POSITIVE_INFINITY
    await waitUntil(
      async () => {
        slowest = await slowestRefusal(parted, poll.id, poll.optionIds)
        return slowest <= answeredAtOnceMs
      },
      { withinMs: silentForMs, what: () => `it answers at once; it took ${slowest} ms` },
    )
    const ready = await fetch(`${parted.url}/health/ready`)
    if (!ready.ok) throw new Error(`it says of itself that it is not ready: ${ready.status}`)
    const { promise, resolve } = Promise.withResolvers<void>()
    setTimeout(resolve, Math.max(0, begun + partedForMs - performance.now()))
    await promise
    way.redis.unmute()
    way.redis.cut()
    await waitUntil(async () => (await askOnce(parted, poll.id, poll.optionIds)).status === 202, {
      withinMs: silentForMs,
      what: 'it takes votes again',
    })
    return {
      'times that it said to come back': (load.answers.get('503') ?? 0) - unavailableBefore,
      'ms of the slowest such answer': slowest,
    }
  },
}

const slowestRefusal = async (api: Member, pollId: string, optionIds: readonly number[]): Promise<number> => {
  let slowest = 1
  for (let probe = 0; probe < probes; probe += 1) {
    const { status, retryAfter, ms } = await askOnce(api, pollId, optionIds)
    if (status !== 503 || retryAfter === undefined) throw new Error(`it answered ${status}, Retry-After ${retryAfter}`)
    slowest = Math.max(slowest, ms)
  }
  return slowest
}

const askOnce = async ({ url }: Member, pollId: string, optionIds: readonly number[]) => {
  const client = createKeepAliveClient(url)
  const begun = performance.now()
  try {
    const { status, headers } = await client.send('POST', `/polls/${pollId}/vote`, {
      body: { option_ids: optionIds.slice(0, 1) },
      headers: { 'idempotency-key': randomUUID() },
    })
    return { status, retryAfter: headers['retry-after'], ms: Math.ceil(performance.now() - begun) }
  } finally {
    client.close()
  }
}

const waysOfMember = ({ ways, name }: Member): readonly [Ways] => {
  if (ways === null) throw new Error(`this fault needs ways between ${name} and its servers`)
  return [ways]
}

const waysOf = ({ apis, workers, admins }: System, role: Role): readonly Ways[] => {
  const members = { api: apis, worker: workers, admin: admins }[role]
  return [...new Set(members.flatMap(waysOfMember))]
}

const countConnections = (ways: readonly TcpProxy[]): number => ways.reduce((sum, way) => sum + way.connections(), 0)
