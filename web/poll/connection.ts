import type { WatchStatus } from '../../client/src/index.ts'
import type { Status } from './status.ts'

/** How a page hears of its poll. `connecting`: it does not, and tries again; `lost`: it has given up. */
export type ConnectionState = 'live' | 'connecting' | 'lost'

/** Null where there is nothing to say: a final poll has no news, so its connection has ended as it should. */
export function connectionOf(watch: WatchStatus, status: Status): ConnectionState | null {
  if (status === 'closed') return null
  if (watch === 'live') return 'live'
  return watch === 'closed' ? 'lost' : 'connecting'
}
