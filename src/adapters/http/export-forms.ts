import type { ExportedPoll, ExportedVote } from '../../application/export-poll.ts'
import { csvLine } from './csv.ts'
import { pollBody, resultsBody } from './poll-body.ts'

/** A line per option in the order of the poll. Counts and shares that are hidden are empty cells. */
export function totalsCsv({ live: { poll, tally }, isVisible }: ExportedPoll): string {
  const total = tally.totalVotes
  const votes = new Map(tally.optionIds.map((id, index) => [id, tally.counts[index] ?? 0]))
  const lines = poll.options.map(({ id, text }) => {
    const count = votes.get(id) ?? 0
    const counts = isVisible ? [count, percentOf(count, total), total] : [null, null, null]
    return csvLine([id, text, ...counts, poll.question])
  })
  return ['option_id,text,votes,percent,total_votes,question\r\n', ...lines].join('')
}

/** To a hundredth. */
function percentOf(count: number, total: number): number {
  return total === 0 ? 0 : Math.round((count / total) * 10_000) / 100
}

/**
 * A line per chosen option, those of one voter behind each other: so lines can be counted and grouped whether one option was chosen or
 * several. In pieces of a page each.
 */
export async function* votesCsv(
  { live }: ExportedPoll,
  pages: AsyncIterable<readonly ExportedVote[]>,
): AsyncIterable<string> {
  const endings = new Map(live.poll.options.map(({ id, text }) => [id, csvLine([id, text])]))
  let piece = 'voter,option_id,text\r\n'
  for await (const page of pages) {
    for (const { voter, selection } of page) {
      for (const id of selection) piece += `"${voter}",${endings.get(id) ?? csvLine([id, null])}`
    }
    yield piece
    piece = ''
  }
  if (piece !== '') yield piece
}

/**
 * One document: poll and totals as the calls of those names have them, then the votes, in pieces of a page each. Where this caller may
 * not see votes there are no pages, and null stands in their place.
 */
export function pollJson(exported: ExportedPoll): string {
  return `${beforeVotes(exported)}null}`
}

export async function* votesJson(
  exported: ExportedPoll,
  pages: AsyncIterable<readonly ExportedVote[]>,
): AsyncIterable<string> {
  let piece = `${beforeVotes(exported)}[`
  let comma = ''
  for await (const page of pages) {
    for (const { voter, selection } of page) {
      piece += `${comma}{"voter":"${voter}","option_ids":[${selection.join(',')}]}`
      comma = ','
    }
    yield piece
    piece = ''
  }
  yield `${piece}]}`
}

function beforeVotes({ live, isVisible }: ExportedPoll): string {
  const poll = JSON.stringify(pollBody(live, isVisible))
  const totals = JSON.stringify(resultsBody(live, isVisible))
  return `{"poll":${poll},"totals":${totals},"votes":`
}
