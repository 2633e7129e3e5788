import { type Counted, type CountedOption, countOptions } from '../poll/count-options.ts'

/** An option and its bar, where the screen has room for it. */
export type Bar = CountedOption & {
  /** How much of its track the bar fills, 0 to 1. */
  readonly length: number
  /** From 0: down the first column, then down the next. */
  readonly place: number
}

/** How large a bar's text can be; the styles say how large that is. */
export type BarSize = 'huge' | 'large' | 'medium' | 'small' | 'tiny' | 'least'

export type Arrangement = {
  /** In the order of the poll, whatever their places: what moves on the screen stays where it is in the page. */
  readonly bars: readonly Bar[]
  readonly columns: number
  readonly rows: number
  readonly size: BarSize
  /** The most voted first; otherwise in the order of the poll. */
  readonly isRanked: boolean
  /** Options for which there is no room. */
  readonly left: number
}

/** With more, nobody in a hall could read them. */
export const barsMax = 30
/** Up to so many stay in the order of the poll, where people look for them; among more, what leads is what is looked for. */
const unrankedMax = 12
/** The first grid that has room for all. */
const grids = [
  { most: 2, columns: 1, size: 'huge' },
  { most: 4, columns: 1, size: 'large' },
  { most: 6, columns: 1, size: 'medium' },
  { most: unrankedMax, columns: 2, size: 'small' },
  { most: 20, columns: 2, size: 'tiny' },
  { most: barsMax, columns: 2, size: 'least' },
] as const

/** What of a poll is on the screen, and where. `counted` is null where no counts shall be seen: then everything stands in the order of the poll. */
export function arrange(
  options: readonly { readonly id: number; readonly text: string }[],
  counted: Counted | null,
): Arrangement {
  const all = countOptions(options, counted)
  const isRanked = counted !== null && options.length > unrankedMax
  // Equal ones keep the order of the poll: the sort is stable.
  const ranked = isRanked ? [...all].sort((a, b) => votesOf(b) - votesOf(a)) : all
  const places = new Map(ranked.slice(0, barsMax).map(({ id }, place) => [id, place]))
  const highest = Math.max(1, ...all.map(votesOf))
  const bars = all.flatMap((option) => {
    const place = places.get(option.id)
    if (place === undefined) return []
    // A share of the whole can be read off a track; where there are many, each is small, and they are compared with the first.
    const length = isRanked ? votesOf(option) / highest : (option.share ?? 0)
    return [{ ...option, length, place }]
  })
  // The last grid takes as many as are ever shown.
  const { columns, size } = grids.find(({ most }) => bars.length <= most)!
  const left = options.length - bars.length
  return { bars, columns, rows: Math.ceil(bars.length / columns), size, isRanked, left }
}

function votesOf({ votes }: CountedOption): number {
  return votes ?? 0
}
