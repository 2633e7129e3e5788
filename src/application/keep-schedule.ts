// Time moves polls on, and what somebody left half done is done again. Any number of these may run at once.
import type { Poll } from '../domain/poll.ts'
import { beginClosing, openDue } from '../domain/poll-life.ts'
import { isRefused } from '../domain/refusal.ts'
import type { PollStore } from '../ports/poll-store.ts'
import type { Tallies } from '../ports/tallies.ts'
import type { VoteDoor } from '../ports/vote-door.ts'
import type { AnnouncePoll } from './manage-polls/announce-poll.ts'
import type { PollDoors } from './manage-polls/poll-doors.ts'

export type KeepScheduleParts = {
  readonly polls: Pick<PollStore, 'find' | 'save' | 'listDue' | 'listUnannounced'>
  readonly door: Pick<VoteDoor, 'now'>
  readonly doors: PollDoors
  readonly tallies: Pick<Tallies, 'finalise'>
  readonly announce: AnnouncePoll
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
  readonly report: (fault: unknown) => void
}

/** Opening and closing times are kept within a second, so there is room for two passes. */
const passEveryMs = 250
/** Short, so that one poll that cannot be moved does not make the others late. */
const faultPauseMsMax = 1000
const pollsPerPassMax = 200
/** A poll waits for a server that is away as long as a command may take: the others must not wait behind it. */
const movesAtOnce = 16
/** How long a closing poll may wait for its markers before the doors are asked for them again. */
const markerPatienceMs = { first: 1000, most: 60_000 }
/** How long after a door could not be shut it is tried again. */
const unshutPauseMs = 1000

type Waiting = {
  readonly round: number
  readonly askAgainAt: number
  readonly patienceMs: number
  /** Then there are markers that can be asked for again. */
  readonly areAllShut: boolean
}

/** Runs until the signal aborts. Never rejects: faults are reported, and the next pass tries again. */
export function createKeepSchedule(parts: KeepScheduleParts): { run(signal: AbortSignal): Promise<void> } {
  const { polls, door, doors, tallies, announce, sleep, report } = parts
  const waiting = new Map<string, Waiting>()

  /** Somebody else may do the same just now: whoever saves first goes on, the other leaves it to them. */
  async function save(poll: Poll, next: ReturnType<typeof beginClosing>): Promise<Poll | null> {
    if (isRefused(next) || next === poll) return null
    return (await polls.save(next, poll.revision)) ? next : null
  }

  async function open(poll: Poll, now: number): Promise<void> {
    const opened = await save(poll, openDue(poll, now))
    if (opened === null) return
    await doors.open(opened)
    await tell(opened, now)
  }

  async function close(poll: Poll, now: number): Promise<void> {
    const closing = await save(poll, beginClosing(poll))
    if (closing === null) return
    await end(closing, now)
    await announce(closing)
  }

  /** A door that shut before it heard of a later closes_at lets nobody vote any more, so the poll ends for everybody. */
  async function tell(poll: Poll, now: number): Promise<void> {
    if ((await announce(poll)) === 'shut') await close(poll, now)
  }

  /**
   * A poll that is closing: its doors are shut, at once and without harm if they are already; when the markers do not arrive
   * in time (a stream that lost its log took them along) they are asked for again, ever more patiently.
   */
  async function end(poll: Poll, now: number): Promise<void> {
    const kept = waiting.get(poll.id)
    const known = kept?.round === poll.round ? kept : null
    if (known === null || now >= known.askAgainAt) {
      const isRepeat = known?.areAllShut === true
      const areAllShut = (await doors.shut(poll, isRepeat)) === 0 || isRepeat
      const patienceMs = isRepeat ? Math.min(known.patienceMs * 2, markerPatienceMs.most) : markerPatienceMs.first
      const askAgainAt = now + (areAllShut ? patienceMs : unshutPauseMs)
      waiting.set(poll.id, { round: poll.round, askAgainAt, patienceMs, areAllShut })
    }
    if (await tallies.finalise(poll.id)) waiting.delete(poll.id)
  }

  async function moveOn(poll: Poll, now: number): Promise<void> {
    if (poll.status === 'scheduled') return open(poll, now)
    if (poll.status === 'open') return close(poll, now)
    if (poll.status === 'closing') return end(poll, now)
  }

  /** One poll that cannot be moved must not keep the others waiting. */
  async function forEach(list: readonly Poll[], step: (poll: Poll) => Promise<void>): Promise<boolean> {
    let isAllDone = true
    const left = list.values()
    const takeTurns = async (): Promise<void> => {
      for (const poll of left) {
        try {
          await step(poll)
        } catch (fault) {
          report(fault)
          isAllDone = false
        }
      }
    }
    await Promise.all(Array.from({ length: movesAtOnce }, takeTurns))
    return isAllDone
  }

  /** False where something failed. */
  async function pass(): Promise<boolean> {
    const now = await door.now()
    const due = await polls.listDue(now, pollsPerPassMax)
    const closing = due.filter(({ status }) => status === 'closing')
    if (closing.length < pollsPerPassMax) forgetAllBut(closing)
    const isMoved = await forEach(due, async (poll) => moveOn(poll, now))
    const isTold = await forEach(await polls.listUnannounced(pollsPerPassMax), async (poll) => tell(poll, now))
    return isMoved && isTold
  }

  /** What is no longer closing (reset, deleted, final by a worker's hand) needs no patience any more. */
  function forgetAllBut(closing: readonly Poll[]): void {
    const ids = new Set(closing.map((poll) => poll.id))
    for (const pollId of waiting.keys()) {
      if (!ids.has(pollId)) waiting.delete(pollId)
    }
  }

  return {
    async run(signal) {
      let pauseMs = passEveryMs
      while (!signal.aborted) {
        let isAllDone = false
        try {
          isAllDone = await pass()
        } catch (fault) {
          report(fault)
        }
        pauseMs = isAllDone ? passEveryMs : Math.min(pauseMs * 2, faultPauseMsMax)
        await sleep(pauseMs, signal)
      }
    },
  }
}
