import { type Figure, type Goal, isMet, type Outcome } from './figure.ts'

/** The table of one benchmark, as text. */
export function describeOutcome(name: string, { figures, checked }: Outcome): string {
  const rows = figures.map((figure) => [
    figure.what,
    `${formatNumber(figure.value)} ${figure.unit}`,
    figure.floor === null ? '' : `${formatNumber(figure.floor.value)} (${figure.floor.what})`,
    figure.ratio === null ? '' : figure.ratio.toFixed(2),
    figure.goal === null ? '' : describeGoal(figure.goal, figure.ratio !== null ? ' x' : ''),
    { true: 'met', false: 'MISSED', null: '' }[String(isMet(figure))] ?? '',
  ])
  return [
    table([[name, 'figure', 'floor', 'ratio', 'goal', ''], ...rows]),
    ...checked.map((what) => `  checked: ${what}`),
  ].join('\n')
}

/** What changed since the accepted run, figure by figure. */
export function describeChange(name: string, before: Outcome, now: Outcome): string {
  const rows = now.figures.flatMap((figure) => {
    const earlier = before.figures.find(({ what }) => what === figure.what)
    if (earlier === undefined) return []
    const change = judgedOf(figure) / judgedOf(earlier) - 1
    return [[figure.what, show(earlier), show(figure), `${change >= 0 ? '+' : ''}${(change * 100).toFixed(1)} %`]]
  })
  return table([[`${name}, compared`, 'accepted', 'now', 'change'], ...rows])
}

/** Of figures with a floor the ratio is compared: the machine of today may be slower than that of then. */
function judgedOf({ ratio, value }: Figure): number {
  return ratio ?? value
}

function show(figure: Figure): string {
  return figure.ratio === null ? `${formatNumber(figure.value)} ${figure.unit}` : `${figure.ratio.toFixed(2)} x`
}

export function describeGoal(goal: Goal, unit: string): string {
  return 'atMost' in goal ? `<= ${formatNumber(goal.atMost)}${unit}` : `>= ${formatNumber(goal.atLeast)}${unit}`
}

export function formatNumber(value: number): string {
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en')
  return value.toFixed(Math.abs(value) >= 100 ? 0 : 2)
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  const [head = '', ...rest] = lines
  return [head, widths.map((width) => '-'.repeat(width)).join('  '), ...rest].join('\n')
}
