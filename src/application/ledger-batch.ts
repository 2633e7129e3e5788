import { foldVotes } from '../domain/fold-votes.ts'
import { type EntryId, positionOf } from '../domain/position.ts'
import type { PositionedVote } from '../domain/vote.ts'
import type { Checkpoint } from '../ports/partition-lease.ts'
import type { CloseMarker, LedgerBatch, SetAside } from '../ports/vote-ledger.ts'
import type { StreamEntry } from '../ports/vote-stream.ts'

/**
 * The commits that record these entries, in order: one for each run of entries of one epoch (one without entries where there are
 * none). After a lost log old and new entries are read together, and folding a new vote into the replay of an old one
 * would lose it: the ledger may hold a vote that stands between them.
 */
export function ledgerBatches(
  owner: string,
  from: Checkpoint,
  to: EntryId,
  entries: readonly StreamEntry[],
  announcedUntil: number,
): readonly LedgerBatch[] {
  const batches: LedgerBatch[] = []
  let start = 0
  let checkpoint = from
  for (const [index, { id, epoch }] of entries.entries()) {
    if (entries[index + 1]?.epoch === epoch) continue
    const isLast = index === entries.length - 1
    const run = entries.slice(start, index + 1)
    batches.push(ledgerBatch(owner, checkpoint, isLast ? to : id, run, announcedUntil))
    checkpoint = { ...checkpoint, recorded: id }
    start = index + 1
  }
  return batches.length > 0 ? batches : [ledgerBatch(owner, from, to, [], announcedUntil)]
}

/** Everything that one commit records: what the entries between two checkpoints say, each vote with its position. */
function ledgerBatch(
  owner: string,
  from: Checkpoint,
  to: EntryId,
  entries: readonly StreamEntry[],
  announcedUntil: number,
): LedgerBatch {
  const votes: PositionedVote[] = []
  const markers: CloseMarker[] = []
  const setAside: SetAside[] = []
  for (const { id, epoch, content } of entries) {
    switch (content.type) {
      case 'votes':
        for (const [index, vote] of content.votes.entries()) {
          votes.push({ ...vote, position: positionOf(epoch, id, index) })
        }
        break
      case 'close':
        markers.push({ pollId: content.pollId, round: content.round, position: positionOf(epoch, id, 0) })
        break
      case 'unreadable':
        setAside.push({
          position: positionOf(epoch, id, 0),
          pollId: null,
          reason: 'unreadable',
          payload: JSON.stringify({ reason: content.reason, bytes: Buffer.from(content.bytes).toString('base64') }),
        })
        break
      case 'newer':
        throw new Error(`entry ${id} of format ${content.formatVersion} reached the ledger; it must wait`)
    }
  }
  const folded = foldVotes(votes)
  for (const vote of folded.setAside) setAside.push(secondFirstVote(vote))
  return { owner, from, to, votes: folded.votes, markers, setAside, announcedUntil }
}

function secondFirstVote({ position, pollId, ...vote }: PositionedVote): SetAside {
  return { position, pollId, reason: 'already_voted', payload: JSON.stringify(vote) }
}
