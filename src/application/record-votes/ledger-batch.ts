import { foldVotes } from '../../domain/fold-votes.ts'
import {
  type Checkpoint,
  type EntryId,
  hasPosition,
  nearestPosition,
  positionOf,
  withIndex,
} from '../../domain/position.ts'
import type { PositionedVote } from '../../domain/vote.ts'
import type { CloseMarker, LedgerBatch, SetAside } from '../../ports/vote-ledger.ts'
import type { StreamEntry } from '../../ports/vote-stream.ts'

/** Of an entry that nobody can read. Twice what the largest batch of an api takes; what is cut off no api has written. */
const BYTES_KEPT_MAX = 256 * 1024

/** Entries that one commit may record, and where the checkpoint stands after it. */
export type LedgerCommit = { readonly entries: readonly StreamEntry[]; readonly to: EntryId }

/**
 * The commits that record these entries, in order (one without entries where there are none). A new one begins:
 *
 * - with each epoch. After a lost log old and new entries are read together, and folding a new vote into the replay of an old
 *   one would lose it: the ledger may hold a vote that stands between them;
 * - with a vote behind the close marker of its own round. The ledger closes a round to the commits that follow its marker, so
 *   within one commit such a vote would count. It can only happen where a door fell back behind its shutting.
 *
 * Whatever is left out of a commit's entries, the rest can still be one commit.
 */
export function ledgerCommits(entries: readonly StreamEntry[], to: EntryId): readonly LedgerCommit[] {
  const commits: LedgerCommit[] = []
  let run: StreamEntry[] = []
  let closed = new Set<string>()
  for (const entry of entries) {
    const last = run.at(-1)
    if (last !== undefined && (last.epoch !== entry.epoch || isBehindMarker(entry, closed))) {
      commits.push({ entries: run, to: last.id })
      run = []
      closed = new Set()
    }
    run.push(entry)
    if (entry.content.type === 'close') closed.add(roundKey(entry.content))
  }
  return [...commits, { entries: run, to }]
}

/** Everything that one commit records: what its entries say, each vote with its position. */
export function ledgerBatch(
  owner: string,
  from: Checkpoint,
  { entries, to }: LedgerCommit,
  announcedUntil: number,
): LedgerBatch {
  const votes: PositionedVote[] = []
  const markers: CloseMarker[] = []
  const setAside: SetAside[] = []
  for (const entry of entries) {
    const { id, epoch, content } = entry
    if (content.type === 'newer') {
      throw new Error(`entry ${id} of format ${content.formatVersion} reached the ledger; it must wait`)
    } else if (content.type === 'unreadable') {
      setAside.push(...setEntryAside(entry, content.reason))
    } else if (!hasPosition(id)) {
      setAside.push(...setEntryAside(entry, `no position for ${id}`))
    } else if (content.type === 'close') {
      markers.push({ pollId: content.pollId, round: content.round, position: positionOf(epoch, id, 0) })
    } else {
      votes.push(...votesOf(entry))
    }
  }
  const folded = foldForLedger(votes)
  return { owner, from, to, votes: folded.votes, markers, setAside: [...setAside, ...folded.setAside], announcedUntil }
}

/** The votes of an entry, each with its position; none where positions do not reach it, or where it holds something else. */
export function votesOf({ id, epoch, content }: StreamEntry): readonly PositionedVote[] {
  if (content.type !== 'votes' || !hasPosition(id)) return []
  const first = positionOf(epoch, id, 0)
  return content.votes.map(({ pollId, round, voter, kind, selection }, index) => ({
    pollId,
    round,
    voter,
    kind,
    selection,
    position: withIndex(first, index),
  }))
}

/** What a batch says of these votes. */
export function foldForLedger(votes: readonly PositionedVote[]): Pick<LedgerBatch, 'votes' | 'setAside'> {
  const folded = foldVotes(votes)
  return { votes: folded.votes, setAside: folded.setAside.map(secondFirstVote) }
}

/** A vote that can never be recorded, at its own place, so that its receipt finds it. */
export function setVoteAside({ position, pollId, ...vote }: PositionedVote, reason: string): SetAside {
  return { position, pollId, reason: 'unreadable', payload: JSON.stringify({ reason, ...vote }) }
}

/** An entry that cannot be recorded, whole: each of its votes at its own place, so that its receipt finds it. */
export function setEntryAside({ id, epoch, content }: StreamEntry, reason: string): readonly SetAside[] {
  const position = nearestPosition(epoch, id, 0)
  switch (content.type) {
    case 'votes':
      return content.votes.map(({ pollId, ...vote }, index) => ({
        position: nearestPosition(epoch, id, index),
        pollId,
        reason: 'unreadable',
        payload: JSON.stringify({ reason, ...vote }),
      }))
    case 'close': {
      const { pollId, round } = content
      return [{ position, pollId, reason: 'unreadable', payload: JSON.stringify({ reason, round, closes: true }) }]
    }
    case 'unreadable': {
      const { formatVersion, meaning } = content
      const { length } = content.bytes
      // JSON has no NaN: the version becomes null.
      const bytes = Buffer.from(content.bytes.subarray(0, BYTES_KEPT_MAX)).toString('base64')
      const payload = JSON.stringify({ reason, formatVersion, meaning, length, bytes })
      return [{ position, pollId: null, reason: 'unreadable', payload }]
    }
    case 'newer':
      throw new Error(`entry ${id} of format ${content.formatVersion} must wait`)
  }
}

function isBehindMarker({ content }: StreamEntry, closed: ReadonlySet<string>): boolean {
  return closed.size > 0 && content.type === 'votes' && content.votes.some((vote) => closed.has(roundKey(vote)))
}

function roundKey({ pollId, round }: { readonly pollId: string; readonly round: number }): string {
  return `${round} ${pollId}`
}

function secondFirstVote({ position, pollId, ...vote }: PositionedVote): SetAside {
  return { position, pollId, reason: 'already_voted', payload: JSON.stringify(vote) }
}
