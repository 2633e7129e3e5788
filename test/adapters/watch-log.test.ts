import { expect, test } from 'vitest'
import { createVoteLedger } from '../../src/adapters/postgres/vote-ledger.ts'
import { createWatchLog } from '../../src/application/cast-vote/watch-log.ts'
import { sleep } from '../../src/runtime/stop-signal.ts'
import { createPollStore } from '../../src/adapters/postgres/poll-store.ts'
import { createTestDatabase } from '../support/postgres.ts'
import { startOwnRedis } from '../support/own-redis.ts'
import { someCall, someDoor } from '../support/some-calls.ts'
import { somePoll } from '../support/some-poll.ts'
import { waitUntil } from '../support/wait-until.ts'
import { startWorker } from '../support/worker.ts'

test('accepted votes that the log lost before they were recorded are told, once, and no others', async () => {
  await using redis = await startOwnRedis()
  const database = await createTestDatabase()
  const stopping = new AbortController()
  const lost: number[] = []
  const faults: unknown[] = []
  const watchLog = createWatchLog(
    (partition, calls) => redis.door.append(partition, calls),
    redis.stream,
    createVoteLedger(database.pool),
    {
      sleep,
      onLost: (_partition, votes) => lost.push(votes),
      report: (fault) => faults.push(fault),
    },
  )
  const watching = watchLog.run(stopping.signal)
  try {
    const poll = somePoll({ closesAt: null })
    await createPollStore(database.pool).create(poll)
    await redis.stream.raiseEpoch(0, 1)
    await redis.door.open(0, someDoor(poll.id))
    const vote = async (count: number) => {
      const { id: pollId, round, revision } = poll
      const calls = Array.from({ length: count }, () => someCall({ pollId, round, revision, selection: [1] }))
      expect((await watchLog.append(0, calls)).map(({ answer }) => answer)).toEqual(calls.map(() => 'accepted'))
      return calls
    }

    // Recorded, then gone: nothing is lost.
    await vote(5)
    const worker = startWorker(database.pool, redis, { name: 'ann', partitions: [0] })
    const recorded = async () => (await database.pool.query('select from vote')).rowCount
    await waitUntil(async () => (await recorded()) === 5, { withinMs: 10_000 })
    await worker.stop()

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
  } finally {
    stopping.abort()
    await watching
    await database.drop()
  }
})
