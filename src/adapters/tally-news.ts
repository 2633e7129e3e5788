import type { Tally } from '../domain/tally.ts'

/** A tally as it travels between processes. Only these are told of its trace: what viewers see is made of the tally. */
export type TallyNews = Tally & { readonly traceparent?: string }

export function packTally(tally: Tally, traceparent: string | undefined): TallyNews {
  return traceparent === undefined ? tally : { ...tally, traceparent }
}

export function tellTally(news: TallyNews, onTally: (tally: Tally, traceparent?: string) => void): void {
  const { traceparent, ...tally } = news
  onTally(tally, traceparent)
}
