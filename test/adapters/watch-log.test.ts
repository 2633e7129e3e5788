import { expect, test } from 'vitest'
import { createVoteLedger } from '../../src/adapters/postgres/vote-ledger.ts'
import { createWatchLog, WATCH_LIMITS, type WatchLogLimits } from '../../src/application/cast-vote/watch-log.ts'
import { sleep } from '../../src/runtime/stop-signal.ts'
import { createPollStore } from '../../src/adapters/postgres/poll-store.ts'
import { createTestDatabase } from '../support/postgres.ts'
import { startOwnRedis } from '../support/own-redis.ts'
import { someCall, someDoor } from '../support/some-calls.ts'
import { somePoll } from '../support/some-poll.ts'
import { waitUntil } from '../support/wait-until.ts'
import { startWorker } from '../support/worker.ts'

const hourMs = 3_600_000
/** What the watch waits for what was read to be recorded; between looks it waits less. */
const settleMs = 2_000

/** The watch on a Redis and a ledger of their own, on partitions 0 and 1. Its looks follow each other without a pause where `isHasty`. */
const startWatch = async (limits: Partial<WatchLogLimits>, isHasty: boolean) => {
  const redis = await startOwnRedis()
  const database = await createTestDatabase()
  const stopping = new AbortController()
  const lost: number[] = []
  const faults: unknown[] = []
  const seen = { time: 0, looks: 0, finds: 0, onLook: async () => {}, onSettle: () => {}, onFind: () => {} }
  const ledger = createVoteLedger(database.pool)
  const watchLog = createWatchLog(
    (partition, calls) => redis.door.append(partition, calls),
    redis.stream,
    {
      isSetAside: (partition, position) => ledger.isSetAside(partition, position),
      find: (pollId, round, voter) => {
        seen.finds += 1
        seen.onFind()
        return ledger.find(pollId, round, voter)
      },
    },
    {
      sleep: async (ms, signal) => {
        if (ms === settleMs) seen.onSettle()
        else await seen.onLook()
        seen.looks += ms === settleMs ? 0 : 1
        await sleep(isHasty ? 20 : ms, signal)
      },
      onLost: (_partition, votes) => lost.push(votes),
      report: (fault) => faults.push(fault),
    },
    { ...WATCH_LIMITS, retentionMs: hourMs, ...limits },
    ...(isHasty ? [{ now: () => seen.time }] : []),
  )
  const poll = somePoll({ closesAt: null })
  await createPollStore(database.pool).create(poll)
  for (const partition of [0, 1]) {
    await redis.stream.raiseEpoch(partition, 1)
    await redis.door.open(partition, someDoor(poll.id))
  }
  const watching = watchLog.run(stopping.signal)
  const vote = async (count: number, { partition = 0, append = watchLog.append } = {}) => {
    const { id: pollId, round, revision } = poll
    const calls = Array.from({ length: count }, () => someCall({ pollId, round, revision, selection: [1] }))
    expect((await append(partition, calls)).map(({ answer }) => answer)).toEqual(calls.map(() => 'accepted'))
    return calls
  }
  return {
    redis,
    database,
    watchLog,
    watching,
    stopping,
    lost,
    faults,
    seen,
    vote,
    /** Until all that was accepted by now has been looked for. */
    looked: async () => {
      const enough = seen.looks + 3
      await waitUntil(() => seen.looks >= enough, { withinMs: 10_000 })
    },
    /** A worker takes what there is to the ledger, which then holds so many votes, and ends. */
    record: async (votes: number) => {
      const worker = startWorker(database.pool, redis, { name: 'ann', partitions: [0] })
      const recorded = async () => (await database.pool.query('select from vote')).rowCount
      await waitUntil(async () => (await recorded()) === votes, { withinMs: 10_000 })
      await worker.stop()
    },
    [Symbol.asyncDispose]: async (): Promise<void> => {
      stopping.abort()
      await watching
      await database.drop()
      await redis[Symbol.asyncDispose]()
    },
  }
}

test('accepted votes that the log lost before they were recorded are told, once, and no others', async () => {
  await using watch = await startWatch({}, false)
  const { redis, watchLog, lost, faults, vote, record } = watch

  // Recorded, then gone: nothing is lost.
  await vote(5)
  await record(5)

  // The log loses these before anybody reads them, and goes on growing at once.
  const repeated = await vote(7)
  await watchLog.append(0, repeated)
  const [latest] = await redis.connections.commands.xrevrange(redis.keys.stream(0), '+', '-', 'COUNT', 1)
  await redis.connections.commands.xdel(redis.keys.stream(0), latest?.[0] ?? '')
  await vote(3)
  await waitUntil(() => lost.length > 0, { withinMs: 10_000 })
  expect(lost).toEqual([7])

  // All that it had: of that the three are new.
  await redis.connections.commands.del(redis.keys.stream(0))
  await waitUntil(() => lost.length > 1, { withinMs: 10_000 })
  expect(lost).toEqual([7, 3])
  expect(faults).toEqual([])
})

test.each([0, 5, hourMs])(
  'votes that were trimmed after %d ms are not looked for in the ledger',
  async (retentionMs) => {
    await using watch = await startWatch({ retentionMs }, true)
    const { redis, lost, faults, seen, vote, looked, record } = watch
    const calls = await vote(40)
    await vote(1, { append: (partition, others) => redis.door.append(partition, others) }) // of another api
    await looked()
    await record(41)

    seen.time += retentionMs
    const [newest] = await redis.connections.commands.xrevrange(redis.keys.stream(0), '+', '-', 'COUNT', 1)
    await redis.connections.commands.xtrim(redis.keys.stream(0), 'MINID', newest?.[0] ?? '')
    await vote(1)
    await looked()
    // Asked again long after, it is answered with a place that is gone.
    await watch.watchLog.append(0, calls)
    await looked()
    expect({ finds: seen.finds, lost, faults }).toEqual({ finds: 0, lost: [], faults: [] })
  },
)

test('of more votes than it may remember it forgets those that it has seen, at all partitions together', async () => {
  await using watch = await startWatch({ votesKept: 10 }, true)
  const { redis, lost, vote, looked } = watch
  for (const partition of [0, 1, 0, 1, 0, 1]) await vote(5, { partition })
  await looked()
  await redis.connections.commands.del(redis.keys.stream(0))
  await redis.connections.commands.del(redis.keys.stream(1))
  await waitUntil(() => lost.length === 2, { withinMs: 10_000 })
  await looked()
  expect(lost).toEqual([5, 5])
})

test('partitions that lost votes at the same time are waited for once, all together', async () => {
  await using watch = await startWatch({}, true)
  const { redis, lost, seen, vote } = watch
  let settled = 0
  seen.onSettle = () => (settled += 1)
  for (const partition of [0, 1]) await vote(5 + partition, { partition })
  // Between two looks.
  seen.onLook = async () => {
    await redis.connections.commands.del(redis.keys.stream(0), redis.keys.stream(1))
  }
  await waitUntil(() => lost.length === 2, { withinMs: 10_000 })
  expect({ lost, settled }).toEqual({ lost: [5, 6], settled: 1 })
})

test('who is asked to stop while votes may still be on their way to the ledger does not call them lost', async () => {
  await using watch = await startWatch({}, true)
  const { redis, lost, seen, vote, watching, stopping } = watch
  seen.onSettle = () => stopping.abort()
  await vote(5)
  await redis.connections.commands.del(redis.keys.stream(0))
  await watching
  expect({ finds: seen.finds, lost }).toEqual({ finds: 0, lost: [] })
})

test('a stop ends the search for lost votes at once, however many there are', async () => {
  await using watch = await startWatch({}, true)
  const { redis, lost, seen, vote, watching, stopping } = watch
  seen.onFind = () => stopping.abort()
  await vote(200)
  await redis.connections.commands.del(redis.keys.stream(0))
  await watching
  expect(lost).toEqual([])
  expect(seen.finds).toBeLessThan(50)
})
