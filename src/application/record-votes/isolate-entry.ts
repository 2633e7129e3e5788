import type { EntryId } from '../../domain/position.ts'
import { isUnrecordable } from '../../ports/unrecordable.ts'

export type Outcome = 'recorded' | 'fenced'

export type Recorder<Item> = {
  /** Records the items in one commit, which moves the checkpoint to `to`. Nothing is recorded where it rejects. */
  readonly record: (items: readonly Item[], to: EntryId) => Promise<Outcome>
  /** Where the checkpoint may stand when everything up to this item is recorded. */
  readonly behind: (item: Item) => EntryId
  /** Keeps an item that can never be recorded, with what was wrong with it; the checkpoint moves to `to`. */
  readonly setAside: (item: Item, fault: Error, to: EntryId) => Promise<Outcome>
}

/**
 * Records the items in their order, up to `to`, and sets aside those that the ledger can never hold.
 *
 * Naively the worker tries again, and one bad entry stops its partition for ever. So what fails is recorded in two halves, and
 * those again, until an item fails alone: with a single one among n, log2(n) + 1 levels of two commits at most. Any other
 * fault ends it: that the ledger is away, or out of order, must not set aside a single vote.
 */
export async function recordIsolating<Item>(
  items: readonly Item[],
  to: EntryId,
  recorder: Recorder<Item>,
): Promise<Outcome> {
  try {
    return await recorder.record(items, to)
  } catch (fault) {
    const [first] = items
    if (!isUnrecordable(fault) || first === undefined) throw fault
    if (items.length === 1) return recorder.setAside(first, fault, to)
  }
  const half = Math.ceil(items.length / 2)
  const earlier = items.slice(0, half)
  const last = earlier.at(-1)
  const outcome = await recordIsolating(earlier, last === undefined ? to : recorder.behind(last), recorder)
  return outcome === 'fenced' ? outcome : recordIsolating(items.slice(half), to, recorder)
}
