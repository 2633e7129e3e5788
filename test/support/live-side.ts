import { createListener } from '../../src/adapters/postgres/listen.ts'
import { createPollStore } from '../../src/adapters/postgres/poll-store.ts'
import { createTallies } from '../../src/adapters/postgres/tallies.ts'
import { createTallyCache } from '../../src/adapters/postgres/tally-cache.ts'
import { createTallyFeed } from '../../src/adapters/postgres/tally-feed.ts'
import { connectRedis } from '../../src/adapters/redis/connect.ts'
import { createKeys } from '../../src/adapters/redis/keys.ts'
import { createTallyCache as createRedisCache } from '../../src/adapters/redis/tally-cache.ts'
import { createTallyFeed as createRedisFeed } from '../../src/adapters/redis/tally-feed.ts'
import { createWatchPoll, type WatchPoll, type WatchPollOptions } from '../../src/application/watch-poll.ts'
import type { Poll } from '../../src/domain/poll.ts'
import type { Tally } from '../../src/domain/tally.ts'
import type { PollStore } from '../../src/ports/poll-store.ts'
import type { Tallies } from '../../src/ports/tallies.ts'
import type { TallyCache } from '../../src/ports/tally-cache.ts'
import type { TallyFeed } from '../../src/ports/tally-feed.ts'
import { patientMs } from './adapters-redis.ts'
import { createTestDatabase, type TestDatabase } from './postgres.ts'
import { shareTestRedis } from './redis.ts'
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
  /** How many subscriptions to this poll's news there are, over all listeners. */
  readonly subscriptions: (pollId: string) => Promise<number>
  /** Breaks the connection that news comes over. */
  readonly loseConnection: () => Promise<void>
  readonly vote: (poll: Poll, optionId: number, votes?: number) => Promise<Tally>
  readonly watch: (options?: Partial<WatchPollOptions>) => WatchPoll
  readonly stop: () => Promise<void>
}

export type LiveKind = 'postgres' | 'redis'

type Ports = Pick<LiveSide, 'store' | 'tallies' | 'cache' | 'feed' | 'subscriptions' | 'loseConnection'>

/** `redisUrl`: a Redis of the test's own; else the shared one. */
export const startLiveSide = async (kind: LiveKind, redisUrl?: string): Promise<LiveSide> => {
  const database = await createTestDatabase()
  const { pool } = database
  const faults: unknown[] = []
  const truth = { store: createPollStore(pool), tallies: createTallies(pool) }
  const { stop, ...news } =
    kind === 'postgres' ? newsOverPostgres(database) : await newsOverRedis(redisUrl, (fault) => faults.push(fault))
  const ports: Ports = { ...truth, ...news }
  const owner = await createLedgerOwner(pool, 0)
  const watches: WatchPoll[] = []
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
      await stop()
      await database.drop()
    },
  }
}

type News = Omit<Ports, 'store' | 'tallies'> & { readonly stop: () => Promise<void> }

function newsOverPostgres({ pool, databaseUrl }: TestDatabase): News {
  const listener = createListener({ connectionString: databaseUrl, application_name: 'news' })
  const ofListener = "from pg_stat_activity where application_name = 'news' and datname = current_database()"
  return {
    cache: createTallyCache(pool),
    feed: createTallyFeed(pool, listener),
    async subscriptions() {
      const { rowCount } = await pool.query(`select 1 ${ofListener}`)
      return rowCount ?? 0
    },
    async loseConnection() {
      await pool.query(`select pg_terminate_backend(pid) ${ofListener}`)
    },
    stop: () => listener.stop(),
  }
}

async function newsOverRedis(url: string | undefined, report: (fault: unknown) => void): Promise<News> {
  const shared = shareTestRedis()
  // A test that takes its own Redis away waits for what that means.
  const connections = connectRedis(url === undefined ? { url: shared.redisUrl, commandTimeoutMs: patientMs } : { url })
  await connections.ready()
  const keys = createKeys(shared.prefix)
  const { commands, subscriber } = connections
  const feed = createRedisFeed(connections, keys, report)
  return {
    cache: createRedisCache(connections.cache, keys),
    feed,
    async subscriptions(pollId) {
      const [, count] = await commands.pubsub('NUMSUB', keys.pollUpdates(pollId))
      return Number(count)
    },
    async loseConnection() {
      // Its own connection alone: other tests share this server.
      await commands.client('KILL', 'ADDR', `127.0.0.1:${subscriber.stream.localPort}`)
    },
    async stop() {
      feed.stop()
      connections.stop()
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
