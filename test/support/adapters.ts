import type { EntryId } from '../../src/domain/position.ts'
import type { DoorRestoration } from '../../src/ports/door-restoration.ts'
import type { TallyCache } from '../../src/ports/tally-cache.ts'
import type { TallyFeed } from '../../src/ports/tally-feed.ts'
import type { ViewerCounts } from '../../src/ports/viewer-counts.ts'
import type { VoteDoor } from '../../src/ports/vote-door.ts'
import type { VoteStream } from '../../src/ports/vote-stream.ts'
import { cluster } from './adapters-cluster.ts'
import { postgres } from './adapters-postgres.ts'
import { redis } from './adapters-redis.ts'

/** The adapters of one process, on a stream, a cache and a feed that no other test sees. */
export type Adapters = {
  readonly door: VoteDoor
  readonly restoration: DoorRestoration
  readonly stream: VoteStream
  readonly cache: TallyCache
  readonly feed: TallyFeed
  readonly viewerCounts: ViewerCounts
  /** Takes entries out of the stream, as somebody does by hand. */
  readonly takeOut: (partition: number, entries: readonly EntryId[]) => Promise<void>
  /** Breaks the connections over which news arrives, as a network would. */
  readonly cutFeed: () => Promise<void>
  /** How many subscriptions to this poll's tallies this process holds. */
  readonly countSubscriptions: (pollId: string) => Promise<number>
  readonly stop: () => Promise<void>
}

/** What differs from one installation to the other. */
export type AdapterOptions = { readonly unrecordedVotesMax?: number }

/** Every port's suite runs against each of these. */
export const adapters: readonly {
  readonly name: string
  readonly create: (options?: AdapterOptions) => Promise<Adapters>
}[] = [postgres, redis, cluster]
