// Step 2 of 4: stream -> ledger. Shares the partitions with the other workers and records the votes of those it owns.
import { initialOwner, type OwnerAction, type OwnerEvent, stepOwner } from '../domain/partition-owner.ts'
import type { Checkpoint, EntryId } from '../domain/position.ts'
import type { PartitionLease } from '../ports/partition-lease.ts'
import type { Recorded, VoteLedger } from '../ports/vote-ledger.ts'
import type { StreamEntry, VoteStream } from '../ports/vote-stream.ts'
import type { AnnounceTallies } from './announce-tallies.ts'
import { createKeepStream, UPKEEP_EVERY_MS } from './record-votes/keep-stream.ts'
import { createPerformOwnerAction } from './record-votes/perform-owner-action.ts'
import { restMs } from './record-votes/rest-between-attempts.ts'

/** As a worker has it. An entry holds up to 512 votes, so one commit records at most some 30,000. */
export const entriesPerCommitMax = 64

export type RecordVotesLimits = {
  /** How long a partition stays ours without renewal: a dead worker is replaced after it. */
  readonly leaseMs: number
  /** Entries per read, and gathered while a commit is under way. An entry holds up to 512 votes. */
  readonly entriesMax: number
  /** How long one read waits for the first entry. */
  readonly waitMs: number
  readonly streamRetentionMs: number
}

export type RecordVotesHooks = {
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
  readonly onRecorded: (partition: number, recorded: Recorded) => void
  readonly onTakenOver: (checkpoint: Checkpoint) => void
  /** The stream lost its log, or the ledger is a restored one: votes may be gone that the declared durability did not cover. */
  readonly onEpochRaised: (checkpoint: Checkpoint) => void
  /** The next entry was written by a newer version: it waits, and all behind it, for a worker that understands it. */
  readonly onNewerEntry: (partition: number, entry: EntryId, formatVersion: number) => void
  readonly onError: (partition: number, error: unknown) => void
}

export type RecordVotesPorts = {
  readonly lease: PartitionLease
  readonly stream: VoteStream
  readonly ledger: VoteLedger
  readonly announcer: AnnounceTallies
}

/** How many partitions this worker should own; asked again and again. */
export type Share = { readonly most: () => number }

/** Why an attempt to own a partition ended. */
type OwningEnd = 'ended' | 'failed' | 'newer_entry'

type Event = OwnerEvent<StreamEntry>
type Action = OwnerAction<StreamEntry>

/** Workers that start together begin within this time, so that they share. */
const START_SPREAD_MS = 500
/** Between two looks at whether a partition is the others' share. It asks nobody; a worker that leaves is followed so soon. */
const LOOK_AGAIN_MS = 100
/** Behind an entry that we do not understand: asking anew is idle, and a newer worker that has come meanwhile takes the partition. */
const NEWER_ENTRY_REST_MS = 5000
/** A partition beyond our share is left to the others for so many leases; what they do not take by then is ours for a while. */
const PATIENCE_LEASES = 2
const SPARE_KEPT_MS = 30_000

/** Records until the signal aborts, then gives the partitions back. Never rejects: faults are reported and tried again. */
export function createRecordVotes(
  ports: RecordVotesPorts,
  owner: string,
  share: Share,
  limits: RecordVotesLimits,
  hooks: RecordVotesHooks,
) {
  const keepStream = createKeepStream(ports.stream, limits, hooks)
  let owned = 0
  let leaving = 0

  async function runPartition(partition: number, stop: AbortSignal): Promise<void> {
    const limitsNow = { ...limits }
    let failures = 0
    await hooks.sleep(Math.random() * START_SPREAD_MS, stop)
    while (!stop.aborted) {
      const isSpare = await leaveToOthers(stop)
      const ending = await ownPartition(partition, isSpare, limitsNow, stop)
      failures = ending === 'failed' ? failures + 1 : 0
      const pauseMs = ending === 'newer_entry' ? NEWER_ENTRY_REST_MS * (0.5 + Math.random()) : restMs(owned, failures)
      await hooks.sleep(pauseMs, stop)
    }
  }

  /** Returns at once within our share, else when the others have had their time: then what we take is spare. */
  async function leaveToOthers(stop: AbortSignal): Promise<boolean> {
    const until = performance.now() + PATIENCE_LEASES * limits.leaseMs
    while (!stop.aborted && owned >= share.most()) {
      if (performance.now() >= until) return true
      await hooks.sleep(LOOK_AGAIN_MS, stop)
    }
    return false
  }

  /**
   * One attempt: acquire, then read and record until ownership is in doubt or the worker stops. It failed where a fault ended it
   * before anything was recorded.
   *
   * A ledger that is slow may not be able to record in time all that has gathered, and would never get over it if it were sent the
   * same and more again. So each fault halves how many entries one commit may hold, and each commit adds one.
   */
  async function ownPartition(
    partition: number,
    isSpare: boolean,
    limitsNow: { entriesMax: number } & RecordVotesLimits,
    stop: AbortSignal,
  ): Promise<OwningEnd> {
    const ended = new AbortController()
    const signal = AbortSignal.any([stop, ended.signal])
    const running = new Set<Promise<void>>()
    let state = initialOwner<StreamEntry>()
    let isOwned = false
    let isLeaving = false
    let isInVain = true
    let hasFailed = false
    let hasMetNewerEntry = false

    const onNewerEntry: RecordVotesHooks['onNewerEntry'] = (...entry) => {
      hasMetNewerEntry = true
      hooks.onNewerEntry(...entry)
    }
    const perform = createPerformOwnerAction(ports, owner, limitsNow, { ...hooks, onNewerEntry }, partition, signal)
    function dispatch(event: Event): void {
      if (signal.aborted) return
      const [next, actions] = stepOwner(state, event, limitsNow)
      state = next
      if (state.checkpoint !== null && !isOwned) {
        isOwned = true
        owned += 1
        start(keepLease(signal))
        start(keepNews(signal))
        start(keepShare(signal))
        start(keepStream.keepFollowed(partition, () => state.checkpoint, signal))
        const beginAgain = (): void => dispatch({ type: 'lost', term: state.term })
        start(keepStream.keepUp(partition, () => state.checkpoint, beginAgain, signal))
      }
      for (const action of actions) {
        if (action.type === 'rest') ended.abort()
        else start(answer(action))
      }
    }
    async function answer(action: Exclude<Action, { type: 'rest' }>): Promise<void> {
      try {
        const event = await perform(action)
        if (event.type === 'recorded') onRecorded()
        dispatch(event)
      } catch (error) {
        hasFailed = true
        if (!signal.aborted) hooks.onError(partition, error)
        dispatch({ type: 'lost', term: action.term })
      }
    }
    function onRecorded(): void {
      isInVain = false
      limitsNow.entriesMax = Math.min(limits.entriesMax, limitsNow.entriesMax + 1)
    }
    /** The checkpoint remembers up to where news went out; while votes arrive every commit says so anyway. */
    async function keepNews(until: AbortSignal): Promise<void> {
      let remembered = 0
      while (!until.aborted) {
        await hooks.sleep(UPKEEP_EVERY_MS, until)
        const announcedUntil = ports.announcer.announcedUntil(partition)
        // Now nothing can be committed, or what is may know less: then a second later.
        if (announcedUntil <= remembered || state.phase !== 'owning' || state.isRecording) continue
        dispatch({ type: 'news_announced', term: state.term })
        remembered = announcedUntil
      }
    }
    /** Gives the partition to a worker that has come since, when we own more than our share. */
    async function keepShare(until: AbortSignal): Promise<void> {
      if (isSpare) await hooks.sleep(SPARE_KEPT_MS, until)
      while (!until.aborted) {
        await hooks.sleep(UPKEEP_EVERY_MS, until)
        if (until.aborted || owned - leaving <= share.most()) continue
        leaving += 1
        isLeaving = true
        ended.abort()
      }
    }
    async function keepLease(until: AbortSignal): Promise<void> {
      while (!until.aborted) {
        await hooks.sleep(limits.leaseMs / 3, until)
        if (until.aborted) return
        const { checkpoint: known, isRecording } = state
        const renewed = await ports.lease.renew(partition, owner, limits.leaseMs).catch(report)
        // A lease that ran out may have been another owner's meanwhile, and a backup may have brought back an earlier checkpoint of
        // ours. Where we commit, the fence says so; where nothing is to be committed, only this does.
        const isKnown = isRecording || state.isRecording || known !== state.checkpoint || isSame(known, renewed)
        if (renewed === null || !isKnown) dispatch({ type: 'lost', term: state.term })
      }
    }
    function report(error: unknown): null {
      hooks.onError(partition, error)
      return null
    }
    function start(work: Promise<void>): void {
      running.add(work)
      const forget = (): boolean => running.delete(work)
      work.then(forget, forget)
    }

    dispatch({ type: 'start' })
    while (running.size > 0) await Promise.allSettled(running)
    if (isOwned) owned -= 1
    if (isLeaving) leaving -= 1
    ports.announcer.forget(partition)
    await ports.lease.release(partition, owner).catch((error: unknown) => hooks.onError(partition, error))
    if (hasFailed) limitsNow.entriesMax = Math.ceil(limitsNow.entriesMax / 2)
    if (hasMetNewerEntry) return 'newer_entry'
    return hasFailed && isInVain ? 'failed' : 'ended'
  }

  return {
    /** The partitions to share; resolves when every one has been given back. */
    async run(partitions: readonly number[], signal: AbortSignal): Promise<void> {
      await Promise.all(partitions.map((partition) => runPartition(partition, signal)))
    },
  }
}

function isSame(a: Checkpoint | null, b: Checkpoint | null): boolean {
  return a?.epoch === b?.epoch && a?.recorded === b?.recorded
}
