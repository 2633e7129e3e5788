import { expect, test } from 'vitest'
import type { TallyMessage } from '../../contract/messages.ts'
import type { WatchStatus } from '../../client/src/watch-state.ts'
import { createBarsView, createLinesView, writeJson, writeLine } from '../../cli/src/watch-view.ts'

const texts = {
  question: 'Tea or coffee?\u001B[2J',
  options: Array.from({ length: 12 }, (_, index) => ({
    id: index + 1,
    text: `n${index + 1}`,
    position: index,
    votes: 0,
  })),
}
const tally: TallyMessage = {
  type: 'tally',
  poll_id: 'x',
  round: 1,
  version: 4,
  revision: 1,
  as_of: '2026-11-29T20:00:00.000Z',
  status: 'open',
  options: texts.options.map(({ id }) => ({ id, votes: id === 7 ? 3 : 0 })),
  total_votes: 3,
  results_final: false,
}
const hidden: TallyMessage = {
  ...tally,
  as_of: null,
  version: null,
  total_votes: null,
  options: [
    { id: 1, votes: null },
    { id: 99, votes: null },
  ],
}
const lossAndReturn: readonly WatchStatus[] = [
  ...(['connecting', 'live', 'waiting', 'connecting', 'waiting', 'connecting'] as const),
  ...(['live', 'waiting', 'connecting', 'live', 'closed'] as const),
]

const record = (rows = 20) => {
  const written: string[] = []
  return { written, output: { isTTY: true, columns: 60, rows, write: (text: string) => void written.push(text) } }
}

test('in lines, a loss is said once, and so is the return, however many attempts lie between', () => {
  const [out, errors] = [record(), record()]
  const view = createLinesView({ stdout: out.output, stderr: errors.output }, writeLine)
  lossAndReturn.forEach(view.showStatus)
  const once = ['tallycast: connection lost, trying again …\n', 'tallycast: connected again\n']
  expect(errors.written).toEqual([...once, ...once])
  expect(out.written).toEqual([])
})

test('a line has the time, the state and each count; hidden counts are not called none', () => {
  expect(writeLine(tally, { ...texts, options: texts.options.slice(0, 1) })).toMatch(
    /^2026-11-29T20:00:00\.000Z {2}open · 3 votes {2}\| {2}n1 0, option 2 0, /,
  )
  expect(writeLine(hidden, texts)).toBe('-  open · results hidden  |  n1 -, option 99 -')
  expect(JSON.parse(writeJson(hidden))).toEqual(hidden)
})

test('as bars, what is said of the connection stands beside the state while it is lost, and the window stays as it was', () => {
  const { written, output } = record()
  const view = createBarsView(output)
  view.showStatus('waiting')
  expect(written).toEqual([])
  view.showTally(tally, texts)
  lossAndReturn.slice(0, 4).forEach(view.showStatus)
  expect(written.at(-1)).toContain('open · 3 votes · connection lost, trying again …')
  view.showStatus('live')
  expect(written.at(-1)).not.toContain('connection')
  expect(written.at(-1)).toContain('Tea or coffee?\u{fffd}[2J')
})

test('a window that is too low for all options shows those with the most votes, and how many more there are', () => {
  const { written, output } = record(10)
  createBarsView(output).showTally(tally, texts)
  const lines = (written[0] ?? '').split('\n')
  // The last one is where the cursor waits.
  expect(lines).toHaveLength(10)
  expect(lines[3]).toMatch(/^ {2}n7 .*█ +3 {2}100\.0 %/)
  expect(lines[7]).toMatch(/^ {2}… and 8 more/)
})

test('hidden results have neither bars nor a number of votes', () => {
  const { written, output } = record()
  createBarsView(output).showTally(hidden, texts)
  expect(written[0]).toContain('open · results hidden')
  expect(written[0]).not.toMatch(/[█%]/)
})
