import type { TallyMessage } from '../../contract/messages.ts'
import type { Poll } from '../../client/src/polls.ts'
import { type Bar, drawBars, pickBars } from '../../src/terminal/bars.ts'
import { formatNumber, formatVotes } from '../../src/terminal/format-number.ts'
import { printable } from '../../src/terminal/printable.ts'
import { type Output, type Space, spaceOf } from '../../src/terminal/space.ts'
import { fitText } from '../../src/terminal/text-width.ts'

/** What a poll's results are made of, whichever call or message brought them. */
export type Standing = Pick<TallyMessage, 'status' | 'total_votes' | 'results_final'> & {
  readonly options: readonly { readonly id: number; readonly votes: number | null }[]
}

export type Texts = Pick<Poll, 'question' | 'options'>

/** Lines besides the bars, and the one in which the cursor waits. */
const otherRows = 6

export function describeStanding({ status, total_votes: total, results_final: isFinal }: Standing): string {
  return [status, total === null ? 'results hidden' : formatVotes(total), ...(isFinal ? ['final'] : [])].join(' · ')
}

/** The whole of a poll on one screen. `note` is what is to be said of the connection; empty where nothing is. */
export function drawPoll(texts: Texts, standing: Standing, note: string, space: Space): readonly string[] {
  const bars = barsOf(texts, standing)
  const shown = pickBars(bars, space.rows - otherRows)
  const left = bars.length - shown.length
  const line = (text: string): string => fitText(text, space.columns - 1).trimEnd()
  return [
    '',
    line(`  ${printable(texts.question)}`),
    '',
    ...drawBars(shown, standing.total_votes ?? 0, space),
    left === 0 ? '' : line(`  … and ${formatNumber(left)} more`),
    line(`  ${describeStanding(standing)}${note === '' ? '' : ` · ${note}`}`),
  ]
}

/** A poll as a command leaves it: all its options, however many rows that takes. */
export function drawWhole(poll: Poll, stdout: Output): readonly string[] {
  return drawPoll(poll, poll, '', { ...spaceOf(stdout), rows: Infinity })
}

/** The same in one line, for whoever keeps lines. */
export function writePoll(texts: Texts, standing: Standing, asOf: string | null): string {
  const counts = barsOf(texts, standing).map(
    ({ text, votes }) => `${text} ${votes === null ? '-' : formatNumber(votes)}`,
  )
  return `${asOf ?? '-'}  ${describeStanding(standing)}  |  ${counts.join(', ')}`
}

function barsOf(texts: Texts, { options }: Standing): readonly Bar[] {
  const known = new Map(texts.options.map(({ id, text }) => [id, printable(text)]))
  return options.map(({ id, votes }) => ({ text: known.get(id) ?? `option ${id}`, votes }))
}
