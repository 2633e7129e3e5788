import type { Audience } from '../../domain/tally.ts'
import type { Clock } from '../clock.ts'
import { type Frames, messageId } from './tally-message.ts'
import type { LivePoll } from '../watch-poll.ts'

/** Where the frames for one viewer go. */
export type Outlet = {
  /** As whom the viewer sees this state. */
  audienceOf(live: LivePoll): Audience
  /** Too much of what was sent before has not left yet. */
  isFull(): boolean
  send(frame: Buffer): void
  /** It has been full for too long. */
  giveUp(): void
}

export type SendNewestLimits = {
  /** How often outlets that were full are looked at again. */
  readonly retryEveryMs: number
  /** A viewer that has taken nothing for this long is given up. */
  readonly behindMaxMs: number
}

export const sendNewestLimits: SendNewestLimits = { retryEveryMs: 250, behindMaxMs: 10_000 }

export type SendNewest = {
  /** Shows the first state at once. */
  open(outlet: Outlet, first: LivePoll): NewestLine
  behindCount(): number
  stop(): void
}

export type NewestLine = {
  show(live: LivePoll): void
  /** Nothing is sent any more, whatever is still shown. */
  close(): void
}

/**
 * Sends each viewer what is newest, and nothing twice. A viewer that is slow to take it is skipped, not queued for: every
 * message is the whole state, so only the newest is worth its memory. It gets that as soon as it has room, also where
 * nothing changes any more. One timer serves all, and runs only while somebody is behind.
 */
export function createSendNewest(frames: Frames, clock: Clock, limits: Partial<SendNewestLimits> = {}): SendNewest {
  const { retryEveryMs, behindMaxMs } = { ...sendNewestLimits, ...limits }
  const behind = new Set<Line>()
  let cancelRetry: (() => void) | null = null

  /** A class, so that thousands of lines share their methods. */
  class Line implements NewestLine {
    readonly outlet: Outlet
    shownId: string | null = null
    waiting: LivePoll | null = null
    behindSince = 0
    isClosed = false

    constructor(outlet: Outlet) {
      this.outlet = outlet
    }

    show(live: LivePoll): void {
      offer(this, live)
    }

    close(): void {
      this.isClosed = true
      catchUp(this)
    }
  }

  function offer(line: Line, live: LivePoll): void {
    if (line.isClosed) return
    const { outlet } = line
    const audience = outlet.audienceOf(live)
    const id = messageId(live, audience)
    if (id === line.shownId) return catchUp(line)
    if (!outlet.isFull()) {
      line.shownId = id
      catchUp(line)
      return outlet.send(frames(live, audience))
    }
    line.waiting = live
    if (behind.has(line)) return
    line.behindSince = clock.now()
    behind.add(line)
    cancelRetry ??= clock.after(retryEveryMs, retry)
  }

  function catchUp(line: Line): void {
    if (line.waiting === null) return
    line.waiting = null
    behind.delete(line)
  }

  function retry(): void {
    for (const line of behind) {
      if (line.waiting !== null && !line.outlet.isFull()) {
        offer(line, line.waiting)
      } else if (clock.now() - line.behindSince > behindMaxMs) {
        catchUp(line)
        line.outlet.giveUp()
      }
    }
    cancelRetry = behind.size === 0 ? null : clock.after(retryEveryMs, retry)
  }

  return {
    open(outlet, first) {
      const line = new Line(outlet)
      offer(line, first)
      return line
    },
    behindCount: () => behind.size,
    stop() {
      cancelRetry?.()
      cancelRetry = null
      behind.clear()
    },
  }
}
