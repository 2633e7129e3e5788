import fc from 'fast-check'
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectRedis, type RedisConnections } from '../../src/adapters/redis/connect.ts'
import { createKeys } from '../../src/adapters/redis/keys.ts'
import { createSharedRates } from '../../src/adapters/redis/shared-rates.ts'
import { charge } from '../../src/domain/rate.ts'
import type { RateCharge, SharedRates } from '../../src/ports/shared-rates.ts'
import { isUnavailable } from '../../src/ports/unavailable.ts'
import { patientMs } from '../support/adapters-redis.ts'
import { shareTestRedis } from '../support/redis.ts'

let connections: RedisConnections
let rates: SharedRates
let keys: ReturnType<typeof createKeys>

beforeAll(async () => {
  const { redisUrl, prefix } = shareTestRedis()
  connections = connectRedis({ url: redisUrl, commandTimeoutMs: patientMs })
  await connections.ready()
  keys = createKeys(prefix)
  rates = createSharedRates(connections.cache, keys)
})
afterAll(() => connections.stop())

const someKey = (): string => randomBytes(8).toString('hex')
const chargeOf = (key: string, costMs: number, aheadMsMax = 3_600_000): RateCharge => ({ key, costMs, aheadMsMax })
const aheadOf = async (one: RateCharge): Promise<number> => (await rates.charge([one]))[0] ?? NaN

test('each charge is added, and each key answered in its place', async () => {
  const [a, b] = [someKey(), someKey()]
  expect(await rates.charge([chargeOf(a, 60_000), chargeOf(b, 90_000)])).toEqual([60_000, 90_000])
  const [laterB = 0, laterA = 0] = await rates.charge([chargeOf(b, 90_000), chargeOf(a, 60_000)])
  expect(laterB).toBeGreaterThan(170_000)
  expect(laterB).toBeLessThanOrEqual(180_000)
  expect(laterA).toBeGreaterThan(110_000)
  expect(laterA).toBeLessThanOrEqual(120_000)
})

test('charges of many processes that come at the same time are all added', async () => {
  const key = someKey()
  const all = await Promise.all(Array.from({ length: 50 }, () => aheadOf(chargeOf(key, 10_000))))
  expect(Math.max(...all)).toBeGreaterThan(490_000)
  expect(Math.max(...all)).toBeLessThanOrEqual(500_000)
})

test('no key comes to lie further ahead than it may', async () => {
  const key = someKey()
  expect(await aheadOf(chargeOf(key, 100_000, 120_000))).toBe(100_000)
  expect(await aheadOf(chargeOf(key, 100_000, 120_000))).toBe(120_000)
})

test('a key is forgotten when it is as if nothing had been asked', async () => {
  const [short, long] = [someKey(), someKey()]
  await rates.charge([chargeOf(short, 50), chargeOf(long, 60_000)])
  const [shortMs, longMs] = [
    await connections.cache.pttl(keys.rate(short)),
    await connections.cache.pttl(keys.rate(long)),
  ]
  expect(shortMs).toBeLessThanOrEqual(50)
  expect(longMs).toBeGreaterThan(50_000)
  expect(longMs).toBeLessThanOrEqual(60_000)
})

test('any charges give what GCRA gives, by the clock of Redis', async () => {
  const steps = fc.array(fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 3, maxLength: 3 }), { maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(steps, async (costs) => {
      const names = [someKey(), someKey(), someKey()]
      // The script runs at some moment between question and answer.
      const freshAt = names.map(() => ({ earliest: 0, latest: 0 }))
      for (const step of costs) {
        const asked = performance.now()
        const ahead = await rates.charge(names.map((key, index) => chargeOf(key, step[index] ?? 0)))
        const answered = performance.now()
        for (const [index, ms] of ahead.entries()) {
          const one = { amount: 1, periodMs: step[index] ?? 0 }
          const { earliest, latest } = freshAt[index] ?? { earliest: 0, latest: 0 }
          expect(ms).toBeGreaterThanOrEqual(charge(one, earliest, answered) - answered - 0.01)
          expect(ms).toBeLessThanOrEqual(charge(one, latest, asked) - asked + 0.01)
          freshAt[index] = { earliest: asked + ms, latest: answered + ms }
        }
      }
    }),
    { numRuns: 30 },
  )
})

test('all keys lie in one slot of a cluster', () => {
  const slots = [keys.rate('a'), keys.rate('b')].map((key) => /\{[^}]+\}/.exec(key)?.[0])
  expect(slots).toEqual(['{limits}', '{limits}'])
})

test('a Redis that is away is unavailable, and nothing is waited for', async () => {
  const away = connectRedis({ url: 'redis://127.0.0.1:1', onError: () => undefined })
  const fault: unknown = await createSharedRates(away.cache, keys)
    .charge([chargeOf('a', 1)])
    .catch((error: unknown) => error)
  away.stop()
  expect(isUnavailable(fault)).toBe(true)
})
