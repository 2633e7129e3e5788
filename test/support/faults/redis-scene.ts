import { type ChainableCommander, Redis } from 'ioredis'
import { createTallies } from '../../../src/adapters/postgres/tallies.ts'
import { createKeys, type Keys, WORKERS_GROUP } from '../../../src/adapters/redis/keys.ts'
import { sleep, waitFor } from '../../../src/runtime/stop-signal.ts'
import { compareEntryIds, type EntryId } from '../../../src/domain/position.ts'
import { type FaultScene, isRecorded } from '../fault-case.ts'
import type { Attempt } from '../ledger-check.ts'
import type { ReconnectingViewer } from '../reconnecting-viewer.ts'
import type { TestRedis } from '../redis.ts'
import type { System } from '../system.ts'
import { waitUntil } from '../wait-until.ts'

/** Row 8 of the faults: how soon votes are taken and recorded again, by themselves. */
export const recoversWithinMs = 10_000
const newestWithinMs = 2_000
const writesHeldMs = 5_000
const recordedWithinMs = 500
const holdsMax = 20

export const redisOf = ({ redis }: System): TestRedis => {
  if (redis === null) throw new Error('this fault needs a Redis that nobody else uses')
  return redis
}

/** Does the work on a connection of its own, past all proxies. */
export const withRedis = async <Result>(
  { redisUrl, redisPrefix }: Pick<System, 'redisUrl' | 'redisPrefix'>,
  work: (redis: Redis, keys: Keys) => Promise<Result>,
): Promise<Result> => {
  const redis = new Redis(redisUrl)
  try {
    return await work(redis, createKeys(redisPrefix))
  } finally {
    redis.disconnect()
  }
}

type CheckpointRow = { readonly partition: number; readonly epoch: number; readonly recorded: EntryId }

export const readCheckpoints = async ({ database }: System): Promise<readonly CheckpointRow[]> => {
  const { rows } = await database.pool.query<CheckpointRow>('select partition, epoch, recorded from checkpoint')
  return rows
}

export const sumEpochs = async (system: System): Promise<number> =>
  (await readCheckpoints(system)).reduce((sum, { epoch }) => sum + epoch, 0)

/**
 * Waits until the system has noticed that each partition lost its log. Returns how many epochs began. It takes 0.05 to 2.3 s; who takes a
 * partition up again may have waited for one silent command of 2 s at each step, so the bound is that of the recovery.
 */
export const noticesLostLog = async (system: System, epochsBefore: number): Promise<number> => {
  const isNoticed = async (): Promise<boolean> =>
    (await sumEpochs(system)) >= epochsBefore + (await readCheckpoints(system)).length
  await waitUntil(isNoticed, { withinMs: recoversWithinMs, what: 'each partition begins a new epoch' })
  return (await sumEpochs(system)) - epochsBefore
}

/**
 * Holds back every write, people go on asking meanwhile, until the ledger has all that was accepted. What the work does then
 * cannot take a vote with it that only Redis has. The writes that wait come after it. Returns what Redis answered to each command.
 */
export const onceRecorded = async (
  system: System,
  work: (commands: ChainableCommander, keys: Keys) => void,
): Promise<readonly unknown[]> =>
  withRedis(system, async (redis, keys) => {
    await holdWrites(system, redis)
    // One pipeline: nobody else's command runs between its lines.
    const commands = redis.pipeline().call('CLIENT', 'UNPAUSE')
    work(commands, keys)
    const answers = (await commands.exec()) ?? []
    for (const [error] of answers) if (error !== null) throw error
    return answers.map(([, answer]) => answer)
  })

/**
 * The same, and leaves the writes held back, for a server that is about to end. A worker's read may wait behind a write of its
 * own that is held back; then they are let go and held back again.
 */
export const holdWrites = async (system: System, redis: Redis): Promise<void> => {
  for (let times = 0; times < holdsMax; times += 1) {
    await redis.call('CLIENT', 'PAUSE', writesHeldMs, 'WRITE')
    if (await waitFor(async () => isRecorded(system), { withinMs: recordedWithinMs })) return
    await redis.call('CLIENT', 'UNPAUSE')
    await sleep(recordedWithinMs * Math.random())
  }
  throw new Error(`what was accepted is not recorded, also when writes are held back ${holdsMax} times`)
}

/** Waits until votes are accepted again, and until what was accepted then is recorded. */
export const recovers = async (scene: FaultScene, withinMs = recoversWithinMs): Promise<void> => {
  const { system, load } = scene
  const until = performance.now() + withinMs
  const left = (): number => Math.max(0, until - performance.now())
  const accepted = load.accepted()
  await waitUntil(() => load.accepted() > accepted, { withinMs: left(), what: 'votes are accepted again' })
  const ends = await readEnds(system)
  const isPast = async (): Promise<boolean> =>
    (await readCheckpoints(system)).every(
      ({ partition, recorded }) => compareEntryIds(recorded, ends.get(partition) ?? '0-0') >= 0,
    )
  await waitUntil(isPast, { withinMs: left(), what: 'votes are recorded again' })
}

const readEnds = async (system: System): Promise<ReadonlyMap<number, EntryId>> =>
  withRedis(system, async (redis, keys) => {
    const ends = new Map<number, EntryId>()
    for (const { partition } of await readCheckpoints(system)) {
      const [last] = await redis.xrevrange(keys.stream(partition), '+', '-', 'COUNT', 1)
      // The cast: ids of a stream have this form.
      ends.set(partition, (last?.[0] ?? '0-0') as EntryId)
    }
    return ends
  })

/** What is back in Redis of all that can be made anew. The doors of a poll come back when somebody votes. */
export const isBack = async ({ system, poll }: FaultScene, what: 'all' | 'all but doors'): Promise<boolean> =>
  withRedis(system, async (redis, keys) => {
    if ((await redis.exists(keys.tally(poll.id), keys.definition(poll.id))) < 2) return false
    for (const { partition, epoch } of await readCheckpoints(system)) {
      if ((await redis.get(keys.epoch(partition))) !== String(epoch)) return false
      // An array of arrays of names and values.
      const groups = await redis.xinfo('GROUPS', keys.stream(partition)).catch(() => [])
      if (!JSON.stringify(groups).includes(WORKERS_GROUP)) return false
      const doorEpoch = await redis.hget(keys.door(partition, poll.id), 'epoch')
      if (what === 'all' && doorEpoch !== String(epoch)) return false
    }
    return true
  })

export const comesBack = async (scene: FaultScene, what: 'all' | 'all but doors' = 'all'): Promise<void> =>
  waitUntil(async () => isBack(scene, what), {
    withinMs: recoversWithinMs,
    what: `epoch, group and cache are back, and ${what} that is a door`,
  })

const secondVotes = 200
const changes = 50

/**
 * Lets the latest of those who had voted ask once more: 200 for another option, which must be refused for each; 50 for a change, which
 * the poll allows. Returns what they were told. That the changes count, and nothing else does, is told by the set checker.
 */
export const earlierVotersReturn = async (
  { load, poll }: FaultScene,
  latest: readonly Attempt[],
): Promise<{ readonly 'second votes refused': number; readonly 'changes accepted': number }> => {
  const returning = latest.slice(0, secondVotes + changes)
  const isChange = (at: number): boolean => at % (1 + secondVotes / changes) === 0
  const second = returning.filter((_, at) => !isChange(at))
  const changing = returning.filter((_, at) => isChange(at))
  const askAll = async (who: readonly Attempt[], method: 'POST' | 'PUT'): Promise<readonly string[]> =>
    Promise.all(
      who.map(async (before) => {
        const other = poll.optionIds.find((optionId) => !before.optionIds.includes(optionId)) ?? 0
        const { outcome } = await load.askAgain(before, method, other)
        return outcome.result === 'refused' ? outcome.code : outcome.result
      }),
    )
  const [told, changed] = await Promise.all([askAll(second, 'POST'), askAll(changing, 'PUT')])
  const wrong = [
    ...told.filter((answer) => answer !== 'already_voted'),
    ...changed.filter((answer) => answer !== 'accepted'),
  ]
  if (wrong.length > 0) throw new Error(`earlier voters heard ${wrong.join(', ')}`)
  return { 'second votes refused': told.length, 'changes accepted': changed.length }
}

/**
 * Waits until the viewers see what the ledger has, within the time that is promised. The load has to be paused; what it had under way
 * still changes the tally, so it is answered and recorded first.
 */
export const seeTheNewest = async (
  { system, poll, load }: FaultScene,
  viewers: readonly ReconnectingViewer[],
): Promise<void> => {
  await waitUntil(async () => load.isIdle() && (await isRecorded(system)), {
    withinMs: recoversWithinMs,
    what: 'everything is recorded',
  })
  const [tally] = await createTallies(system.database.pool).read([poll.id])
  await waitUntil(() => viewers.every((viewer) => viewer.newest()?.version === tally?.version), {
    withinMs: newestWithinMs,
    what: () => `viewers see version ${tally?.version}, not ${viewers.map((one) => one.newest()?.version).join()}`,
  })
}
