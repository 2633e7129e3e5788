/** Counts of a tally, or of a definition, as whoever looks may see them. */
export type Counted = {
  readonly options: readonly { readonly id: number; readonly votes: number | null }[]
  readonly total_votes: number | null
  readonly results_final: boolean
}

/** An option and how it stands. */
export type CountedOption = {
  readonly id: number
  readonly text: string
  /** Null where the result is hidden. */
  readonly votes: number | null
  /** Of all votes, 0 to 1; null where the result is hidden. */
  readonly share: number | null
  /** No other option has more votes, and it has some. */
  readonly isLeading: boolean
  /** It leads, and nobody can overtake it any more. */
  readonly hasWon: boolean
}

/**
 * The options of a poll, in its order, with their counts. Those are the newest that are known; `counted` is null where none shall be seen. An option that
 * they do not have yet has no votes.
 */
export function countOptions(
  options: readonly { readonly id: number; readonly text: string }[],
  counted: Counted | null,
): readonly CountedOption[] {
  const total = counted?.total_votes ?? null
  if (counted === null || total === null) return options.map(hide)
  const votesOf = new Map(counted.options.map(({ id, votes }) => [id, votes ?? 0]))
  // Nobody leads without a vote.
  const highest = Math.max(1, ...votesOf.values())
  return options.map(({ id, text }) => {
    const votes = votesOf.get(id) ?? 0
    const isLeading = votes === highest
    return { id, text, votes, share: shareOf(votes, total), isLeading, hasWon: isLeading && counted.results_final }
  })
}

/** The first of those with the most votes; null while there is none. */
export function leadingOption(options: readonly CountedOption[]): CountedOption | null {
  return options.find(({ isLeading }) => isLeading) ?? null
}

function hide({ id, text }: Pick<CountedOption, 'id' | 'text'>): CountedOption {
  return { id, text, votes: null, share: null, isLeading: false, hasWon: false }
}

/** Nothing is no share of nothing. */
function shareOf(votes: number, total: number): number {
  return total === 0 ? 0 : votes / total
}
