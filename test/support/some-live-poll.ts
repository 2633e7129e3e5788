import type { LivePoll } from '../../src/application/watch-poll.ts'
import type { Poll } from '../../src/domain/poll.ts'
import type { Tally } from '../../src/domain/tally.ts'
import { somePoll } from './some-poll.ts'

/** A poll as a process knows it, 2 votes for tea; what a test is about, it says itself. */
export const someLivePoll = (said: Partial<Poll> = {}, counted: Partial<Tally> = {}): LivePoll => {
  const poll = somePoll(said)
  const tally = {
    pollId: poll.id,
    round: poll.round,
    version: 3,
    revision: poll.revision,
    status: poll.status,
    optionIds: poll.options.map((option) => option.id),
    counts: poll.options.map((_, index) => (index === 0 ? 2 : 0)),
    totalVotes: 2,
    asOf: poll.createdAt,
    resultsFinal: poll.status === 'closed',
    ...counted,
  }
  return { poll, tally }
}
