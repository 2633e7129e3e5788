import { afterAll, beforeAll, test } from 'vitest'
import { createPartitionLease } from '../../src/adapters/postgres/partition-lease.ts'
import { connectRedis } from '../../src/adapters/redis/connect.ts'
import { createKeys } from '../../src/adapters/redis/keys.ts'
import { createVoteDoor } from '../../src/adapters/redis/vote-door.ts'
import { createVoteStream } from '../../src/adapters/redis/vote-stream.ts'
import { watchBacklog } from '../../src/main/watch-backlog.ts'
import { createLog } from '../../src/runtime/log.ts'
import { createMetricsRegistry } from '../../src/runtime/metrics.ts'
import { patientMs } from '../support/adapters-redis.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { shareTestRedis } from '../support/redis.ts'
import { someCall, someDoor, somePollId } from '../support/some-calls.ts'
import { waitUntil } from '../support/wait-until.ts'

const unasked = 0
const asked = 1
const votes = 3

const { redisUrl, prefix } = shareTestRedis()
const connections = connectRedis({ url: redisUrl, commandTimeoutMs: patientMs, onError: () => undefined })
const keys = createKeys(prefix)
const stream = createVoteStream(connections, keys)
const log = createLog({ name: 'test', level: 'silent' })
let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
  await connections.ready()
})
afterAll(async () => {
  stream.stop()
  connections.stop()
  await database.drop()
})

test('where one partition cannot be asked, what waits in the others is told, and of that one that nobody knows', async () => {
  const registry = createMetricsRegistry('worker')
  const stop = new AbortController()
  const says = async (metric: string, partition: number, value: string): Promise<boolean> => {
    const page = await registry.metrics()
    return new RegExp(`^tallycast_${metric}\\{partition="${partition}",process="worker"\\} ${value}$`, 'm').test(page)
  }
  const pollId = somePollId()
  await stream.raiseEpoch(asked, 1)
  const door = createVoteDoor(connections.commands, keys)
  await door.open(asked, someDoor(pollId))
  await door.append(
    asked,
    Array.from({ length: votes }, () => someCall({ pollId })),
  )

  const watching = watchBacklog({
    lease: createPartitionLease(database.pool),
    stream,
    partitions: new Set([unasked, asked]),
    registry,
    log,
    signal: stop.signal,
  })
  await waitUntil(async () => says('unrecorded_votes', unasked, '0'))
  // Of another kind than a stream: Redis refuses what is asked of it.
  await connections.commands.set(keys.stream(unasked), 'no stream')
  for (const metric of ['unrecorded_votes', 'oldest_unrecorded_seconds'])
    await waitUntil(async () => says(metric, unasked, 'Nan'))
  await waitUntil(async () => says('unrecorded_votes', asked, String(votes)))
  await waitUntil(async () => says('oldest_unrecorded_seconds', asked, '[1-9][\\d.]*'))
  await connections.commands.del(keys.stream(unasked))
  await waitUntil(async () => says('unrecorded_votes', unasked, '0'))
  stop.abort()
  await watching
})
