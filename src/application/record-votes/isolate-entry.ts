import type { EntryId } from '../../domain/position.ts'
import { isUnrecordable } from '../../ports/unrecordable.ts'

export type Outcome = 'recorded' | 'fenced'

export type EntryRecorder<Entry> = {
  /** Records the entries in one commit, which moves the checkpoint to `to`. Nothing is recorded where it rejects. */
  readonly record: (entries: readonly Entry[], to: EntryId) => Promise<Outcome>
  /** Keeps an entry that can never be recorded, with what was wrong with it; the checkpoint moves behind it. */
  readonly setAside: (entry: Entry, fault: Error, to: EntryId) => Promise<Outcome>
}

/**
 * Records the entries in their order, up to `to`, and sets aside those that the ledger can never hold.
 *
 * Naively the worker tries again, and one bad entry stops its partition for ever. So what fails is recorded in two halves, and
 * those again, until an entry fails alone: with a single one among n, log2(n) + 1 levels of two commits at most. Any other
 * fault ends it: that the ledger is away, or out of order, must not set aside a single vote.
 */
export async function recordIsolating<Entry extends { readonly id: EntryId }>(
  entries: readonly Entry[],
  to: EntryId,
  recorder: EntryRecorder<Entry>,
): Promise<Outcome> {
  try {
    return await recorder.record(entries, to)
  } catch (fault) {
    const [first] = entries
    if (!isUnrecordable(fault) || first === undefined) throw fault
    if (entries.length === 1) return recorder.setAside(first, fault, to)
  }
  const half = Math.ceil(entries.length / 2)
  const earlier = entries.slice(0, half)
  const outcome = await recordIsolating(earlier, earlier.at(-1)?.id ?? to, recorder)
  return outcome === 'fenced' ? outcome : recordIsolating(entries.slice(half), to, recorder)
}
