import type { Poll, TallyMessage } from '../../client/src/index.ts'

/** What a poll and its tally come to. Counts are null where results are hidden. */
export type Standing = {
  readonly status: TallyMessage['status']
  readonly isFinal: boolean
  readonly totalVotes: number | null
  readonly options: readonly OptionStanding[]
}

export type OptionStanding = {
  readonly id: number
  readonly text: string
  readonly votes: number | null
  /** Of all votes, 0 to 1; null where it is hidden. */
  readonly share: number | null
  readonly isWinner: boolean
}

/** The newest that is known: the tally says where the poll is and how it stands, the definition what its options say. */
export function standingOf(poll: Poll, tally: TallyMessage | null): Standing {
  const { status, total_votes: totalVotes, results_final: isFinal, options: counted } = tally ?? poll
  const votesOf = (id: number): number | null => counted.find((option) => option.id === id)?.votes ?? null
  const most = Math.max(...counted.map(({ votes }) => votes ?? 0))
  const options = poll.options.map(({ id, text }) => {
    const votes = votesOf(id)
    const share = votes === null || totalVotes === null ? null : votes / Math.max(totalVotes, 1)
    return { id, text, votes, share, isWinner: isFinal && votes !== null && votes > 0 && votes === most }
  })
  return { status, isFinal, totalVotes, options }
}

/** Whether this choice may be sent, and if not why. */
export function judgeChoice(
  { min_choices: least, max_choices: most }: Pick<Poll, 'min_choices' | 'max_choices'>,
  chosen: number,
): 'good' | 'nothing' | 'too_few' | 'too_many' {
  if (chosen === 0) return 'nothing'
  if (chosen < least) return 'too_few'
  return chosen > most ? 'too_many' : 'good'
}
