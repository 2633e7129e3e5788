import type { TallyMessage } from '../../contract/messages.ts'
import type { WatchStatus } from '../../client/src/watch-state.ts'
import { createBlock } from '../../src/terminal/block.ts'
import { type Output, spaceOf } from '../../src/terminal/space.ts'
import { drawPoll, type Texts, writePoll } from './standing.ts'

/** Where a watch is seen. */
export type WatchView = {
  readonly showTally: (tally: TallyMessage, texts: Texts) => void
  readonly showStatus: (status: WatchStatus) => void
  /** The size of the window has changed. */
  readonly redraw: () => void
}

const lost = 'connection lost, trying again …'

/** Bars that are drawn over again, as wide as the window is. */
export function createBarsView(stdout: Output): WatchView {
  const block = createBlock(stdout)
  let shown: readonly [TallyMessage, Texts] | null = null
  let note = ''

  function redraw(): void {
    if (shown === null) return
    const [tally, texts] = shown
    block.draw(drawPoll(texts, tally, note, spaceOf(stdout)))
  }

  return {
    showTally(tally, texts) {
      shown = [tally, texts]
      redraw()
    },
    showStatus(status) {
      if (status === 'connecting') return
      note = status === 'waiting' ? lost : ''
      redraw()
    },
    redraw,
  }
}

/** A line for each update, made by `write`; what becomes of the connection is said beside them. */
export function createLinesView(
  { stdout, stderr }: { readonly stdout: Output; readonly stderr: Output },
  write: (tally: TallyMessage, texts: Texts) => string,
): WatchView {
  let isLost = false
  return {
    showTally: (tally, texts) => void stdout.write(`${write(tally, texts)}\n`),
    showStatus(status) {
      if (status === 'waiting' && !isLost) stderr.write(`tallycast: ${lost}\n`)
      if (status === 'live' && isLost) stderr.write('tallycast: connected again\n')
      isLost = status === 'waiting' || (isLost && status === 'connecting')
    },
    redraw: () => undefined,
  }
}

export function writeLine(tally: TallyMessage, texts: Texts): string {
  return writePoll(texts, tally, tally.as_of)
}

export function writeJson(tally: TallyMessage): string {
  return JSON.stringify(tally)
}
