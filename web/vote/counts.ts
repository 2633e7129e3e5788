import type { Poll, TallyMessage } from '../../client/src/index.ts'

/** An option as a reader sees it. Votes and share are null where the result is hidden. */
export type Row = {
  readonly id: number
  readonly text: string
  readonly votes: number | null
  /** Of all votes, 0 to 1. */
  readonly share: number | null
  readonly isMine: boolean
  /** Nobody can overtake it any more. */
  readonly hasWon: boolean
}

type Counted = Pick<TallyMessage, 'options' | 'total_votes' | 'results_final'>

/** The options of a poll with their counts. One that the tally does not know yet has no votes. */
export function countRows(
  { options }: Pick<Poll, 'options'>,
  { options: counts, total_votes: total, results_final: isFinal }: Counted,
  ownVote: readonly number[] | null,
): readonly Row[] {
  const votesOf = new Map(counts.map(({ id, votes }) => [id, votes ?? 0]))
  const highest = Math.max(1, ...votesOf.values())
  return options.map(({ id, text }) => {
    const votes = total === null ? null : (votesOf.get(id) ?? 0)
    return {
      id,
      text,
      votes,
      share: votes === null ? null : shareOf(votes, total),
      isMine: ownVote?.includes(id) ?? false,
      hasWon: isFinal && votes !== null && votes >= highest,
    }
  })
}

function shareOf(votes: number, total: number | null): number {
  return total === null || total === 0 ? 0 : votes / total
}

/** The first of those with the most votes; null while there is none. */
export function leadingRow(rows: readonly Row[]): Row | null {
  const counted = rows.filter(({ votes }) => votes !== null && votes > 0)
  return counted.reduce<Row | null>((first, row) => ((row.votes ?? 0) > (first?.votes ?? 0) ? row : first), null)
}
