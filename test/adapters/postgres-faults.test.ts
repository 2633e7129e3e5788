import pg from 'pg'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createDoorRestoration } from '../../src/adapters/postgres/door-restoration.ts'
import { createListener } from '../../src/adapters/postgres/listen.ts'
import { createTallyCache } from '../../src/adapters/postgres/tally-cache.ts'
import { createTallyFeed } from '../../src/adapters/postgres/tally-feed.ts'
import { createVoteDoor } from '../../src/adapters/postgres/vote-door.ts'
import { createVoteStream } from '../../src/adapters/postgres/vote-stream.ts'
import { STREAM_START } from '../../src/domain/position.ts'
import type { DoorCall } from '../../src/ports/vote-door.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { somePoll } from '../support/some-poll.ts'
import { someTally } from '../support/some-tally.ts'
import { someVoter } from '../support/some-votes.ts'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'
import { waitUntil } from '../support/wait-until.ts'

const never = new AbortController().signal
const pollId = 'a-poll'
const someDoor = { pollId, round: 1, revision: 1, closesAt: null }
const someCall = (): DoorCall => ({
  pollId,
  round: 1,
  revision: 1,
  kind: 'cast',
  voter: someVoter(),
  selection: [1],
  requestKey: null,
})

let database: TestDatabase
let proxy: TcpProxy
let pool: pg.Pool

beforeEach(async () => {
  database = await createTestDatabase()
  const url = new URL(database.databaseUrl)
  proxy = await startTcpProxy(url.hostname, Number(url.port))
  url.host = `127.0.0.1:${proxy.port}`
  pool = new pg.Pool({ connectionString: url.href, max: 2 })
  pool.on('error', () => undefined)
})
afterEach(async () => {
  await pool.end()
  await proxy.stop()
  await database.drop()
})

/** One call of every method, by the dependency that it needs. */
const callEverything = async (): Promise<
  Readonly<Record<'stream' | 'cache', readonly PromiseSettledResult<unknown>[]>>
> => {
  const listener = createListener({ connectionString: database.databaseUrl })
  const door = createVoteDoor(pool)
  const restoration = createDoorRestoration(pool)
  const stream = createVoteStream(pool, listener)
  const cache = createTallyCache(pool)
  const feed = createTallyFeed(pool, listener)
  const permission = { partition: 0, pollId, token: '1', end: STREAM_START, epoch: 1 }
  const results = {
    stream: await Promise.allSettled([
      door.append(0, [someCall()]),
      door.look(0, pollId, 1, someVoter()),
      door.open(0, someDoor),
      door.revise(0, someDoor),
      door.shut(0, pollId, 1, false),
      door.remove(0, pollId),
      door.now(),
      restoration.begin(0, pollId, 1),
      restoration.putVoters(permission, 1, []),
      restoration.finish(permission, someDoor, 1),
      restoration.abandon(permission),
      stream.read(0, STREAM_START, { entriesMax: 1, waitMs: 0 }, never),
      stream.inspect(0, STREAM_START),
      stream.raiseEpoch(0, 1),
      stream.trim(0, STREAM_START, 0),
      stream.backlog(0, STREAM_START),
    ]),
    cache: await Promise.allSettled([
      cache.putTally(someTally({ pollId })),
      cache.putPoll(somePoll({ id: pollId })),
      cache.getTally(pollId),
      cache.getPoll(pollId),
      cache.versions([pollId]),
      cache.expire(pollId, 1),
      feed.publishTally(someTally({ pollId })),
      feed.publishPollChange({ pollId, revision: 1 }),
    ]),
  }
  await listener.stop()
  return results
}

describe('a database that cannot serve now is unavailable, with the cause', () => {
  test('where nobody answers', async () => {
    await proxy.stop()
    const results = await callEverything()
    for (const dependency of ['stream', 'cache'] as const) {
      for (const result of results[dependency]) {
        const reason = { name: 'DependencyUnavailable', dependency, cause: expect.any(Error) }
        expect(result).toMatchObject({ status: 'rejected', reason })
      }
    }
  })

  test('where the connection breaks while it works', async () => {
    const holder = new pg.Client({ connectionString: database.databaseUrl })
    await holder.connect()
    await createVoteDoor(pool).open(0, someDoor)
    await holder.query('begin; select from stream_head for update')
    // Settled, because the rejection comes before anybody could wait for it below.
    const settled = Promise.allSettled([createVoteDoor(pool).append(0, [someCall()])])
    await waitUntil(async () => {
      const { rows } = await database.pool.query<{ waiting: number }>(
        `select count(*)::int as waiting from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      )
      return rows[0]?.waiting === 1
    })
    proxy.cut()
    expect(await settled).toMatchObject([
      { status: 'rejected', reason: { name: 'DependencyUnavailable', dependency: 'stream' } },
    ])
    await holder.query('rollback')
    await holder.end()
  })

  test('where it takes no writes', async () => {
    await database.pool.query(
      `do $$ begin execute format('alter database %I set default_transaction_read_only = on', current_database()); end $$`,
    )
    await expect(createVoteDoor(pool).open(0, someDoor)).rejects.toMatchObject({ name: 'DependencyUnavailable' })
    await expect(createTallyCache(pool).putTally(someTally({ pollId }))).rejects.toMatchObject({
      name: 'DependencyUnavailable',
      dependency: 'cache',
    })
  })

  test('a mistake of ours is none of this', async () => {
    await database.pool.query('drop table cached_tally')
    await expect(createTallyCache(pool).getTally(pollId)).rejects.toThrow(/relation "cached_tally" does not exist/)
    await expect(createTallyCache(pool).getTally(pollId)).rejects.not.toMatchObject({ name: 'DependencyUnavailable' })
  })
})
