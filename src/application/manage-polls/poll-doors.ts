import type { Poll } from '../../domain/poll.ts'
import type { DoorState, VoteDoor } from '../../ports/vote-door.ts'

/** The doors of a poll, one at each of its partitions. Every call may be repeated. */
export type PollDoors = {
  /**
   * Lets votes in. Only for whoever has just made the poll open: nobody can have voted in the round by then. Later a missing
   * door is restored from the ledger, never opened, because a new one would let everybody vote again.
   */
  open(poll: Poll): Promise<void>
  /**
   * Shuts the doors of the poll's round. Returns the number of doors that could not be shut now; `isRepeat` asks for the
   * close markers again.
   */
  shut(poll: Poll, isRepeat: boolean): Promise<number>
  /**
   * Makes the doors follow the definition as it is.
   *
   * After a reset the old round's doors are shut rather than removed: a restoration of that round that is under way finds
   * them and ends, and a vote in flight is told that the poll is closed. A deleted poll's doors are removed. That is safe
   * with votes in flight only because a missing door is restored by what the primary says at that time: deleted.
   *
   * `shut` where the poll is open and a door of its round is shut: it was so at a `closesAt` that was moved too late for it.
   * Whoever is told so MUST close the poll, because a shut door never reopens.
   */
  follow(poll: Poll): Promise<'done' | 'shut'>
  /**
   * Removes all doors of the poll. Should one be needed again, because the poll has just been opened anew, it is restored like
   * any missing door.
   */
  remove(poll: Poll): Promise<void>
}

export function createPollDoors(door: VoteDoor, report: (fault: unknown) => void): PollDoors {
  const shutRound = async (poll: Poll, round: number, isRepeat: boolean): Promise<PromiseSettledResult<void>[]> =>
    Promise.allSettled(partitionsOf(poll).map(async (partition) => door.shut(partition, poll.id, round, isRepeat)))

  const remove = async (poll: Poll): Promise<void> => {
    await Promise.all(partitionsOf(poll).map(async (partition) => door.remove(partition, poll.id)))
  }

  return {
    remove,
    async open(poll) {
      const state = doorState(poll)
      // A door that cannot be written now is restored when the first vote asks for it.
      reportFailed(await Promise.allSettled(partitionsOf(poll).map(async (p) => door.open(p, state))), report)
    },
    async shut(poll, isRepeat) {
      return reportFailed(await shutRound(poll, poll.round, isRepeat), report)
    },
    async follow(poll) {
      switch (poll.status) {
        case 'open': {
          const state = doorState(poll)
          const revised = await Promise.allSettled(partitionsOf(poll).map(async (p) => door.revise(p, state)))
          if (revised.some((result) => result.status === 'fulfilled' && result.value === 'shut')) return 'shut'
          throwFirst(revised)
          return 'done'
        }
        case 'draft':
        case 'scheduled':
          if (poll.round > 1) throwFirst(await shutRound(poll, poll.round - 1, false))
          return 'done'
        case 'deleted':
          await remove(poll)
          return 'done'
        case 'closing':
        case 'closed':
          return 'done'
      }
    },
  }
}

function partitionsOf({ partitions }: Poll): readonly number[] {
  return Array.from({ length: partitions }, (_, partition) => partition)
}

/** What a door needs to know of the poll. */
export function doorState({ id, round, revision, closesAt }: Poll): DoorState {
  return { pollId: id, round, revision, closesAt }
}

function reportFailed(results: readonly PromiseSettledResult<void>[], report: (fault: unknown) => void): number {
  const failed = results.filter((result) => result.status === 'rejected')
  // One is enough to see what is wrong; the others fail for the same reason.
  if (failed[0] !== undefined) report(failed[0].reason)
  return failed.length
}

function throwFirst(results: readonly PromiseSettledResult<unknown>[]): void {
  for (const result of results) {
    if (result.status === 'rejected') throw result.reason
  }
}
