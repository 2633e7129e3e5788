import { DependencyMoving } from '../../ports/unavailable.ts'
import type { DoorAnswer, DoorCall, VoteDoor } from '../../ports/vote-door.ts'
import type { Clock } from '../clock.ts'

/** What came of each call; `later`: it had no answer yet, and is worth asking for again. Null where no answer came. */
type Outcomes = readonly (DoorAnswer | 'later')[] | null

/**
 * Appends within the time given, the second try included. Where some of the polls are on their way to another server, each is asked for
 * alone: of those that can be judged no voter waits for the others.
 */
export function createPatientAppend(
  append: VoteDoor['append'],
  repeatAfterMs: number,
  clock: Clock,
  report: (fault: unknown) => void,
): (partition: number, calls: readonly DoorCall[], withinMs: number) => Promise<Outcomes> {
  /** Resolves with null when the time is up; what comes after that is too late for anybody. */
  async function appendWithin(partition: number, calls: readonly DoorCall[], ms: number): Promise<Outcomes> {
    const { promise: timeUp, resolve } = Promise.withResolvers<null>()
    // Where this process was too busy to look, the answer may lie there already: it is read before the time counts as up.
    const cancel = clock.after(ms, () => setImmediate(resolve, null))
    try {
      return await Promise.race([append(partition, calls), timeUp])
    } finally {
      cancel()
    }
  }

  async function appendApart(partition: number, calls: readonly DoorCall[], deadline: number): Promise<Outcomes> {
    const outcomes = calls.map((): DoorAnswer | 'later' => 'later')
    const placesByPoll = Map.groupBy(calls.keys(), (place) => calls[place]?.pollId)
    // It was asked for alone.
    if (placesByPoll.size === 1) return outcomes
    const appendOne = async (places: readonly number[]): Promise<void> => {
      // The places are those of the calls.
      const ofPoll = places.map((place) => calls[place]!)
      try {
        const answers = await appendWithin(partition, ofPoll, deadline - clock.now())
        for (const [n, place] of places.entries()) outcomes[place] = answers?.[n] ?? 'later'
      } catch (fault) {
        report(fault)
      }
    }
    await Promise.all([...placesByPoll.values()].map(appendOne))
    return outcomes
  }

  return async (partition, calls, withinMs) => {
    const deadline = clock.now() + withinMs
    try {
      return await appendWithin(partition, calls, withinMs)
    } catch (fault) {
      report(fault)
      if (fault instanceof DependencyMoving) return appendApart(partition, calls, deadline)
    }
    await new Promise<void>((resolve) => {
      clock.after(repeatAfterMs, resolve)
    })
    const left = deadline - clock.now()
    if (left <= 0) return null
    try {
      return await appendWithin(partition, calls, left)
    } catch (fault) {
      report(fault)
      return fault instanceof DependencyMoving ? appendApart(partition, calls, deadline) : null
    }
  }
}
