import { expect, test } from 'vitest'
import { createJoinPoll } from '../../src/application/join-poll.ts'
import { createLimitRates } from '../../src/application/limit-rates.ts'
import { JOIN_CODE_ALPHABET } from '../../src/domain/join-code.ts'
import { isRefused } from '../../src/domain/refusal.ts'
import { somePoll } from '../support/some-poll.ts'
import { someTally } from '../support/some-tally.ts'

const code = '7KMX4R'
const rate = { name: 'join-codes', amount: 5, periodMs: 60_000 }
const hall = '192.0.2.7'

/** Some polls behind their codes, at a time that stands still until somebody moves it. */
function start() {
  const polls = new Map([[code, 'one']])
  const looks: string[] = []
  const deleted = new Set<string>()
  let time = 1_000
  const now = (): number => time
  const { signal } = new AbortController()
  const limitRates = createLimitRates({ service: Buffer.alloc(32), sharedRates: null, report() {}, signal, now })
  const joinPoll = createJoinPoll({
    polls: {
      async findByJoinCode(joinCode) {
        looks.push(joinCode)
        return polls.get(joinCode) ?? null
      },
    },
    watchPoll: {
      get: async (id) => (deleted.has(id) ? null : { poll: somePoll({ id }), tally: someTally({ pollId: id }) }),
    },
    requestLimits: { joinCodes: limitRates.limit(rate, 'Too many.') },
    now,
  })
  const join = async (written: string, address: string | null = hall): Promise<string> => {
    const joined = await joinPoll(written, address)
    return isRefused(joined) ? joined.refused : joined.pollId
  }
  const pass = (ms: number): void => void (time += ms)
  return { polls, looks, deleted, join, pass }
}

/** Of the form of a code, and none. */
const madeUp = (count: number): string => `22222${JOIN_CODE_ALPHABET[count]}`

test('a code leads to its poll, however it is written', async () => {
  const { join } = start()
  expect([await join(code), await join('7km-x4r'), await join('no code'), await join('7KMX4T')]).toEqual([
    'one',
    'one',
    'poll_not_found',
    'poll_not_found',
  ])
})

test('2,000 people who type one code behind one address, all at once and one after the other, cost one look and are never refused', async () => {
  const { join, looks } = start()
  const joined = await Promise.all(Array.from({ length: 1_000 }, async () => join(code)))
  for (let more = 0; more < 1_000; more += 1) joined.push(await join(code))
  expect(new Set(joined)).toEqual(new Set(['one']))
  expect(looks).toEqual([code])
})

test('whoever guesses is told to wait beyond the ceiling, all at once as well as in turn, whether a guess is good or not', async () => {
  const { join, looks, polls, pass } = start()
  polls.set('GGGGGG', 'two')
  const guesses = await Promise.all([1, 2, 3, 4, 5, 6, 7].map(async (count) => join(madeUp(count))))
  expect(guesses).toEqual([...Array.from({ length: 5 }, () => 'poll_not_found'), 'rate_limited', 'rate_limited'])
  expect([await join('GGGGGG'), await join(madeUp(8))]).toEqual(['rate_limited', 'rate_limited'])
  expect(looks).toHaveLength(5)
  // What is no code at all tells nothing, so it costs nothing.
  expect(await join('no code')).toBe('poll_not_found')
  expect(await join('GGGGGG', '192.0.2.8')).toBe('two')
  pass(rate.periodMs / rate.amount)
  expect(await join('GGGGGG')).toBe('two')
})

test('a code that was good from there goes on while others are guessed from the same address', async () => {
  const { join, pass } = start()
  expect(await join(code)).toBe('one')
  for (let count = 1; count < 5; count += 1) expect(await join(madeUp(count))).toBe('poll_not_found')
  expect([await join(madeUp(5)), await join(code)]).toEqual(['rate_limited', 'one'])
  // It was read from the screen minutes ago, and those who come late type it too.
  pass(5 * 60_000)
  for (let count = 1; count < 9; count += 1) await join(madeUp(count))
  expect(await join(code)).toBe('one')
})

test('the code of a poll that was deleted leads nowhere at once, though where it led is remembered', async () => {
  const { join, deleted } = start()
  expect(await join(code)).toBe('one')
  deleted.add('one')
  expect(await join(code)).toBe('poll_not_found')
})

test('a code that led nowhere leads to the poll that has it by now', async () => {
  const { join, polls, looks, pass } = start()
  expect([await join('GGGGGG'), await join('GGGGGG')]).toEqual(['poll_not_found', 'poll_not_found'])
  expect(looks).toEqual(['GGGGGG'])
  polls.set('GGGGGG', 'two')
  pass(20_000)
  expect(await join('GGGGGG')).toBe('two')
})
