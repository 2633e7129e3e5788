import type { Result } from '../bench.ts'
import type { Figure } from '../figure.ts'
import { isMet } from '../figure.ts'
import { describeGoal, formatNumber } from '../report.ts'

type Marks = { readonly begin: string; readonly end: string }

const figuresMarks: Marks = {
  begin: '<!-- figures: npm run bench:charts writes what stands between these marks -->',
  end: '<!-- end of figures -->',
}

/** Every figure of every accepted run as a table in Markdown, with what was checked meanwhile. */
export function figuresTable(results: readonly Result[]): string {
  return results.map(describeResult).join('\n\n')
}

/** Puts the text in the place of what stands between the marks. */
export function placeBetweenMarks(page: string, text: string, marks: Marks = figuresMarks): string {
  const [begin, end] = [page.indexOf(marks.begin), page.indexOf(marks.end)]
  if (begin === -1 || end < begin)
    throw new Error(`the page has no place for the figures: ${marks.begin} … ${marks.end}`)
  return `${page.slice(0, begin)}${marks.begin}\n\n${text}\n\n${page.slice(end)}`
}

function describeResult({ stage, figures, checked, measuredAt, commit, machine }: Result): string {
  const { cpu, cores, memoryGiB, system, node } = machine
  return [
    `### ${stage}`,
    '',
    markdownTable([['', 'measured', 'floor', 'ratio', 'goal', ''], ...figures.map(describeFigure)]),
    '',
    `Checked in the same run: ${checked.join('; ')}.`,
    '',
    `${measuredAt.slice(0, 10)}, commit ${commit}, ${cpu}, ${cores} cores, ${memoryGiB} GiB, ${system}, Node ${node}.`,
  ].join('\n')
}

function describeFigure(figure: Figure): readonly string[] {
  const { what, value, unit, floor, ratio, goal } = figure
  return [
    what,
    `${formatNumber(value)} ${unit}`,
    floor === null ? '' : `${formatNumber(floor.value)} (${floor.what})`,
    ratio === null ? '' : ratio.toFixed(2),
    goal === null ? '' : describeGoal(goal, ratio !== null ? ' x' : ''),
    { true: 'met', false: '**missed**', null: '' }[String(isMet(figure))] ?? '',
  ]
}

/** In the form in which the formatter leaves it, so that a page that was just written needs no second pass. */
export function markdownTable(rows: readonly (readonly string[])[]): string {
  const escaped = rows.map((row) =>
    row.map((cell) => cell.replaceAll('|', '\\|').replace('<=', '≤').replace('>=', '≥')),
  )
  const widths = (escaped[0] ?? []).map((_, column) => Math.max(3, ...escaped.map((row) => row[column]?.length ?? 0)))
  const write = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  const [head = [], ...rest] = escaped.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)))
  return [write(head), write(widths.map((width) => '-'.repeat(width))), ...rest.map(write)].join('\n')
}
