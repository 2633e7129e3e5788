import type { Tally } from '../../src/domain/tally.ts'

/** 2026-01-01T00:00:00.000Z */
const newYear = 1_767_225_600_000

/** A tally of an open poll with three options; what a test is about, it says itself. */
export const someTally = (said: Partial<Tally> & Pick<Tally, 'pollId'>): Tally => ({
  round: 1,
  version: 1,
  revision: 1,
  status: 'open',
  optionIds: [1, 2, 3],
  counts: [2, 0, 1],
  totalVotes: 3,
  asOf: newYear,
  resultsFinal: false,
  ...said,
})
