import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ALL_UNANNOUNCED, type Sweep, sweepAnew, takeStep } from '../../src/application/announce-tallies/sweep.ts'

const pollsMax = 3
const somePolls = fc.uniqueArray(fc.stringMatching(/^[A-Za-z0-9_-]{1,4}$/), { maxLength: 40 })

/** What a store finds: as many as asked for, in the order of their bytes. */
const find = (polls: readonly string[], { after }: Sweep): readonly string[] =>
  polls
    .filter((id) => id > after)
    .toSorted((a, b) => (a < b ? -1 : 1))
    .slice(0, pollsMax)

/** Goes on to the end, and returns what each step took. */
const sweepOn = (polls: readonly string[], begun: Sweep): (readonly string[])[] => {
  const steps: (readonly string[])[] = []
  for (let sweep: Sweep | null = begun; sweep !== null;) {
    const { pollIds, rest } = takeStep(sweep, find(polls, sweep), pollsMax)
    steps.push(pollIds)
    sweep = rest
    expect(steps.length).toBeLessThan(100)
  }
  return steps
}

test('a sweep takes each poll once, in few steps, wherever it begins anew', () => {
  fc.assert(
    fc.property(somePolls, fc.nat(15), (polls, stepsBefore) => {
      let sweep: Sweep | null = ALL_UNANNOUNCED
      for (let step = 0; step < stepsBefore && sweep !== null; step += 1) {
        sweep = takeStep(sweep, find(polls, sweep), pollsMax).rest
      }
      const steps = sweepOn(polls, sweepAnew(sweep))
      expect(steps.flat().toSorted()).toEqual(polls.toSorted())
      expect(steps.length).toBeLessThanOrEqual(polls.length / pollsMax + 3)
    }),
  )
})

test('a sweep that has to begin anew before each of its steps comes to every poll all the same, round after round', () => {
  fc.assert(
    fc.property(somePolls, (polls) => {
      const seen: string[] = []
      let sweep: Sweep = ALL_UNANNOUNCED
      const round = Math.ceil(polls.length / pollsMax) + 2
      for (let step = 0; step < 2 * round; step += 1) {
        const { pollIds, rest } = takeStep(sweep, find(polls, sweep), pollsMax)
        seen.push(...pollIds)
        sweep = sweepAnew(rest)
      }
      for (const poll of polls) expect(seen.filter((id) => id === poll).length).toBeGreaterThanOrEqual(2)
    }),
  )
})
