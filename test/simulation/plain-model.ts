import { strict as assert } from 'node:assert'
import type { Position } from '../../src/domain/position.ts'
import type { LedgerVote, Vote } from '../../src/domain/vote.ts'
import { rowKey } from './stores.ts'

/** What everybody expects: a plain map of voter to last accepted vote, for each round. */
export class PlainModel {
  readonly lastVotes = new Map<string, LedgerVote>()
  /** By position: who asked for what. */
  readonly accepted = new Map<Position, string>()
  readonly #closed = new Set<number>()
  readonly #isLossy: boolean

  constructor(isLossy: boolean) {
    this.#isLossy = isLossy
  }

  accept(vote: Vote, position: Position): void {
    const key = rowKey(vote)
    const standing = this.lastVotes.get(key)
    // Where the stream loses its log it may lose this too, and the ledger puts it right.
    if (!this.#isLossy) {
      assert(!this.#closed.has(vote.round), `a vote was accepted after the close of round ${vote.round} had answered`)
      assert(
        vote.kind !== 'cast' || standing === undefined || standing.selection.length === 0,
        `a second first vote of ${vote.voter} was accepted`,
      )
    }
    this.lastVotes.set(key, { selection: vote.selection, position })
    this.accepted.set(position, `${key} ${vote.selection.join()}`)
  }

  close(round: number): void {
    this.#closed.add(round)
  }
}
