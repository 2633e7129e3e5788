// Redis is away, or says no.
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { stopProcess } from '../../../src/runtime/process-identity.ts'
import { sleep } from '../../../src/runtime/stop-signal.ts'
import { type Fault, type FaultScene, moreAccepted } from '../fault-case.ts'
import { send } from '../organiser.ts'
import { createReconnectingViewer } from '../reconnecting-viewer.ts'
import type { System } from '../system.ts'
import { waitUntil } from '../wait-until.ts'
import { recovers, recoversWithinMs, redisOf, seeTheNewest, withRedis } from './redis-scene.ts'

const refusalsMin = 100
const readsMeanwhile = 10
const refusedWithinMs = 15_000
const loadingMs = 2_000
const diesWithinMs = 5_000

/** Waits until many have been told to come back, and reads results meanwhile as a browser does. */
const refusesVotes = async ({ system, poll, load }: FaultScene): Promise<Readonly<Record<string, number>>> => {
  const refused = (): number => load.answers.get('503') ?? 0
  const before = refused()
  await waitUntil(() => refused() >= before + refusalsMin, {
    withinMs: refusedWithinMs,
    what: () => `${refusalsMin} votes are refused, not ${refused() - before}`,
  })
  let reads = 0
  for (let number = 0; number < readsMeanwhile; number += 1) {
    const { status } = await send(system.apiUrl(number), 'GET', `/polls/${poll.id}/results`)
    if (status === 200) reads += 1
  }
  if (reads < readsMeanwhile) throw new Error(`${readsMeanwhile - reads} of ${readsMeanwhile} reads failed`)
  return { 'votes told to come back': refused() - before, 'reads answered meanwhile': reads }
}

export const restartRedis = (signal: 'SIGTERM' | 'SIGKILL', fact: string): Fault => ({
  fact,
  async inject(scene) {
    const redis = redisOf(scene.system)
    await stopProcess(redis.pid(), [{ signal, withinMs: diesWithinMs }])
    const happened = await refusesVotes(scene)
    await redis.restart()
    await recovers(scene)
    return happened
  },
})

/** A Redis that answers, and refuses to write until an operator has mended something. */
const refuseWrites = (
  fact: string,
  begin: (redis: Redis, system: System) => Promise<unknown>,
  end: (redis: Redis, system: System) => Promise<unknown>,
): Fault => ({
  fact,
  async inject(scene) {
    const { system } = scene
    return withRedis(system, async (redis) => {
      await begin(redis, system)
      try {
        return await refusesVotes(scene)
      } finally {
        await end(redis, system)
        await recovers(scene)
      }
    })
  },
})

export const fillRedis: Fault = refuseWrites(
  'a Redis without memory: votes are told to come back at once, results go on being read, nothing is lost',
  async (redis) => redis.config('SET', 'maxmemory', '1'),
  async (redis) => redis.config('SET', 'maxmemory', '0'),
)

export const makeReadOnly: Fault = refuseWrites(
  'a Redis that is read-only for a while: votes are told to come back at once, and go on when it is a primary again',
  async (redis) => redis.replicaof('127.0.0.1', '1'),
  async (redis) => redis.replicaof('NO', 'ONE'),
)

/** A folder in the place of its snapshot: no user can write over that, not even root. */
const snapshotOf = (system: System): string => join(redisOf(system).dir, 'dump.rdb')

const snapshotEnds = async (redis: Redis, status: 'ok' | 'err'): Promise<void> => {
  await redis.bgsave()
  await waitUntil(async () => (await redis.info('persistence')).includes(`rdb_last_bgsave_status:${status}`), {
    withinMs: refusedWithinMs,
    what: `a snapshot ends with ${status}`,
  })
}

export const breakDisk: Fault = refuseWrites(
  'a Redis that cannot write to its disk: votes are told to come back at once, and go on when it can',
  async (redis, system) => {
    await mkdir(join(snapshotOf(system), 'full'), { recursive: true })
    await redis.config('SET', 'save', '3600 1')
    await snapshotEnds(redis, 'err')
  },
  async (redis, system) => {
    await rm(snapshotOf(system), { recursive: true, force: true })
    await snapshotEnds(redis, 'ok')
    await redis.config('SET', 'save', '')
    await rm(snapshotOf(system), { force: true })
  },
)

export const loadSlowly: Fault = {
  fact: 'a Redis that reads a long log after its start: votes are told to come back at once, and go on when it has',
  async inject(scene) {
    const { system } = scene
    const redis = redisOf(system)
    const delay = await withRedis(system, async (admin) => loadDelay(await admin.info('persistence')))
    await redis.kill()
    const starting = redis.restart(['--key-load-delay', delay])
    let hasStarted = false
    const started = starting.finally(() => {
      hasStarted = true
    })
    const loadingAnswers = countLoading(redis.redisUrl, () => hasStarted)
    const happened = await refusesVotes(scene)
    await started
    await recovers(scene)
    return { ...happened, 'answers that it is loading': await loadingAnswers }
  },
}

/** Redis's own option for tests: microseconds per command; below zero, one shortest sleep per so many commands. */
const loadDelay = (info: string): string => {
  const bytes = Number(/aof_current_size:(\d+)/.exec(info)?.[1] ?? 0)
  const commands = Math.max(1, bytes / 60)
  const sleeps = loadingMs / 0.06
  return String(commands > sleeps ? -Math.round(commands / sleeps) : Math.ceil((loadingMs * 1000) / commands))
}

const countLoading = async (redisUrl: string, isOver: () => boolean): Promise<number> => {
  const asking = new Redis(redisUrl, { enableReadyCheck: false, maxRetriesPerRequest: 0 })
  asking.on('error', () => undefined)
  let count = 0
  while (!isOver()) {
    const answer = await asking.ping().catch((error: unknown) => String(error))
    if (answer.includes('LOADING')) count += 1
    await sleep(20)
  }
  asking.disconnect()
  return count
}

const killsMin = 20
const killEveryMs = 50

export const killSubscriptions: Fault = {
  fact: 'news that is lost with its connection, again and again: viewers see the newest within 2 s, and never go back',
  async inject(scene) {
    const { system, poll, load } = scene
    const viewers = system.apis.map(({ url }) => createReconnectingViewer(url, poll.id, () => undefined))
    let killed = 0
    try {
      await withRedis(system, async (redis) => {
        for (let times = 0; times < killsMin; times += 1) {
          killed += Number(await redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub'))
          await sleep(killEveryMs)
          // The last news is among what is lost.
          if (times === killsMin - 10) load.pause()
        }
      })
      await seeTheNewest(scene, viewers)
    } finally {
      load.resume()
      for (const viewer of viewers) viewer.close()
    }
    await isSubscribed(scene)
    return { 'connections killed': killed }
  },
}

/** Needs ways. */
export const dropNews: Fault = {
  fact: 'news that is dropped on its way, and nobody is told: viewers see the newest within 2 s',
  async inject(scene) {
    const { system, poll, load } = scene
    if (system.ways === null) throw new Error('this fault needs ways')
    const way = system.ways.api.redis
    const viewers = system.apis.map(({ url }) => createReconnectingViewer(url, poll.id, () => undefined))
    try {
      await isSubscribed(scene)
      const mutedNow = way.mute((sent) => sent.includes('tallycast-subscriber'))
      const muted = mutedNow()
      await moreAccepted(load, 200)
      load.pause()
      await seeTheNewest(scene, viewers)
      load.resume()
      // Quiet connections are asked every few seconds whether they are still there.
      await waitUntil(() => mutedNow() === 0, { withinMs: recoversWithinMs, what: 'dead connections are given up' })
      await isSubscribed(scene)
      return { 'connections muted': muted }
    } finally {
      load.resume()
      for (const viewer of viewers) viewer.close()
    }
  },
}

/** Waits until each api hears of the poll. */
const isSubscribed = async ({ system, poll }: FaultScene): Promise<void> =>
  waitUntil(
    async () =>
      withRedis(system, async (redis, keys) => {
        const [, count] = await redis.pubsub('NUMSUB', keys.pollUpdates(poll.id))
        return Number(count) >= system.apis.length
      }),
    { withinMs: recoversWithinMs, what: 'every api listens to the news of the poll' },
  )
