import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createLimitRates } from '../../src/application/limit-rates.ts'
import { SETTLE_LIMITS } from '../../src/application/limit-rates/settle-rates.ts'
import { charge } from '../../src/domain/rate.ts'
import type { SharedRates } from '../../src/ports/shared-rates.ts'

const service = Buffer.alloc(32, 7)
const rate = { name: 'voter', amount: 8, periodMs: 8_000 }
const settleAt = 2

/** What all processes share, as the port has it, by a clock of its own. */
function createMemory(now: () => number, isAway: () => boolean = () => false) {
  const freshAt = new Map<string, number>()
  const calls: number[] = []
  const sharedRates: SharedRates = {
    async charge(charges) {
      calls.push(charges.length)
      if (isAway()) throw new Error('away')
      return charges.map(({ key, costMs }) => {
        const next = charge({ amount: 1, periodMs: costMs }, freshAt.get(key) ?? 0, now())
        freshAt.set(key, next)
        return next - now()
      })
    },
  }
  return { sharedRates, calls }
}

function createProcess(sharedRates: SharedRates | null, now: () => number, more: { readonly keysMax?: number } = {}) {
  const faults: unknown[] = []
  const { signal } = new AbortController()
  const report = (fault: unknown): void => void faults.push(fault)
  const limitRates = createLimitRates({ service, sharedRates, report, signal, now, ...more })
  return { limitRates, limit: limitRates.limit(rate, 'Too often.'), faults }
}

test('who asks too often is told which limit was reached, and when to come back', () => {
  const { limit } = createProcess(null, () => 5_000)
  for (let count = 0; count < rate.amount; count += 1) expect([limit.look('a'), limit.take('a')]).toEqual([null, null])
  const refused = { refused: 'rate_limited', detail: 'Too often.', retryAfterMs: 1_000, limit: rate }
  expect([limit.look('a'), limit.take('a'), limit.take('b')]).toEqual([refused, refused, null])
})

test.each([1, 3, 4, 5, 255, 1_020, 1_024, 1_200, 6_000, 20_000])(
  'of an amount of %i just so many pass at once, and the next one a moment later',
  (amount) => {
    let now = 5_000
    const { limitRates } = createProcess(null, () => now)
    const limit = limitRates.limit({ name: 'any', amount, periodMs: 60_000 }, 'Too often.')
    let passed = 0
    while (passed <= amount && limit.take('a') === null) passed += 1
    expect(passed).toBe(amount)
    now += Math.ceil(60_000 / amount)
    expect(limit.take('a')).toBeNull()
  },
)

describe('processes that share what was asked', () => {
  // Mostly all at once, or no limit would be reached.
  const gap = fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat({ max: 3_000 }) })
  const step = fc.record({ process: fc.nat({ max: 2 }), gapMs: gap })

  test('let pass, in any window, no more than one process may and a quarter of it for each of them', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 30, maxLength: 120 }), async (steps) => {
        let now = 1_000_000
        const { sharedRates } = createMemory(() => now)
        const processes = [0, 1, 2].map(() => createProcess(sharedRates, () => now))
        const passed: number[] = []
        for (const { process, gapMs } of steps) {
          now += gapMs
          const asked = processes[process]
          if (asked?.limit.take('a') === null) passed.push(now)
          await asked?.limitRates.idle()
        }
        for (const [first, from] of passed.entries()) {
          const most = (to: number): number => rate.amount + (to - from) / 1_000 + processes.length * settleAt
          for (const [more, to] of passed.slice(first).entries()) expect(more + 1).toBeLessThanOrEqual(most(to) + 0.01)
        }
      }),
    )
  })

  test('let pass whoever asks at this rate, wherever they ask', async () => {
    let now = 1_000_000
    const { sharedRates } = createMemory(() => now)
    const processes = [0, 1, 2].map(() => createProcess(sharedRates, () => now))
    for (let count = 0; count < 300; count += 1) {
      now += rate.periodMs / rate.amount
      const process = processes[count % 3]
      expect(process?.limit.take('a')).toBeNull()
      await process?.limitRates.idle()
    }
  })
})

test('all keys that become due together are settled in one call', async () => {
  const { sharedRates, calls } = createMemory(() => 5_000)
  const { limit, limitRates } = createProcess(sharedRates, () => 5_000)
  for (let key = 0; key < 200; key += 1) for (let count = 0; count < 3; count += 1) limit.take(`${key}`)
  await limitRates.idle()
  expect(calls).toEqual([200])
})

test('no call has more charges than it may, and no more wait than may', async () => {
  const { sharedRates, calls } = createMemory(() => 5_000)
  const { limit, limitRates } = createProcess(sharedRates, () => 5_000)
  for (let key = 0; key < SETTLE_LIMITS.waitingMax + 100; key += 1) {
    for (let count = 0; count < settleAt; count += 1) limit.take(`${key}`)
  }
  await limitRates.idle()
  expect(Math.max(...calls)).toBe(SETTLE_LIMITS.chargesMax)
  expect(calls.reduce((sum, charges) => sum + charges, 0)).toBe(SETTLE_LIMITS.waitingMax)
})

test('after a failure nothing is asked for a second, each process goes by what it has seen, and then all share again', async () => {
  let now = 1_000_000
  let isAway = true
  const { sharedRates, calls } = createMemory(
    () => now,
    () => isAway,
  )
  const [one, other] = [createProcess(sharedRates, () => now), createProcess(sharedRates, () => now)]
  const ask = async ({ limit, limitRates }: typeof one): Promise<number> => {
    let passed = 0
    for (let count = 0; count < 20; count += 1) {
      if (limit.take('a') === null) passed += 1
      await limitRates.idle()
    }
    return passed
  }
  expect([await ask(one), await ask(other)]).toEqual([rate.amount, rate.amount])
  expect([calls.length, one.faults.length]).toEqual([2, 1])
  now += SETTLE_LIMITS.restMs - 1
  await ask(one)
  expect(calls).toHaveLength(2)
  isAway = false
  now += 10 * rate.periodMs
  expect(await ask(one)).toBe(rate.amount)
  expect(await ask(other)).toBe(settleAt)
})

test('never more keys are known than twice the most, and those that ask on stay among them', () => {
  let now = 1_000_000
  const { limit } = createProcess(null, () => now, { keysMax: 100 })
  const spend = (key: string): boolean => {
    for (let count = 0; count < rate.amount; count += 1) limit.take(key)
    return limit.look(key) !== null
  }
  for (let key = 0; key < 1_000; key += 1) spend(`${key}`)
  const known = Array.from({ length: 1_000 }, (_, key) => limit.look(`${key}`)).filter((refused) => refused !== null)
  expect(known.length).toBeGreaterThanOrEqual(100)
  expect(known.length).toBeLessThanOrEqual(200)
  spend('loud')
  let passed = 0
  for (let key = 0; key < 1_000; key += 1) {
    now += 10
    limit.take(`next ${key}`)
    if (limit.take('loud') === null) passed += 1
  }
  expect(passed).toBe(10)
})
