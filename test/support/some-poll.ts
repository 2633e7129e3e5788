import { randomBytes } from 'node:crypto'
import type { Poll } from '../../src/domain/poll.ts'

const hourMs = 3_600_000
/** 2026-01-01T00:00:00.000Z */
const newYear = 1_767_225_600_000

/** An open poll with three options and an id of its own; what a test is about, it says itself. */
export const somePoll = (said: Partial<Poll> = {}): Poll => ({
  id: randomBytes(7).toString('hex'),
  question: 'Tea or coffee?',
  description: '',
  type: 'single',
  options: [
    { id: 1, text: 'Tea', position: 0 },
    { id: 2, text: 'Coffee', position: 1 },
    { id: 3, text: 'Neither', position: 2 },
  ],
  nextOptionId: 4,
  minChoices: 1,
  maxChoices: 1,
  status: 'open',
  opensAt: null,
  closesAt: newYear + hourMs,
  openedAt: newYear + 1,
  closedAt: null,
  editedAt: null,
  createdAt: newYear,
  resultsVisibility: 'always',
  voterVisibility: 'secret',
  voterIdentity: 'session',
  allowVoteChange: true,
  partitions: 1,
  round: 1,
  revision: 1,
  manageTokenHash: 'ab'.repeat(32),
  createdByKey: null,
  joinCode: null,
  ...said,
})
