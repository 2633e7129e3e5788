import { refuseForNow, type Refused } from '../domain/refusal.ts'
import type { PollSnapshot, PollSnapshots } from '../ports/poll-snapshots.ts'

/** Does the work with a poll as it is at one moment. Only so many snapshots are read at once: a further one is refused. */
export type ReadSnapshot = <Result>(
  pollId: string,
  work: (snapshot: PollSnapshot | null) => Promise<Result>,
) => Promise<Result | Refused>

type SnapshotUse = 'export' | 'sign'

/**
 * Each snapshot holds a connection, and keeps the store from clearing away what has changed since. Each use has places of its own, or
 * everybody who asks for signed results could keep organisers from their exports.
 */
export function createReadSnapshot(snapshots: PollSnapshots, use: SnapshotUse, snapshotsMax: number): ReadSnapshot {
  let places = snapshotsMax
  return async (pollId, work) => {
    if (places === 0) return tooMany[use]
    places -= 1
    try {
      return await snapshots.read(pollId, work)
    } finally {
      places += 1
    }
  }
}

const tooMany = {
  export: refuseForNow('overloaded', 'Too many exports are under way. Please try again.', 5_000),
  sign: refuseForNow('overloaded', 'Too many results are being signed right now. Please try again.', 5_000),
} as const satisfies Record<SnapshotUse, Refused>
