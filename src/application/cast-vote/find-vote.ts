import type { Poll } from '../../domain/poll.ts'
import type { Position } from '../../domain/position.ts'
import { type Refused, refuseForNow } from '../../domain/refusal.ts'
import { partitionOf, type Selection, type VoterKey } from '../../domain/vote.ts'
import type { VoteDoor } from '../../ports/vote-door.ts'
import type { VoteLedger } from '../../ports/vote-ledger.ts'
import type { RestoreDoor } from './restore-door.ts'

/** A voter's vote as it counts. An empty selection: retracted. `isRecorded` is only sure where the ledger was asked. */
export type FoundVote = { readonly selection: Selection; readonly position: Position; readonly isRecorded: boolean }

export type FindVote = (poll: Poll, voter: VoterKey) => Promise<FoundVote | null | Refused>

/**
 * The voter's vote, accepted or recorded. The door knows it first. Where the door has gone for good, because its poll has
 * long been final, the ledger has everything; while a poll is open the ledger may be behind, so its door is needed.
 */
export function createFindVote(
  door: Pick<VoteDoor, 'look'>,
  restoreSoon: (partition: number, pollId: string) => Promise<unknown>,
  ledger: Pick<VoteLedger, 'find'>,
): FindVote {
  return async (poll, voter) => {
    if (poll.status === 'draft' || poll.status === 'scheduled') return null
    const partition = partitionOf(voter, poll.partitions)
    let atDoor = await door.look(partition, poll.id, poll.round, voter)
    if (atDoor === 'door_missing' && poll.status === 'open') {
      await restoreSoon(partition, poll.id)
      atDoor = await door.look(partition, poll.id, poll.round, voter)
      if (atDoor === 'door_missing') return refuseForNow('unavailable', 'The poll is being restored. Please try again.')
    }
    if (atDoor !== 'door_missing') return atDoor && { ...atDoor, isRecorded: false }
    const row = await ledger.find(poll.id, poll.round, voter)
    return row && { ...row, isRecorded: true }
  }
}

/** Starts the restoration of a door and waits for it, but not longer than a voter should: it goes on by itself. */
export function createRestoreSoon(
  restoreDoor: RestoreDoor,
  waitMsMax: number,
  report: (fault: unknown) => void,
): (partition: number, pollId: string) => Promise<void> {
  return async (partition, pollId) => {
    const { promise: waited, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, waitMsMax)
    restoreDoor.restore(partition, pollId).catch(report).finally(resolve)
    await waited
    clearTimeout(timer)
  }
}
