import { createHash } from 'node:crypto'
import type { StandingVote } from '../ports/poll-snapshots.ts'

/** What the votes of a round add up to. */
export type LedgerDigest = {
  readonly votes: number
  /** By option id. */
  readonly counts: ReadonlyMap<number, number>
  /** SHA-256, hexadecimal, over a line per vote: see `lineOf`. */
  readonly digest: string
}

/** Reads all votes of a round, which come in the order of their voter keys, a page at a time. */
export async function digestVotes(pages: AsyncIterable<readonly StandingVote[]>): Promise<LedgerDigest> {
  const hash = createHash('sha256')
  const counts = new Map<number, number>()
  let votes = 0
  for await (const page of pages) {
    let lines = ''
    for (const vote of page) {
      lines += lineOf(vote)
      for (const id of vote.selection) counts.set(id, (counts.get(id) ?? 0) + 1)
    }
    hash.update(lines, 'latin1')
    votes += page.length
  }
  return { votes, counts, digest: hash.digest('hex') }
}

/** Text, so that whoever has the ledger can make it with the tools at hand: docs/decisions/signed-results.md has the statement. */
function lineOf({ voter, selection }: StandingVote): string {
  return `${voter} ${selection.join(',')}\n`
}
