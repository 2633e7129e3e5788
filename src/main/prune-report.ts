import { styleText } from 'node:util'
import type { Pruned } from '../application/prune-rounds.ts'
import type { OldRound } from '../ports/old-rounds.ts'
import { formatNumber, formatVotes } from '../terminal/format-number.ts'
import { printable } from '../terminal/printable.ts'

/** `found`: nothing was to be done to it. */
export type Outcome = Pruned | 'found'

/** What a whole run of the command has come to. */
export type PruneSums = { readonly rounds: number; readonly votes: number; readonly leftAlone: number }

/** What is said of each round, and of the whole in the end: to a person, or to a program. */
export type PruneReport = {
  readonly round: (round: OldRound, outcome: Outcome) => string
  readonly end: (sums: PruneSums, isRemoving: boolean) => string
}

export const textReport: PruneReport = {
  round: (round, outcome) => {
    const facts = [`round ${round.round}`, formatVotes(round.votes), `until ${dayOf(round.recordedAt)}`, said[outcome]]
    return `${styleText('bold', round.pollId)}  ${printable(round.question)}\n            ${styleText('dim', facts.join(' · '))}`
  },
  end: ({ rounds, votes, leftAlone }, isRemoving) => {
    const what = `${formatVotes(votes)} of ${formatNumber(rounds)} ${rounds === 1 ? 'round' : 'rounds'}`
    if (rounds + leftAlone === 0) return '\nThere is nothing to prune. Nothing was changed.'
    const left = leftAlone === 0 ? '' : ` ${formatNumber(leftAlone)} left alone, as said above.`
    return isRemoving
      ? `\n${what} pruned.${left} Space comes back as PostgreSQL vacuums.`
      : `\n${what} would be pruned: say --remove. Nothing was changed.`
  },
}

/** A document a line, with the names that the HTTP API has. */
export const jsonReport: PruneReport = {
  round: ({ pollId, round, votes, recordedAt, isFinal }, outcome) =>
    JSON.stringify({
      poll_id: pollId,
      round,
      votes,
      recorded_at: new Date(recordedAt).toISOString(),
      results_final: isFinal,
      outcome,
    }),
  end: ({ rounds, votes, leftAlone }) => JSON.stringify({ rounds, votes, left_alone: leftAlone }),
}

const said = {
  found: 'would be pruned',
  pruned: 'pruned',
  differs: 'LEFT ALONE: tally and ledger differ, see npm run recount',
  not_over: 'LEFT ALONE: it has changed meanwhile',
} as const satisfies Record<Outcome, string>

function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10)
}
