// Redis forgets, all or a part.
import type { ChainableCommander } from 'ioredis'
import { type Keys, WORKERS_GROUP } from '../../../src/adapters/redis/keys.ts'
import { type Fault, isRecorded } from '../fault-case.ts'
import { waitUntil } from '../wait-until.ts'
import {
  comesBack,
  earlierVotersReturn,
  noticesLostLog,
  onceRecorded,
  readCheckpoints,
  recovers,
  sumEpochs,
  withRedis,
} from './redis-scene.ts'

type Removed = {
  readonly fact: string
  /** Whether the log goes with it. */
  readonly isLogLost: boolean
  /** Deletes, once everything is recorded, what belongs to the poll at its partitions. */
  readonly remove: (commands: ChainableCommander, keys: Keys, pollId: string, partitions: readonly number[]) => unknown
}

/** Takes something out of Redis while people vote; what comes back does so by itself. */
const lose = ({ fact, isLogLost, remove }: Removed): Fault => ({
  fact,
  async inject(scene) {
    const { system, poll, load } = scene
    const earlier = load.settled.toReversed()
    const epochs = await sumEpochs(system)
    const partitions = (await readCheckpoints(system)).map(({ partition }) => partition)
    const answers = await onceRecorded(system, (commands, keys) => remove(commands, keys, poll.id, partitions))
    const [told, raised] = await Promise.all([
      earlierVotersReturn(scene, earlier),
      isLogLost ? noticesLostLog(system, epochs) : 0,
    ])
    await recovers(scene)
    await comesBack(scene)
    return { 'keys removed': countKeys(answers), ...told, ...(isLogLost && { 'epochs begun': raised }) }
  },
})

/** Of the answers to commands that remove, and to DBSIZE before one that says no number; a group counts as a key. */
const countKeys = (answers: readonly unknown[]): number =>
  answers.reduce<number>((sum, answer) => sum + (typeof answer === 'number' ? answer : 0), 0)

const removed: readonly Removed[] = [
  {
    fact: 'after FLUSHALL a new epoch begins, and doors, cache and group come back from the ledger',
    isLogLost: true,
    remove: (commands) => commands.dbsize().flushall(),
  },
  {
    fact: 'a stream that is deleted begins a new epoch, and earlier voters stay known',
    isLogLost: true,
    remove: (commands, keys, _pollId, partitions) => commands.del(partitions.map((p) => keys.stream(p))),
  },
  {
    fact: 'a consumer group that is deleted comes back, and recording never notices',
    isLogLost: false,
    remove: (commands, keys, _pollId, partitions) => {
      for (const p of partitions) commands.xgroup('DESTROY', keys.stream(p), WORKERS_GROUP)
    },
  },
  {
    fact: 'doors that are deleted come back with all their voters',
    isLogLost: false,
    remove: (commands, keys, pollId, partitions) => commands.del(partitions.map((p) => keys.door(p, pollId))),
  },
  {
    fact: 'doors whose voters are deleted are not taken for new: they come back with all of them',
    isLogLost: false,
    remove: (commands, keys, pollId, partitions) => commands.del(partitions.map((p) => keys.voters(p, pollId))),
  },
  {
    fact: 'an epoch that is deleted is told anew, and the doors come back with all their voters',
    isLogLost: false,
    remove: (commands, keys, _pollId, partitions) => commands.del(partitions.map((p) => keys.epoch(p))),
  },
  {
    fact: 'a cache that is deleted is filled again from the ledger',
    isLogLost: false,
    remove: (commands, keys, pollId) => commands.del(keys.tally(pollId), keys.definition(pollId)),
  },
]

export const removals: readonly Fault[] = removed.map(lose)

/** The same where nobody votes that could notice. */
const loseIdle = (
  fact: string,
  isLogLost: boolean,
  remove: (commands: ChainableCommander, keys: Keys, p: number[]) => ChainableCommander,
): Fault => ({
  fact,
  async inject(scene) {
    const { system, load } = scene
    const earlier = load.settled.toReversed()
    load.pause()
    try {
      const epochs = await sumEpochs(system)
      const partitions = (await readCheckpoints(system)).map(({ partition }) => partition)
      await waitUntil(async () => load.isIdle() && (await isRecorded(system)), { what: 'nobody votes any more' })
      const answers = await withRedis(system, async (redis, keys) => remove(redis.multi(), keys, partitions).exec())
      const raised = isLogLost ? await noticesLostLog(system, epochs) : 0
      await comesBack(scene, 'all but doors')
      const told = await earlierVotersReturn(scene, earlier)
      const keysRemoved = countKeys((answers ?? []).map(([, answer]) => answer))
      return { 'keys removed': keysRemoved, ...told, ...(isLogLost && { 'epochs begun': raised }) }
    } finally {
      load.resume()
    }
  },
})

export const idleRemovals: readonly Fault[] = [
  loseIdle(
    'a Redis that forgot everything while nobody votes is noticed within seconds, and all but the doors is back before anybody comes',
    true,
    (commands) => commands.dbsize().flushall(),
  ),
  loseIdle('an epoch that is deleted while nobody votes is told anew within seconds', false, (commands, keys, p) =>
    commands.del(p.map((one) => keys.epoch(one))),
  ),
]
