import { refuseForNow, type Refused } from '../domain/refusal.ts'
import type { PollSnapshot, PollSnapshots } from '../ports/poll-snapshots.ts'

/** Does the work with a poll as it is at one moment. Only so many snapshots are read at once: a further one is refused. */
export type ReadSnapshot = <Result>(
  pollId: string,
  work: (snapshot: PollSnapshot | null) => Promise<Result>,
) => Promise<Result | Refused>

/** Each snapshot holds a connection, and keeps the store from clearing away what has changed since. */
export function createReadSnapshot(snapshots: PollSnapshots, snapshotsMax: number): ReadSnapshot {
  let places = snapshotsMax
  return async (pollId, work) => {
    if (places === 0) return tooMany
    places -= 1
    try {
      return await snapshots.read(pollId, work)
    } finally {
      places += 1
    }
  }
}

const tooMany = refuseForNow('overloaded', 'Too many exports are under way. Please try again.', 5_000)
