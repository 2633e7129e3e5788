import type { OwnerAction, OwnerEvent } from '../../domain/partition-owner.ts'
import type { Checkpoint, EntryId } from '../../domain/position.ts'
import type { LedgerBatch } from '../../ports/vote-ledger.ts'
import type { StreamEntry } from '../../ports/vote-stream.ts'
import { type Outcome, recordIsolating } from './isolate-entry.ts'
import { foldForLedger, ledgerBatch, ledgerCommits, setEntryAside, setVoteAside, votesOf } from './ledger-batch.ts'
import { createPaceReads } from './pace-reads.ts'
import type { RecordVotesHooks, RecordVotesLimits, RecordVotesPorts } from '../record-votes.ts'

type Event = OwnerEvent<StreamEntry>
type Action = Exclude<OwnerAction<StreamEntry>, { type: 'rest' }>

function newestVoteAt(entries: readonly StreamEntry[]): number | null {
  return entries.findLast(({ content }) => content.type === 'votes')?.appendedAt ?? null
}

/** Carries out what the pure core asks for, and says what came of it. */
export function createPerformOwnerAction(
  { lease, stream, ledger, announcer }: RecordVotesPorts,
  owner: string,
  limits: RecordVotesLimits,
  hooks: RecordVotesHooks,
  partition: number,
  signal: AbortSignal,
) {
  /** The first read after the partition was acquired does not wait: whether the log was lost should not take until the next vote. */
  let isFirstRead = false
  const restAfter = createPaceReads()
  let restMs = 0

  /**
   * Tells the stream the checkpoint's epoch. A ledger that was restored from a backup may be behind the stream's: then the checkpoint
   * begins the one above it, because behind a lower one no missing door ever comes back, and behind the same one an owner of the
   * time before could take the checkpoint for the one that it knows.
   */
  async function agreeOnEpoch(checkpoint: Checkpoint): Promise<Checkpoint | null> {
    const epoch = await stream.raiseEpoch(partition, checkpoint.epoch)
    if (epoch === checkpoint.epoch) return checkpoint
    const raised = await lease.raiseEpoch(checkpoint, owner, epoch + 1)
    if (raised) await stream.raiseEpoch(partition, raised.epoch)
    if (raised) hooks.onEpochRaised(raised)
    return raised
  }

  async function takePossession(acquired: Checkpoint): Promise<Checkpoint | null> {
    const checkpoint = await agreeOnEpoch(acquired)
    if (checkpoint === null) return null
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
      // Of a commit that changed nothing there is nothing to tell: else the commit that remembers the news would be news itself.
      if (pollIds.length > 0) announcer.note(partition, { recordedAt, pollIds, closingIds, acceptedAt })
      hooks.onRecorded(partition, recorded)
      checkpoint = recorded.checkpoint
      return 'recorded'
    }
    /**
     * An entry carries the votes of many voters, and one that is bad must not take the others along. The checkpoint stays before
     * the entry until its last vote is done: whoever reads it again after a crash finds what is recorded, and changes nothing.
     */
    async function recordVotesApart(entry: StreamEntry, partTo: EntryId): Promise<Outcome> {
      return recordIsolating(votesOf(entry), partTo, {
        record: (votes, upTo) => commit({ ...batchOf([], upTo), ...foldForLedger(votes) }, entry.appendedAt),
        behind: () => checkpoint.recorded,
        setAside: async (vote, fault, upTo) => {
          hooks.onError(partition, fault)
          return commit({ ...batchOf([], upTo), setAside: [setVoteAside(vote, fault.message)] }, null)
        },
      })
    }
    for (const one of ledgerCommits(entries, to)) {
      const outcome = await recordIsolating(one.entries, one.to, {
        record: (part, partTo) => commit(batchOf(part, partTo), newestVoteAt(part)),
        behind: ({ id }) => id,
        setAside: async (entry, fault, partTo) => {
          if (votesOf(entry).length > 0) return recordVotesApart(entry, partTo)
          hooks.onError(partition, fault)
          return commit({ ...batchOf([], partTo), setAside: setEntryAside(entry, fault.message) }, null)
        },
      })
      if (outcome === 'fenced') return { type: 'lost', term }
    }
    return { type: 'recorded', term, checkpoint }
  }

  async function read(action: Extract<Action, { type: 'read' }>): Promise<Event> {
    const { entriesMax } = limits
    const waitMs = isFirstRead ? 0 : limits.waitMs
    isFirstRead = false
    if (restMs > 0) await hooks.sleep(restMs, signal)
    const found = await stream.read(partition, action.after, { entriesMax, waitMs }, signal)
    restMs = restAfter(found, entriesMax)
    const inspected = await stream.inspect(partition, action.after)
    const newer = found.findIndex((entry) => entry.content.type === 'newer')
    const [first] = found
    if (first?.content.type === 'newer') {
      hooks.onNewerEntry(partition, first.id, first.content.formatVersion)
      return { type: 'lost', term: action.term }
    }
    return { type: 'read', term: action.term, entries: newer < 0 ? found : found.slice(0, newer), inspected }
  }

  return async (action: Action): Promise<Event> => {
    const { term } = action
    switch (action.type) {
      case 'acquire': {
        const acquired = await lease.acquire(partition, owner, limits.leaseMs)
        const checkpoint = acquired && (await takePossession(acquired))
        if (checkpoint) hooks.onTakenOver(checkpoint)
        isFirstRead = true
        return { type: 'acquired', term, checkpoint }
      }
      case 'raise_epoch': {
        const raised = await lease.raiseEpoch(action.checkpoint, owner)
        if (raised) hooks.onEpochRaised(raised)
        return { type: 'raised', term, checkpoint: raised && (await agreeOnEpoch(raised)) }
      }
      case 'read':
        return read(action)
      case 'record':
        return record(action)
    }
  }
}
