import type { PollSnapshot, PollSnapshots, Shown } from '../../ports/poll-snapshots.ts'
import { isUnavailable } from '../../ports/unavailable.ts'

export type ReplicaHooks = {
  readonly sleep: (ms: number) => Promise<void>
  /** A snapshot is read from the primary: the replica stays behind, or cannot be asked (`err`). */
  readonly onPassedOver: (err: unknown) => void
}

/** Longer than a replica that keeps up lies behind, and short for somebody who waits for an export. */
const waitMsDefault = 1_000
const lookEveryMs = 50

/**
 * Snapshots from a replica, which may lie behind: it is waited for until it has what was shown, and passed over where that takes too long.
 * What has begun there is not begun anew elsewhere.
 */
export function createReplicaSnapshots(
  replica: PollSnapshots,
  primary: PollSnapshots,
  { sleep, onPassedOver }: ReplicaHooks,
  waitMs = waitMsDefault,
): PollSnapshots {
  return {
    async read(pollId, shown, work) {
      const until = performance.now() + waitMs
      for (;;) {
        const attempt = await readThere(replica, pollId, shown, work)
        if ('result' in attempt) return attempt.result
        if (attempt.err !== null || performance.now() >= until) {
          onPassedOver(attempt.err)
          return primary.read(pollId, shown, work)
        }
        await sleep(lookEveryMs)
      }
    },
  }
}

/** `err` null: it is behind. */
type NotRead = { readonly err: unknown }

async function readThere<Result>(
  replica: PollSnapshots,
  pollId: string,
  shown: Shown,
  work: (snapshot: PollSnapshot | null) => Promise<Result>,
): Promise<{ readonly result: Result } | NotRead> {
  let isBegun = false
  try {
    return await replica.read(pollId, shown, async (snapshot) => {
      if (!hasShown(snapshot, shown)) return { err: null }
      isBegun = true
      return { result: await work(snapshot) }
    })
  } catch (err) {
    if (isBegun || !isUnavailable(err)) throw err
    return { err }
  }
}

function hasShown(snapshot: PollSnapshot | null, { revision, version }: Shown): boolean {
  return snapshot !== null && snapshot.poll.revision >= revision && snapshot.tally.version >= version
}
