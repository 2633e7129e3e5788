import { isPollId } from '../poll-id.ts'
import type { Clock } from '../clock.ts'

export type UnknownPolls = {
  has(pollId: string): boolean
  add(pollId: string): void
  forget(pollId: string): void
}

/**
 * The ids that were asked for lately and are nothing, so that asking again does not wear out the store. What cannot be an id at
 * all is unknown without asking.
 */
export function createUnknownPolls(clock: Clock, idsMax: number, keptMs: number): UnknownPolls {
  const until = new Map<string, number>()
  return {
    has: (pollId) => !isPollId(pollId) || (until.get(pollId) ?? Number.NEGATIVE_INFINITY) > clock.now(),
    add(pollId) {
      until.delete(pollId)
      until.set(pollId, clock.now() + keptMs)
      const [oldest] = until.keys()
      if (until.size > idsMax && oldest !== undefined) until.delete(oldest)
    },
    forget(pollId) {
      until.delete(pollId)
    },
  }
}
