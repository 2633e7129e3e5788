/** Pieces of SVG as text. */
type Attributes = Readonly<Record<string, string | number>>

/** Blue says that a goal is met, orange that it is missed; a word beside it says the same to those who see no difference. */
const style = `
text { font: 13px system-ui, -apple-system, "Segoe UI", sans-serif; fill: var(--ink) }
.head { font-size: 17px; font-weight: 650 }
.stage { font-weight: 650 }
.small { font-size: 11.5px }
.muted { fill: var(--muted) }
.number { font-variant-numeric: tabular-nums }
.card { fill: var(--card) }
.grid { stroke: var(--grid) }
.floor { stroke: var(--ink); stroke-width: 1.25; stroke-dasharray: 3 3 }
.goal { stroke: var(--ink); stroke-width: 2.5 }
.track { fill: var(--grid) }
.met { fill: var(--met) }
.missed { fill: var(--missed) }
.aimless { fill: var(--muted) }
.line { fill: none; stroke-width: 2.25; stroke-linejoin: round; stroke-linecap: round }
.dot { stroke: var(--card); stroke-width: 1.5 }
`
const light = '--card:#fcfbf8;--ink:#1b2430;--muted:#5c6876;--grid:#e4e6e8;--met:#2f6db5;--missed:#c4501f'
const dark = '--card:#11161d;--ink:#e9edf2;--muted:#9ba7b4;--grid:#2a323c;--met:#6caaf0;--missed:#f28b58'
/** Told apart in both schemes, and by people who see red and green alike. */
const lineColours = [
  ['#2f6db5', '#6caaf0'],
  ['#c4501f', '#f28b58'],
  ['#1d8171', '#4cc3ae'],
  ['#8250b8', '#b995ec'],
  ['#9a6a00', '#e0b040'],
  ['#b03a74', '#ee82b4'],
] as const

/** The class of the nth line of a chart. */
export function lineClass(index: number): string {
  return `colour${index % lineColours.length}`
}

function coloursOf(scheme: 0 | 1): string {
  return lineColours.map((pair, index) => `--colour${index}:${pair[scheme]}`).join(';')
}

export function element(name: string, attributes: Attributes, content = ''): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${attributeText(value)}"`)
  return content === '' ? `<${name}${written.join('')}/>` : `<${name}${written.join('')}>${content}</${name}>`
}

/** Throws for what is no number: a chart that shows NaN shows nothing, and says so to nobody. */
function attributeText(value: string | number): string {
  if (typeof value === 'string') return escapeText(value)
  if (!Number.isFinite(value)) throw new Error(`a chart cannot show ${value}`)
  return String(Math.round(value * 100) / 100)
}

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}

export function label(x: number, y: number, content: string, look: Attributes = {}): string {
  return element('text', { x, y, ...look }, escapeText(content))
}

export function line(fromX: number, fromY: number, toX: number, toY: number, look: string): string {
  return element('line', { x1: fromX, y1: fromY, x2: toX, y2: toY, class: look })
}

export type Sheet = {
  readonly width: number
  readonly height: number
  /** What the chart shows. */
  readonly title: string
  /** The numbers in words, for those who do not see the chart. */
  readonly description: string
  readonly marks: readonly string[]
}

/** A card with a ground of its own, so that it can be read on light pages and on dark ones. */
export function drawSheet({ width, height, title, description, marks }: Sheet): string {
  const lines = lineColours.map(
    (_, index) => `.line.colour${index}{stroke:var(--colour${index})}.fill.colour${index}{fill:var(--colour${index})}`,
  )
  const schemes = `svg{${light};${coloursOf(0)}}@media(prefers-color-scheme:dark){svg{${dark};${coloursOf(1)}}}`
  return `${element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      role: 'img',
      'aria-labelledby': 'title description',
    },
    [
      '',
      element('title', { id: 'title' }, escapeText(title)),
      element('desc', { id: 'description' }, escapeText(description)),
      element('style', {}, `${schemes}${style}${lines.join('\n')}`),
      element('rect', { width, height, rx: 12, class: 'card' }),
      ...marks,
      '',
    ].join('\n'),
  )}\n`
}
