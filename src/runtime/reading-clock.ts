import { performance } from 'node:perf_hooks'

export type ReadingClock = {
  /** Another number in each turn of the event loop that is asked about. */
  readonly turn: () => number
  /** For how long the event loop has been in its present turn, in milliseconds. */
  readonly turnMs: () => number
  /** The longest that what is read in this turn can have lain unread by now, in milliseconds. */
  readonly unreadMs: () => number
}

/**
 * How far this process is behind with reading what others sent.
 *
 * Background: what has arrived lies in the kernel until the event loop comes round to it, and nothing says since when. The naive
 * way is a timer that is late by as much as the loop is, or `monitorEventLoopDelay`, which is a histogram of such timers: both tell
 * of turns that are over, and nothing of the one that is becoming long. Here each turn knows when it began to read. The loop asks
 * once in a turn what has arrived: what it reads now came after it had asked in the turn before, or, where there was nothing and it
 * had to wait, has just come.
 */
export function createReadingClock(): ReadingClock {
  const { nodeTiming } = performance
  let endedAt = performance.now()
  let idleAtEnd = nodeTiming.idleTime
  let turn = { number: 0, beganAt: endedAt, cameAfter: endedAt }
  let isNew = false

  /** The present turn. It is looked at while it reads, so the time in which it had nothing to do is over. */
  function presentTurn(): typeof turn {
    if (!isNew) return turn
    isNew = false
    const idleMs = nodeTiming.idleTime - idleAtEnd
    const beganAt = endedAt + idleMs
    turn = { number: turn.number + 1, beganAt, cameAfter: idleMs > 0 ? beganAt : turn.beganAt }
    return turn
  }

  // Comes once in each turn, behind the reading. Without a reference it keeps the loop neither from waiting nor from ending.
  function endTurn(): void {
    presentTurn()
    isNew = true
    endedAt = performance.now()
    idleAtEnd = nodeTiming.idleTime
    setImmediate(endTurn).unref()
  }
  setImmediate(endTurn).unref()

  return {
    turn: () => presentTurn().number,
    turnMs: () => performance.now() - presentTurn().beganAt,
    unreadMs: () => performance.now() - presentTurn().cameAfter,
  }
}
