import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createViewerCounts as createPostgresViewerCounts } from '../../src/adapters/postgres/viewer-counts.ts'
import { connectRedis } from '../../src/adapters/redis/connect.ts'
import { createKeys } from '../../src/adapters/redis/keys.ts'
import { createViewerCounts as createRedisViewerCounts } from '../../src/adapters/redis/viewer-counts.ts'
import type { ViewerCounts } from '../../src/ports/viewer-counts.ts'
import { adapters, type Adapters } from '../support/adapters.ts'
import { patientMs } from '../support/adapters-redis.ts'
import { createTestDatabase } from '../support/postgres.ts'
import { shareTestRedis } from '../support/redis.ts'
import { waitUntil } from '../support/wait-until.ts'

const longMs = 60_000

describe.each(adapters)('viewer counts on $name', ({ create }) => {
  let made: Adapters
  let counts: ViewerCounts
  beforeAll(async () => {
    made = await create()
    counts = made.viewerCounts
  })
  afterAll(() => made.stop())

  test('a poll has as many viewers as all processes have told, and none where nobody has', async () => {
    const [one, other, poll, quiet] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()]
    await counts.tell(one, [[poll, 3]], longMs)
    await counts.tell(
      other,
      [
        [poll, 40],
        [quiet, 1],
      ],
      longMs,
    )
    expect([await counts.read(poll), await counts.read(quiet), await counts.read(randomUUID())]).toEqual([43, 1, 0])
  })

  test('what a process tells takes the place of what it told of that poll, and its other polls stay', async () => {
    const [process, poll, same] = [randomUUID(), randomUUID(), randomUUID()]
    await counts.tell(
      process,
      [
        [poll, 5],
        [same, 2],
      ],
      longMs,
    )
    await counts.tell(process, [[poll, 7]], longMs)
    expect([await counts.read(poll), await counts.read(same)]).toEqual([7, 2])
    await counts.tell(process, [[poll, 0]], longMs)
    expect([await counts.read(poll), await counts.read(same)]).toEqual([0, 2])
  })

  test('a process that was not heard of for as long as it said has no viewers; one that confirms, changing nothing, keeps them', async () => {
    const [dead, alive, poll] = [randomUUID(), randomUUID(), randomUUID()]
    await counts.tell(dead, [[poll, 100]], 4_000)
    await counts.tell(alive, [[poll, 1]], 4_000)
    expect(await counts.read(poll)).toBe(101)
    await counts.tell(alive, [], longMs)
    await waitUntil(async () => (await counts.read(poll)) === 1, { withinMs: 15_000 })
  })

  test('a process hears whether anything was kept of what it told before', async () => {
    const [process, poll] = [randomUUID(), randomUUID()]
    expect(await counts.tell(process, [[poll, 0]], longMs)).toBe(false)
    expect(await counts.tell(process, [[poll, 2]], longMs)).toBe(true)
    expect(await counts.tell(process, [[poll, 0]], longMs)).toBe(true)
    expect(await counts.tell(process, [], longMs)).toBe(true)
  })

  test('a thousand polls are told in one call', async () => {
    const process = randomUUID()
    const polls = Array.from({ length: 1_000 }, (_, at) => [randomUUID(), at + 1] as const)
    await counts.tell(process, polls, longMs)
    const [first = ''] = polls[0] ?? []
    const [last = ''] = polls.at(-1) ?? []
    expect([await counts.read(first), await counts.read(last)]).toEqual([1, 1_000])
  })

  test('processes that tell at the same time do not get in each other’s way', async () => {
    const poll = randomUUID()
    await Promise.all(Array.from({ length: 20 }, async () => counts.tell(randomUUID(), [[poll, 1]], longMs)))
    expect(await counts.read(poll)).toBe(20)
  })
})

describe('what a process that has died leaves behind', () => {
  const [dead, alive, poll] = ['dead', 'alive', 'poll23456789ab']

  test('is taken away by the next one that tells, in PostgreSQL', async () => {
    const { pool, drop } = await createTestDatabase()
    const counts = createPostgresViewerCounts(pool)
    await counts.tell(dead, [[poll, 3]], longMs)
    await pool.query("update viewing_process set counts_until = clock_timestamp() - interval '2 minutes'")
    await counts.tell(alive, [[poll, 1]], longMs)
    const { rows } = await pool.query('select process, viewers from viewer_count join viewing_process using (process)')
    expect(rows).toEqual([{ process: alive, viewers: 1 }])
    expect((await pool.query('select from viewer_count')).rowCount).toBe(1)
    // It was only slow: nothing of it is kept, and it is told so.
    expect(await counts.tell(dead, [[poll, 2]], longMs)).toBe(false)
    // Nor does one that is late take away what it tells itself.
    await pool.query("update viewing_process set counts_until = clock_timestamp() - interval '2 minutes'")
    expect(await counts.tell(dead, [], longMs)).toBe(true)
    expect(await counts.read(poll)).toBe(2)
    await drop()
  })

  test('is taken away by the next one that tells, in Redis', async () => {
    const { redisUrl, prefix } = shareTestRedis()
    const [connections, keys] = [connectRedis({ url: redisUrl, commandTimeoutMs: patientMs }), createKeys(prefix)]
    await connections.ready()
    const counts = createRedisViewerCounts(connections.cache, keys)
    await counts.tell(dead, [[poll, 3]], 1)
    await waitUntil(async () => (await counts.read(poll)) === 0)
    await counts.tell(alive, [[poll, 1]], longMs)
    expect(await connections.cache.zrange(keys.viewingProcesses, '0', '-1')).toEqual([alive])
    expect(await connections.cache.exists(keys.viewersAt(dead))).toBe(0)
    connections.stop()
  })

  test('lies in one slot of a cluster', () => {
    const keys = createKeys()
    const slots = [keys.viewersAt(dead), keys.viewersAt(alive), keys.viewingProcesses].map(
      (key) => /\{[^}]+\}/.exec(key)?.[0],
    )
    expect(new Set(slots)).toEqual(new Set(['{viewers}']))
  })
})
