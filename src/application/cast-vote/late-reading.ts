import type { Clock } from '../clock.ts'

/** How far this process is behind with reading requests. */
export type Reading = {
  /** Another number in each turn of the event loop. */
  readonly turn: () => number
  /** For how long the event loop has been in its present turn, in milliseconds. */
  readonly turnMs: () => number
  /** The longest that what is read now can have lain unread, in milliseconds. */
  readonly unreadMs: () => number
}

export type ReadingLimits = {
  /**
   * What may have lain unread for longer is late. So much may come at once. Who is let in waits about as long again for the turn that
   * reads it: with ten times the accepted rate offered for a minute, 99 of 100 had their answer after 0.59 to 0.87 s in four runs, and
   * with a limit of 250 ms after 0.42 to 0.89 s in five (test/journeys/overload.test.ts, 2 cores). But then a flood of nonsense
   * (test/journeys/hostile-input.test.ts) let voters hear `overloaded` more often than they try again; with 500 ms it does not.
   */
  readonly unreadMsMax: number
  /** Instead of it while overload lasts: then turns are shorter, so that answers come sooner. */
  readonly overloadUnreadMsMax: number
  /** Overload is over when nothing was late for this time. */
  readonly overloadMs: number
  /**
   * In this share of the time nothing is late. A pause of the machine sends nobody away while few come, and in the greatest overload
   * somebody is let in.
   */
  readonly promptShareMin: number
  /** So many votes of a turn are never late: a turn that is long for fewer is long for something else, and no shorter without them. */
  readonly promptVotesMin: number
}

export const READING_LIMITS: ReadingLimits = {
  unreadMsMax: 500,
  overloadUnreadMsMax: 25,
  overloadMs: 250,
  promptShareMin: 0.1,
  promptVotesMin: 32,
}

/**
 * Tells whether what is read now is late.
 *
 * Background: under more load than there is time for, requests wait unread, where no queue of ours sees them. To refuse one takes a
 * quarter of the time in which one is accepted: some 16 and 70 us of this process, worked out from its CPU time under 25,000 and 45,000
 * offered votes a second (test/support/crowd.ts, a few seconds each, 2 cores). The naive limits are a rate,
 * which fits one machine, and a number of requests, which says nothing of time. Here turns of the event loop that become long are cut
 * short by refusing the rest of what they read. So the next one comes sooner, and whatever refusing leaves of the time is for those who
 * are let in, however much comes. Turns may also be long for what hosts bring in bulk: then the few votes between it are let in.
 */
export function createIsReadLate(
  reading: Reading,
  clock: Clock,
  limits: ReadingLimits = READING_LIMITS,
): () => boolean {
  let lateAt = Number.NEGATIVE_INFINITY
  let turn = reading.turn()
  let letIn = 0

  function isPrompt(): boolean {
    if (letIn < limits.promptVotesMin) return true
    const unreadMs = reading.unreadMs()
    if (unreadMs <= limits.overloadUnreadMsMax || reading.turnMs() <= limits.promptShareMin * unreadMs) return true
    const now = clock.now()
    if (unreadMs <= limits.unreadMsMax && now - lateAt >= limits.overloadMs) return true
    lateAt = now
    return false
  }

  return () => {
    if (reading.turn() !== turn) {
      turn = reading.turn()
      letIn = 0
    }
    if (!isPrompt()) return true
    letIn += 1
    return false
  }
}
