import fc from 'fast-check'
import { expect, test } from 'vitest'
import { commands } from '../simulation/commands.ts'
import { addUp, play, sizes } from '../simulation/play.ts'
import { type Happenings, noHappenings, type Shape, Simulation } from '../simulation/simulation.ts'

// `npm run chaos -- --simulate` plays 10,000.
const RUNS = 120
const TIME_LIMIT_MS = 12_000

async function playMany(shape: Shape): Promise<Happenings> {
  let happened = noHappenings()
  await fc.assert(
    fc.asyncProperty(commands(shape), async (sequence) => {
      happened = addUp(happened, await play(shape, sequence))
    }),
    // A counterexample is made shorter until then.
    { numRuns: RUNS, interruptAfterTimeLimit: TIME_LIMIT_MS },
  )
  return happened
}

/** Faults that did not happen prove nothing. */
function neverHappened(happened: Happenings, names: readonly (keyof Happenings)[]): readonly string[] {
  return names.filter((name) => happened[name] === 0)
}

const always = [
  'votes',
  'repeatedRequests',
  'crashes',
  'plannedRestarts',
  'lostAnswers',
  'takeovers',
  'epochsRaised',
  'rounds',
  'closes',
  'doorsRestored',
  'votesSetAside',
] as const

for (const size of sizes) {
  const { partitions, workers } = size
  const where = `${partitions} partition${partitions > 1 ? 's' : ''}, ${workers} worker${workers > 1 ? 's' : ''}`
  const expected = workers > 1 ? ([...always, 'fencedCommits'] as const) : always

  test(`whatever dies, waits, gets lost or comes again, each vote counts once, and closed is closed (${where})`, async () => {
    const happened = await playMany({ ...size, isLossy: false })
    expect(neverHappened(happened, expected)).toEqual([])
  })

  test(`also while Redis falls back and comes up empty, what was recorded stays, and all is told at last (${where})`, async () => {
    const happened = await playMany({ ...size, isLossy: true })
    // Over four partitions so few entries are recorded and read again that a run may see none.
    const alsoExpected = partitions === 1 ? (['entriesDeliveredAgain', 'checkpointsRestored'] as const) : []
    expect(neverHappened(happened, [...expected, ...alsoExpected])).toEqual([])
  })
}

test('a vote that is recorded and told is the end of it: nobody commits any more', async () => {
  const simulation = new Simulation({ partitions: 1, workers: 1, isLossy: false })
  await simulation.settle()
  simulation.vote(0, [{ voter: 1, kind: 'cast', optionId: 1, hasKey: false }], false, true)
  // Fails where it does not come to rest.
  await simulation.heal()
  simulation.checkAtRest()
  expect(simulation.happened.votes).toBe(1)
})
