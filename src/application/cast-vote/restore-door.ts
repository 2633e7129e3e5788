import type { Poll } from '../../domain/poll.ts'
import { type Checkpoint, compareEntryIds } from '../../domain/position.ts'
import { type DoorRestoration, type Restoration, RESTORATION_LIFE_MS } from '../../ports/door-restoration.ts'
import type { PartitionLease } from '../../ports/partition-lease.ts'
import type { PollStore } from '../../ports/poll-store.ts'
import { DependencyUnavailable } from '../../ports/unavailable.ts'
import type { VoteDoor } from '../../ports/vote-door.ts'
import type { VoteLedger } from '../../ports/vote-ledger.ts'
import { doorState } from '../manage-polls/poll-doors.ts'
import { type Clock, pause, systemClock } from '../clock.ts'
import { createQueue } from '../queue.ts'

/** `not_open`: the poll takes no votes. `not_yet`: the door is back already, somebody else restores it, or it took too long. */
export type RestoreOutcome = 'restored' | 'not_open' | 'not_yet'

export type RestoreDoor = {
  /** Brings the door back. All who ask for the same one meanwhile share one restoration. */
  restore(partition: number, pollId: string): Promise<RestoreOutcome>
}

export type RestoreDoorParts = {
  readonly restoration: DoorRestoration
  readonly door: Pick<VoteDoor, 'revise' | 'shut' | 'remove'>
  readonly ledger: Pick<VoteLedger, 'voters'>
  readonly lease: Pick<PartitionLease, 'read'>
  readonly polls: Pick<PollStore, 'find'>
  readonly signal: AbortSignal
  readonly clock?: Clock
}

const votersPerPage = 2000
/**
 * Doors of a partition that this process restores at the same moment; more wait in line, and their voters are told to come back.
 * Each partition has a line of its own, because where nobody records, each door holds its place until its time is up.
 */
const restorationsMax = { running: 64, waiting: 10_000 }
/** Recording is milliseconds behind, so the first looks come fast; then one that takes longer is not asked ten times a second. */
const checkpointWaitMs = { first: 5, most: 250 }

/**
 * Brings a missing door back.
 *
 * Background: a door knows who has voted. It can be lost with the stream's memory, or go with its poll's retention time. The
 * naive way, an empty door in its place, lets everybody vote again; loading it from the ledger at once forgets those votes
 * that are accepted and not yet recorded, whose voters could then vote a second time.
 *
 * The way taken: while a door is missing, nothing of its round can be appended. So every vote of the round stands at or before
 * the stream's last entry as it is when the restoration begins. Once the partition's checkpoint has passed that one, all of them
 * are in the ledger; the voters loaded after that are complete, and the door is written last. The epoch is compared too:
 * a stream that lost its log counts its entries anew, and the checkpoint of the log before says nothing about them.
 *
 * The restoration is for the round that the poll is in. A door of an earlier round, left by an admin that died before it opened
 * the new one, counts as missing and is replaced.
 *
 * Meanwhile an organiser may edit, close, reset or delete the poll. A door that is there by then is not touched. A missing
 * door takes no edit, so the poll is read again after the door stands, and what changed in between is done to the door.
 */
export function createRestoreDoor(parts: RestoreDoorParts): RestoreDoor {
  const { restoration: restorations, door, ledger, lease, polls, signal, clock = systemClock } = parts
  const running = new Map<string, Promise<RestoreOutcome>>()
  const lines = new Map<number, ReturnType<typeof createQueue>>()

  function lineOf(partition: number): ReturnType<typeof createQueue> {
    const known = lines.get(partition)
    if (known !== undefined) return known
    const line = createQueue({
      runningMax: restorationsMax.running,
      waitingMax: restorationsMax.waiting,
      full: () => new DependencyUnavailable('stream', 'too many doors are being restored at once'),
    })
    lines.set(partition, line)
    return line
  }

  /** The checkpoint once it has passed the restoration's end; null when that takes too long or we shall stop. */
  async function passedEnd({ partition, end, epoch }: Restoration, deadline: number): Promise<Checkpoint | null> {
    for (let waitMs = checkpointWaitMs.first; ; waitMs = Math.min(waitMs * 2, checkpointWaitMs.most)) {
      const checkpoint = await lease.read(partition)
      if (checkpoint.epoch >= epoch && compareEntryIds(checkpoint.recorded, end) >= 0) return checkpoint
      if (signal.aborted || clock.now() + waitMs > deadline) return null
      await pause(clock, waitMs, signal)
    }
  }

  /** The poll as the restored door has it, or why there is none. `before` is the poll that the restoration began with. */
  async function load(restoration: Restoration, before: Poll): Promise<Poll | 'not_open' | 'not_yet'> {
    const { partition, pollId } = restoration
    const deadline = clock.now() + RESTORATION_LIFE_MS
    const checkpoint = await passedEnd(restoration, deadline)
    if (checkpoint === null) return 'not_yet'
    for await (const voters of ledger.voters(pollId, before.round, partition, before.partitions, votersPerPage)) {
      if (signal.aborted || !(await restorations.putVoters(restoration, before.round, voters))) return 'not_yet'
    }
    const poll = await polls.find(pollId)
    if (poll === null || !isOpenInRound(poll, before.round)) return 'not_open'
    return (await restorations.finish(restoration, doorState(poll), checkpoint.epoch)) ? poll : 'not_yet'
  }

  /** What an organiser did between our last look and the door's return found no door. */
  async function catchUp(partition: number, restored: Poll): Promise<RestoreOutcome> {
    const poll = await polls.find(restored.id)
    if (poll === null || poll.status === 'deleted') {
      await door.remove(partition, restored.id)
      return 'not_open'
    }
    if (!isOpenInRound(poll, restored.round)) {
      await door.shut(partition, restored.id, restored.round, false)
      return 'not_open'
    }
    if (poll.revision > restored.revision) await door.revise(partition, doorState(poll))
    return 'restored'
  }

  async function restore(partition: number, pollId: string): Promise<RestoreOutcome> {
    const before = await polls.find(pollId)
    if (before === null || before.status !== 'open') return 'not_open'
    const restoration = await restorations.begin(partition, pollId, before.round)
    if (restoration === null) return 'not_yet'
    let restored: Poll | 'not_open' | 'not_yet' = 'not_yet'
    try {
      restored = await load(restoration, before)
    } finally {
      if (typeof restored === 'string') await restorations.abandon(restoration)
    }
    return typeof restored === 'string' ? restored : catchUp(partition, restored)
  }

  return {
    async restore(partition, pollId) {
      const name = `${partition} ${pollId}`
      const shared = running.get(name)
      if (shared !== undefined) return shared
      const inTurn = lineOf(partition)
      const started = inTurn(async () => restore(partition, pollId)).finally(() => running.delete(name))
      running.set(name, started)
      return started
    },
  }
}

function isOpenInRound(poll: Poll, round: number): boolean {
  return poll.status === 'open' && poll.round === round
}
