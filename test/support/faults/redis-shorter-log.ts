// Redis comes back with a shorter log: its end was cut off, or a replica takes over that never heard of it.
import { stat, truncate } from 'node:fs/promises'
import type { Redis } from 'ioredis'
import { type Fault, type FaultScene, type Happened, moreAccepted } from '../fault-case.ts'
import { startTestRedis, type TestRedis } from '../redis.ts'
import { sumMetric } from '../sum-metric.ts'
import type { System } from '../system.ts'
import { startTcpProxy } from '../tcp-proxy.ts'
import { waitUntil } from '../wait-until.ts'
import { appendOnlyFile } from './append-only-file.ts'
import { type LoggedVotes, missingOf, partitionsOf, readLogged, sumVotes, unrecordedOf } from './logged-votes.ts'
import {
  comesBack,
  earlierVotersReturn,
  holdWrites,
  noticesLostLog,
  readCheckpoints,
  recovers,
  redisOf,
  sumEpochs,
  withRedis,
} from './redis-scene.ts'

/** Cuts the end off the append-only file of a server that does not run, as a damaged disk does. */
const cutTail = async (server: TestRedis, bytes: number): Promise<void> => {
  const path = await appendOnlyFile(server)
  await truncate(path, Math.max(0, (await stat(path)).size - bytes))
}

const recordedTailBytes = 64 * 1024
const unrecordedTailBytes = 24 * 1024
const unrecordedMin = 400
const reportedWithinMs = 10_000

export const cutRecordedTail: Fault = {
  fact: 'a log whose end is cut off behind what is recorded begins a new epoch: nothing is lost, nobody votes twice',
  async inject(scene) {
    const { system, load } = scene
    const redis = redisOf(system)
    await moreAccepted(load, 200)
    const epochs = await sumEpochs(system)
    const before = await withRedis(system, async (admin, keys) => {
      await holdWrites(system, admin)
      const entries = await readLogged(admin, keys, await partitionsOf(system))
      await redis.kill()
      return entries
    })
    await cutTail(redis, recordedTailBytes)
    await redis.restart()
    // At once: among them are those whom the door has forgotten.
    const [told, raised, cut] = await Promise.all([
      earlierVotersReturn(scene, load.settled.toReversed()),
      noticesLostLog(system, epochs),
      withRedis(system, async (admin, keys) => missingOf(admin, keys, before)),
    ])
    await recovers(scene)
    await comesBack(scene)
    return { ...told, 'recorded votes cut off': sumVotes(cut), 'epochs begun': raised }
  },
}

const cutOffVotes = 'unrecorded votes cut off'
const reportedVotes = 'votes reported as lost'

export const cutUnrecordedTail: Fault = {
  fact: 'of a log whose end is cut off before it was recorded only those votes are lost that are reported, and nobody counts twice',
  mayLose: (happened) => Math.min(happened[reportedVotes] ?? 0, happened[cutOffVotes] ?? 0),
  async inject(scene) {
    const { system } = scene
    const redis = redisOf(system)
    const reportedBefore = await countReported(system)
    for (const worker of system.workers) worker.signal('SIGSTOP')
    try {
      const unrecorded = await withRedis(system, async (admin, keys) => {
        const waiting = async (): Promise<readonly LoggedVotes[]> =>
          unrecordedOf(system, await readLogged(admin, keys, await partitionsOf(system)))
        await waitUntil(async () => sumVotes(await waiting()) >= unrecordedMin, {
          withinMs: 10_000,
          what: 'votes wait to be recorded',
        })
        await admin.call('CLIENT', 'PAUSE', 5_000, 'WRITE')
        const entries = await waiting()
        await redis.kill()
        return entries
      })
      await cutTail(redis, unrecordedTailBytes)
      await redis.restart()
      const cut = sumVotes(await withRedis(system, async (admin, keys) => missingOf(admin, keys, unrecorded)))
      const reported = async (): Promise<number> => (await countReported(system)) - reportedBefore
      await waitUntil(async () => (await reported()) >= cut, {
        withinMs: reportedWithinMs,
        what: `the loss of ${cut} votes is reported`,
      })
      return { [cutOffVotes]: cut, [reportedVotes]: await reported() }
    } finally {
      for (const worker of system.workers) worker.signal('SIGCONT')
      await recovers(scene)
    }
  },
}

/** What all apis say of accepted votes that are gone. */
export const countReported = async ({ apis }: System): Promise<number> => sumMetric(apis, 'tallycast_votes_lost_total')

/** How far the clock of the primary is ahead of that of its replica. */
const clockAheadMs = 60_000
const failsOverWithinMs = 15_000

const isFollowing = async (redis: Redis): Promise<boolean> =>
  (await redis.info('replication')).includes('master_link_status:up')

const replicated = async (redis: Redis): Promise<number> =>
  Number(/master_repl_offset:(\d+)/.exec(await redis.info('replication'))?.[1])

const leadTo = (system: System, { port }: TestRedis): void => {
  if (system.ways === null) throw new Error('this fault needs ways')
  for (const { redis } of Object.values(system.ways)) redis.leadTo(port)
}

/** Needs ways. The replica takes over with a log that ends before the checkpoint, and goes on with smaller ids. */
export const failOver: Fault = {
  fact: 'a replica that takes over without the latest votes, and counts on from smaller ids: a new epoch begins, nothing that was recorded is lost, changes count',
  async inject(scene) {
    const { system, load } = scene
    const first = redisOf(system)
    await withRedis(system, async (admin) => admin.config('SET', 'repl-diskless-sync-delay', '0'))
    const link = await startTcpProxy('127.0.0.1', first.port)
    const second = await startTestRedis(['--replicaof', `127.0.0.1 ${link.port}`, '--repl-diskless-sync-delay', '0'])
    const after: FaultScene = { ...scene, system: { ...system, redis: second, redisUrl: second.redisUrl } }
    let isSecondLeading = false
    try {
      await withRedis(after.system, async (replica) =>
        waitUntil(async () => isFollowing(replica), { withinMs: failsOverWithinMs, what: 'the replica follows' }),
      )
      await moreAccepted(load, 200)
      link.mute()
      const unheard = await voteUnheard(scene, after.system)
      const earlier = load.settled.toReversed()
      const epochs = await sumEpochs(system)
      isSecondLeading = true
      await first.kill()
      await withRedis(after.system, async (replica) => replica.replicaof('NO', 'ONE'))
      leadTo(system, second)
      const [told, raised] = await Promise.all([earlierVotersReturn(after, earlier), noticesLostLog(system, epochs)])
      await recovers(after)
      await comesBack(after)
      await switchBack(system, first, second)
      isSecondLeading = false
      await recovers(scene)
      return { ...told, ...unheard, 'epochs begun': raised }
    } finally {
      // Whatever failed, the next case finds a system that serves.
      if (isSecondLeading) await switchBack(system, first, second).catch(console.error)
      await link.stop()
      await second.stop()
    }
  },
}

/** People vote, the ledger has it, and the replica never hears of it. */
const voteUnheard = async (scene: FaultScene, after: System): Promise<Happened> => {
  const { system, load } = scene
  return withRedis(system, async (primary, keys) => {
    for (const { partition } of await readCheckpoints(system)) {
      await primary.call('XSETID', keys.stream(partition), `${Date.now() + clockAheadMs}-0`)
    }
    await moreAccepted(load, 600)
    await holdWrites(system, primary)
    const entries = await readLogged(primary, keys, await partitionsOf(system))
    const unheard = await withRedis(after, async (replica) => missingOf(replica, keys, entries))
    return { 'recorded votes that the replica never had': sumVotes(unheard) }
  })
}

/** As an operator does it who has mended the first server: it follows, catches up while nobody writes, and is promoted. */
const switchBack = async (system: System, first: TestRedis, second: TestRedis): Promise<void> => {
  await first.restart()
  await withRedis(system, async (mended) =>
    withRedis({ ...system, redisUrl: second.redisUrl }, async (primary) => {
      await mended.replicaof('127.0.0.1', second.port)
      await waitUntil(async () => isFollowing(mended), {
        withinMs: failsOverWithinMs,
        what: 'the first server follows',
      })
      await primary.call('CLIENT', 'PAUSE', 5_000, 'WRITE')
      await waitUntil(async () => (await replicated(mended)) === (await replicated(primary)), {
        what: 'the first server has all that the second has',
      })
      await mended.replicaof('NO', 'ONE')
      leadTo(system, first)
    }),
  )
}
