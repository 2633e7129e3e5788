import { createListener } from '../../src/adapters/postgres/listen.ts'
import { createPollStore } from '../../src/adapters/postgres/poll-store.ts'
import { createTallies } from '../../src/adapters/postgres/tallies.ts'
import { createTallyCache } from '../../src/adapters/postgres/tally-cache.ts'
import { createTallyFeed } from '../../src/adapters/postgres/tally-feed.ts'
import { createWatchPoll, type WatchPoll, type WatchPollOptions } from '../../src/application/watch-poll.ts'
import type { Poll } from '../../src/domain/poll.ts'
import type { Tally } from '../../src/domain/tally.ts'
import type { PollStore } from '../../src/ports/poll-store.ts'
import type { Tallies } from '../../src/ports/tallies.ts'
import type { TallyCache } from '../../src/ports/tally-cache.ts'
import type { TallyFeed } from '../../src/ports/tally-feed.ts'
import { createTestDatabase, type TestDatabase } from './postgres.ts'
import { somePoll } from './some-poll.ts'
import { createLedgerOwner, type LedgerOwner, positionAt, someVoter } from './some-votes.ts'

/** Everything that lies before the viewers: a real ledger that takes votes, and the news of it. */
export type LiveSide = {
  readonly database: TestDatabase
  readonly store: PollStore
  readonly tallies: Tallies
  readonly cache: TallyCache
  readonly feed: TallyFeed
  readonly faults: unknown[]
  /** Keeps a poll; nobody is told. */
  readonly create: (said?: Partial<Poll>) => Promise<Poll>
  /** Keeps the next revision; nobody is told. */
  readonly edit: (poll: Poll, said: Partial<Poll>) => Promise<Poll>
  readonly tell: (poll: Poll) => Promise<void>
  /** Records votes of new voters for this option, in the ledger alone. */
  readonly record: (poll: Poll, optionId: number, votes?: number) => Promise<void>
  /** What stands in the ledger goes to the cache. */
  readonly keep: (pollId: string) => Promise<Tally>
  /** What stands in the ledger goes to the cache and to everybody who listens. */
  readonly announce: (pollId: string) => Promise<Tally>
  readonly vote: (poll: Poll, optionId: number, votes?: number) => Promise<Tally>
  readonly watch: (options?: Partial<WatchPollOptions>) => WatchPoll
  readonly stop: () => Promise<void>
}

export type LiveKind = 'postgres'

export const startLiveSide = async (_kind: LiveKind): Promise<LiveSide> => {
  const database = await createTestDatabase()
  const { pool } = database
  const listener = createListener({ connectionString: database.databaseUrl })
  const ports = {
    store: createPollStore(pool),
    tallies: createTallies(pool),
    cache: createTallyCache(pool),
    feed: createTallyFeed(pool, listener),
  }
  const owner = await createLedgerOwner(pool, 0)
  const watches: WatchPoll[] = []
  const faults: unknown[] = []
  const side = createSide(ports, owner)
  return {
    ...side,
    ...ports,
    database,
    faults,
    watch(options = {}) {
      const watch = createWatchPoll({
        ...ports,
        updateIntervalMs: 100,
        finalPollCacheMs: 60_000,
        report: (fault) => faults.push(fault),
        ...options,
      })
      watches.push(watch)
      return watch
    },
    async stop() {
      await Promise.all(watches.map((watch) => watch.stop()))
      await listener.stop()
      await database.drop()
    },
  }
}

function createSide(
  { store, tallies, cache, feed }: Pick<LiveSide, 'store' | 'tallies' | 'cache' | 'feed'>,
  owner: LedgerOwner,
) {
  let entry = 0
  const side = {
    async create(said: Partial<Poll> = {}): Promise<Poll> {
      const poll = somePoll(said)
      if (!(await store.create(poll))) throw new Error(`poll ${poll.id} is there already`)
      return poll
    },
    async edit(poll: Poll, said: Partial<Poll>): Promise<Poll> {
      const edited = { ...poll, ...said, revision: poll.revision + 1 }
      if (!(await store.save(edited, poll.revision))) throw new Error(`poll ${poll.id} was edited by somebody else`)
      return edited
    },
    async tell(poll: Poll): Promise<void> {
      await cache.putPoll(poll)
      await feed.publishPollChange({ pollId: poll.id, revision: poll.revision })
    },
    async record(poll: Poll, optionId: number, votes = 1): Promise<void> {
      entry += 1
      const content = Array.from({ length: votes }, () => ({
        pollId: poll.id,
        round: poll.round,
        voter: someVoter(),
        kind: 'cast' as const,
        selection: [optionId],
        position: positionAt(entry),
      }))
      await owner.record(entry, { votes: content })
    },
    async keep(pollId: string): Promise<Tally> {
      const [tally] = await tallies.read([pollId])
      if (tally === undefined) throw new Error(`no tally of ${pollId}`)
      await cache.putTally(tally)
      return tally
    },
    async announce(pollId: string): Promise<Tally> {
      const tally = await side.keep(pollId)
      await feed.publishTally(tally)
      return tally
    },
    async vote(poll: Poll, optionId: number, votes = 1): Promise<Tally> {
      await side.record(poll, optionId, votes)
      return side.announce(poll.id)
    },
  }
  return side
}
