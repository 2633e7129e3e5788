import { randomBytes } from 'node:crypto'
import { afterEach, describe, expect, test } from 'vitest'
import { connectRedis, type RedisConnections } from '../../src/adapters/redis/connect.ts'
import { createKeys } from '../../src/adapters/redis/keys.ts'
import { createSharedRates } from '../../src/adapters/redis/shared-rates.ts'
import { createLimitRates, type LimitRates, type RateLimit } from '../../src/application/limit-rates.ts'
import { createFaultLog } from '../../src/runtime/fault-log.ts'
import { sleep } from '../../src/runtime/stop-signal.ts'
import { shareTestRedis, startTestRedis } from '../support/redis.ts'
import { waitUntil } from '../support/wait-until.ts'

/** So slow to be given back that nothing is while a test runs. */
const slow = { name: 'slow', amount: 100, periodMs: 3_600_000 }
const quarter = 25
const service = randomBytes(32)

type Process = {
  readonly limit: RateLimit
  readonly rates: LimitRates
  readonly reported: unknown[]
  readonly stop: AbortController
}

const connected: RedisConnections[] = []
afterEach(() => {
  for (const connections of connected.splice(0)) connections.stop()
})

/** `commandTimeoutMs`: longer than a Redis that is there may be silent. */
async function startProcess(url: string, prefix: string, commandTimeoutMs = 10_000): Promise<Process> {
  const connections = connectRedis({ url, commandTimeoutMs, onError: () => undefined })
  await connections.ready()
  connected.push(connections)
  const reported: unknown[] = []
  const stop = new AbortController()
  const rates = createLimitRates({
    service,
    sharedRates: createSharedRates(connections.cache, createKeys(prefix)),
    report: (fault) => void reported.push(fault),
    signal: stop.signal,
  })
  return { limit: rates.limit(slow, 'Too often.'), rates, reported, stop }
}

const someKey = (): string => randomBytes(8).toString('hex')

/** Asks so often; how often it may. */
const ask = ({ limit }: Process, key: string, times: number): number =>
  Array.from({ length: times }, () => limit.take(key)).filter((refused) => refused === null).length

describe('several processes that share a Redis', () => {
  test('let pass together what one may, and at most a quarter of it more for each of them', async () => {
    const { redisUrl, prefix } = shareTestRedis()
    const processes = await Promise.all([1, 2, 3].map(async () => startProcess(redisUrl, prefix)))
    const key = someKey()
    let passed = 0
    for (let turn = 0; turn < 100; turn += 1) {
      for (const process of processes) passed += ask(process, key, 3)
      await Promise.all(processes.map(async ({ rates }) => rates.idle()))
    }
    expect(passed).toBeGreaterThanOrEqual(slow.amount)
    expect(passed).toBeLessThanOrEqual(slow.amount + processes.length * quarter)
    expect(processes.map((process) => ask(process, key, 10))).toEqual([0, 0, 0])
  })

  test('go on for everybody else when somebody has asked too often', async () => {
    const { redisUrl, prefix } = shareTestRedis()
    const process = await startProcess(redisUrl, prefix)
    const loud = someKey()
    expect(ask(process, loud, 1_000)).toBe(slow.amount)
    await process.rates.idle()
    expect(ask(process, loud, 10)).toBe(0)
    for (let quiet = 0; quiet < 200; quiet += 1) expect(ask(process, someKey(), 3)).toBe(3)
  })

  test('never ask Redis for those who ask seldom', async () => {
    const { redisUrl, prefix } = shareTestRedis()
    const process = await startProcess(redisUrl, prefix)
    for (let voter = 0; voter < 2_000; voter += 1) expect(ask(process, someKey(), 3)).toBe(3)
    expect(ask(process, someKey(), quarter - 1)).toBe(quarter - 1)
    await process.rates.idle()
    const [redis] = connected
    expect(await redis?.commands.keys(`${prefix}*`)).toEqual([])
  })

  test('show to whoever reads in Redis neither an address nor a voter', async () => {
    const { redisUrl, prefix } = shareTestRedis()
    const process = await startProcess(redisUrl, prefix)
    ask(process, '192.0.2.7', 50)
    await process.rates.idle()
    const keys = (await connected[0]?.commands.keys(`${prefix}*`)) ?? []
    expect(keys).toEqual([expect.stringMatching(/rate:\{limits\}:[0-9a-f]{32}$/)])
  })

  test('limit each of their limits for itself', async () => {
    const { redisUrl, prefix } = shareTestRedis()
    const process = await startProcess(redisUrl, prefix)
    const other = process.rates.limit({ ...slow, name: 'other' }, 'Too often.')
    const key = someKey()
    expect(ask(process, key, 1_000)).toBe(slow.amount)
    await process.rates.idle()
    expect(other.take(key)).toBeNull()
    await process.rates.idle()
    expect(other.take(key)).toBeNull()
  })
})

describe('a Redis that is away', () => {
  test('costs nobody a wait: each process goes by what it has seen, and shares that again when Redis is back', async () => {
    await using redis = await startTestRedis()
    const [one, other] = await Promise.all([1, 2].map(async () => startProcess(redis.redisUrl, '')))
    if (one === undefined || other === undefined) throw new Error('both were started')
    const lines: unknown[] = []
    const log = createFaultLog({ warn: (fields: unknown) => void lines.push(fields) } as never, () => undefined)
    await redis.kill()
    const key = someKey()
    expect(ask(one, key, 5_000)).toBe(slow.amount)
    expect(ask(other, key, 5_000)).toBe(slow.amount)
    for (let keys = 0; keys < 10_000; keys += 1) ask(one, someKey(), quarter)
    await one.rates.idle()
    for (const fault of one.reported) log({ err: fault }, 'away')
    expect(one.reported.length).toBeLessThanOrEqual(3)
    expect(lines).toHaveLength(1)
    await redis.restart()
    const again = someKey()
    await waitUntil(async () => {
      // Whoever is told of rests for a second after a failure.
      ask(one, again, quarter)
      await one.rates.idle()
      await sleep(50)
      ask(other, again, quarter)
      await other.rates.idle()
      return one.limit.look(again) !== null && other.limit.look(again) !== null
    })
    expect(ask(one, key, 10)).toBe(0)
  })

  test('that answers nothing holds up one call and no more', async () => {
    await using redis = await startTestRedis()
    const process = await startProcess(redis.redisUrl, '', 300)
    globalThis.process.kill(redis.pid(), 'SIGSTOP')
    try {
      for (let keys = 0; keys < 20_000; keys += 1) ask(process, someKey(), quarter)
      await process.rates.idle()
      expect(process.reported).toHaveLength(1)
    } finally {
      globalThis.process.kill(redis.pid(), 'SIGCONT')
    }
  })
})

test('once it is to stop nothing is told any more', async () => {
  const { redisUrl, prefix } = shareTestRedis()
  const process = await startProcess(redisUrl, prefix)
  process.stop.abort()
  expect(ask(process, someKey(), 1_000)).toBe(slow.amount)
  await process.rates.idle()
  expect(await connected[0]?.commands.keys(`${prefix}*`)).toEqual([])
})
