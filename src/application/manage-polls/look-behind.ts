import type { EntryId } from '../../domain/position.ts'
import type { Vote } from '../../domain/vote.ts'
import type { PartitionLease } from '../../ports/partition-lease.ts'
import type { StreamEntry, VoteStream } from '../../ports/vote-stream.ts'

export const LOOK_LIMITS = {
  /** Over all partitions, of all polls. An organiser asks often, and beyond it is far behind anyway. */
  votesMax: 5_000,
  /** An entry may hold some thousand votes, and all of a page are in memory at once. */
  entriesPerPage: 8,
} as const

type WaitingVote = { readonly vote: Vote; readonly appendedAt: number }

/** Up to where a partition was looked at. */
type Place = { readonly partition: number; readonly after: EntryId }

type Parts = { readonly lease: Pick<PartitionLease, 'read'>; readonly stream: Pick<VoteStream, 'peek'> }

/**
 * The votes behind the checkpoints, at most `votesMax`. Page by page in turns, so that a partition in which much waits leaves room for the others;
 * and one call after the other, since the stores have votes to take meanwhile.
 */
export async function lookBehind({ lease, stream }: Parts, partitions: number): Promise<readonly WaitingVote[]> {
  const found: WaitingVote[] = []
  /** What was looked at, where an entry without votes counts as one: it costs as much. */
  let looked = 0
  let places = await readPlaces(lease, partitions)

  function take({ appendedAt, content }: StreamEntry): void {
    const votes = content.type === 'votes' ? content.votes.slice(0, Math.max(0, LOOK_LIMITS.votesMax - looked)) : []
    looked += Math.max(1, votes.length)
    found.push(...votes.map((vote) => ({ vote, appendedAt })))
  }

  while (places.length > 0) {
    const unfinished: Place[] = []
    for (const { partition, after } of places) {
      if (looked >= LOOK_LIMITS.votesMax) break
      const entries = await stream.peek(partition, after, LOOK_LIMITS.entriesPerPage)
      for (const entry of entries) take(entry)
      const last = entries.at(-1)
      if (last !== undefined && entries.length === LOOK_LIMITS.entriesPerPage)
        unfinished.push({ partition, after: last.id })
    }
    places = unfinished
  }
  return found
}

async function readPlaces(lease: Parts['lease'], partitions: number): Promise<Place[]> {
  const places: Place[] = []
  for (let partition = 0; partition < partitions; partition += 1)
    places.push({ partition, after: (await lease.read(partition)).recorded })
  return places
}
