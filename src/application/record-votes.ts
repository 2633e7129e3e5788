// Step 2 of 4: stream -> ledger. Shares the partitions with the other workers and records the votes of those it owns.
import { initialOwner, type OwnerAction, type OwnerEvent, stepOwner } from '../domain/partition-owner.ts'
import type { EntryId } from '../domain/position.ts'
import type { Checkpoint, PartitionLease } from '../ports/partition-lease.ts'
import type { LedgerBatch, Recorded, VoteLedger } from '../ports/vote-ledger.ts'
import type { StreamEntry, VoteStream } from '../ports/vote-stream.ts'
import type { AnnounceTallies } from './announce-tallies.ts'
import { type Outcome, recordIsolating } from './isolate-entry.ts'
import { ledgerBatch, ledgerCommits, setEntryAside } from './ledger-batch.ts'

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
  /** The stream lost its log: votes may be gone that the declared durability did not cover. */
  readonly onEpochRaised: (checkpoint: Checkpoint) => void
  readonly onError: (partition: number, error: unknown) => void
}

type Ports = {
  readonly lease: PartitionLease
  readonly stream: VoteStream
  readonly ledger: VoteLedger
  readonly announcer: AnnounceTallies
}

type Event = OwnerEvent<StreamEntry>
type Action = OwnerAction<StreamEntry>

/** Between two attempts to own a partition; each partition owned already adds a little, so that workers that start together share. */
const REST_MS = 500
const REST_PER_OWNED_MS = 200
/** Group, trimming: upkeep that nothing waits for. */
const UPKEEP_EVERY_MS = 1000

/** Records until the signal aborts, then gives the partitions back. Never rejects: faults are reported and tried again. */
export function createRecordVotes(ports: Ports, owner: string, limits: RecordVotesLimits, hooks: RecordVotesHooks) {
  let owned = 0

  async function runPartition(partition: number, stop: AbortSignal): Promise<void> {
    await hooks.sleep(Math.random() * REST_MS, stop)
    while (!stop.aborted) {
      await ownPartition(partition, stop)
      const pauseMs = (REST_MS + owned * REST_PER_OWNED_MS) * (0.5 + Math.random())
      await hooks.sleep(pauseMs, stop)
    }
  }

  /** One attempt: acquire, then read and record until ownership is in doubt or the worker stops. */
  async function ownPartition(partition: number, stop: AbortSignal): Promise<void> {
    const ended = new AbortController()
    const signal = AbortSignal.any([stop, ended.signal])
    const running = new Set<Promise<void>>()
    let state = initialOwner<StreamEntry>()
    let isOwned = false

    const perform = createPerformer(ports, owner, limits, hooks, partition, signal)
    function dispatch(event: Event): void {
      if (signal.aborted) return
      const [next, actions] = stepOwner(state, event, { entriesMax: limits.entriesMax })
      state = next
      if (state.checkpoint !== null && !isOwned) {
        isOwned = true
        owned += 1
        start(keepLease(signal))
        start(keepNews(signal))
        start(keepUp(partition, () => state.checkpoint, signal))
      }
      for (const action of actions) {
        if (action.type === 'rest') ended.abort()
        else start(answer(action))
      }
    }
    async function answer(action: Exclude<Action, { type: 'rest' }>): Promise<void> {
      try {
        dispatch(await perform(action))
      } catch (error) {
        if (!signal.aborted) hooks.onError(partition, error)
        dispatch({ type: 'lost', term: action.term })
      }
    }
    /** The checkpoint remembers up to where news went out; while votes arrive every commit says so anyway. */
    async function keepNews(until: AbortSignal): Promise<void> {
      let remembered = 0
      while (!until.aborted) {
        await hooks.sleep(UPKEEP_EVERY_MS, until)
        const announcedUntil = ports.announcer.announcedUntil(partition)
        if (announcedUntil > remembered) dispatch({ type: 'news_announced', term: state.term })
        remembered = announcedUntil
      }
    }
    async function keepLease(until: AbortSignal): Promise<void> {
      while (!until.aborted) {
        await hooks.sleep(limits.leaseMs / 3, until)
        if (until.aborted) return
        const renewed = await ports.lease.acquire(partition, owner, limits.leaseMs).catch((error: unknown) => {
          hooks.onError(partition, error)
          return null
        })
        if (renewed === null) dispatch({ type: 'lost', term: state.term })
      }
    }
    function start(work: Promise<void>): void {
      running.add(work)
      const forget = (): boolean => running.delete(work)
      work.then(forget, forget)
    }

    dispatch({ type: 'start' })
    while (running.size > 0) await Promise.allSettled(running)
    if (isOwned) owned -= 1
    ports.announcer.forget(partition)
    await ports.lease.release(partition, owner).catch((error: unknown) => hooks.onError(partition, error))
  }

  async function keepUp(partition: number, checkpoint: () => Checkpoint | null, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await hooks.sleep(UPKEEP_EVERY_MS, signal)
      const recorded = checkpoint()?.recorded
      if (signal.aborted || recorded === undefined) continue
      try {
        await ports.stream.follow(partition, recorded)
        await ports.stream.trim(partition, recorded, limits.streamRetentionMs)
      } catch (error) {
        hooks.onError(partition, error)
      }
    }
  }

  return {
    /** The partitions to share; resolves when every one has been given back. */
    async run(partitions: readonly number[], signal: AbortSignal): Promise<void> {
      await Promise.all(partitions.map((partition) => runPartition(partition, signal)))
    },
  }
}

function newestVoteAt(entries: readonly StreamEntry[]): number | null {
  return entries.findLast(({ content }) => content.type === 'votes')?.appendedAt ?? null
}

/** Carries out what the pure core asks for, and says what came of it. */
function createPerformer(
  { lease, stream, ledger, announcer }: Ports,
  owner: string,
  limits: RecordVotesLimits,
  hooks: RecordVotesHooks,
  partition: number,
  signal: AbortSignal,
) {
  async function takePossession(checkpoint: Checkpoint): Promise<Checkpoint | null> {
    await stream.raiseEpoch(partition, checkpoint.epoch)
    // An empty commit: it proves the fence, and its time is the one before which the former owner's changes lie.
    const recorded = await ledger.record(ledgerBatch(owner, checkpoint, { entries: [], to: checkpoint.recorded }, 0))
    if (recorded === 'fenced') return null
    announcer.takeOver(partition, recorded.recordedAt)
    return recorded.checkpoint
  }

  async function record(action: Extract<Action, { type: 'record' }>): Promise<Event> {
    const { term, from, to, entries } = action
    let checkpoint = from
    function batchOf(part: readonly StreamEntry[], partTo: EntryId): LedgerBatch {
      return ledgerBatch(owner, checkpoint, { entries: part, to: partTo }, announcer.announcedUntil(partition))
    }
    async function commit(batch: LedgerBatch, acceptedAt: number | null): Promise<Outcome> {
      const recorded = await ledger.record(batch)
      if (recorded === 'fenced') return 'fenced'
      const { recordedAt, pollIds } = recorded
      const closingIds = batch.markers.map((marker) => marker.pollId)
      announcer.note(partition, { recordedAt, pollIds, closingIds, acceptedAt })
      hooks.onRecorded(partition, recorded)
      checkpoint = recorded.checkpoint
      return 'recorded'
    }
    for (const one of ledgerCommits(entries, to)) {
      const outcome = await recordIsolating(one.entries, one.to, {
        record: (part, partTo) => commit(batchOf(part, partTo), newestVoteAt(part)),
        setAside: (entry, fault, partTo) => {
          hooks.onError(partition, fault)
          return commit({ ...batchOf([], partTo), setAside: setEntryAside(entry, fault.message) }, null)
        },
      })
      if (outcome === 'fenced') return { type: 'lost', term }
    }
    return { type: 'recorded', term, checkpoint }
  }

  async function read(action: Extract<Action, { type: 'read' }>): Promise<Event> {
    const { entriesMax, waitMs } = limits
    const found = await stream.read(partition, action.after, { entriesMax, waitMs }, signal)
    const inspected = await stream.inspect(partition, action.after)
    const newer = found.findIndex((entry) => entry.content.type === 'newer')
    if (newer === 0) {
      throw new Error(`entry ${found[0]?.id} was written by a newer version; it waits for a worker that understands it`)
    }
    return { type: 'read', term: action.term, entries: newer < 0 ? found : found.slice(0, newer), inspected }
  }

  return async (action: Exclude<Action, { type: 'rest' }>): Promise<Event> => {
    const { term } = action
    switch (action.type) {
      case 'acquire': {
        const acquired = await lease.acquire(partition, owner, limits.leaseMs)
        const checkpoint = acquired && (await takePossession(acquired))
        if (checkpoint) hooks.onTakenOver(checkpoint)
        return { type: 'acquired', term, checkpoint }
      }
      case 'raise_epoch': {
        const raised = await lease.raiseEpoch(action.checkpoint, owner)
        if (raised) await stream.raiseEpoch(partition, raised.epoch)
        if (raised) hooks.onEpochRaised(raised)
        return { type: 'raised', term, checkpoint: raised }
      }
      case 'read':
        return read(action)
      case 'record':
        return record(action)
    }
  }
}
