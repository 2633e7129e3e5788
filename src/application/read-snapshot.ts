import { refuseForNow, type Refused } from '../domain/refusal.ts'
import type { PollSnapshot, PollSnapshots } from '../ports/poll-snapshots.ts'
import type { LivePoll } from './watch-poll.ts'

/** Does the work with a poll as it is at one moment, no earlier than what is known of it here. Only so many snapshots are read at once: a further one is refused. */
export type ReadSnapshot = <Result>(
  live: LivePoll,
  work: (snapshot: PollSnapshot | null) => Promise<Result>,
) => Promise<Result | Refused>

type SnapshotUse = 'export' | 'sign'

/**
 * Each snapshot holds a connection, and keeps the store from clearing away what has changed since. Each use has places of its own, or
 * everybody who asks for signed results could keep organisers from their exports.
 */
export function createReadSnapshot(snapshots: PollSnapshots, use: SnapshotUse, snapshotsMax: number): ReadSnapshot {
  let places = snapshotsMax
  return async ({ poll: { id, revision }, tally: { version } }, work) => {
    if (places === 0) return tooMany[use]
    places -= 1
    try {
      return await snapshots.read(id, { revision, version }, work)
    } finally {
      places += 1
    }
  }
}

const tooMany = {
  export: refuseForNow('overloaded', 'Too many exports are under way. Please try again.', 5_000),
  sign: refuseForNow('overloaded', 'Too many results are being signed right now. Please try again.', 5_000),
} as const satisfies Record<SnapshotUse, Refused>
