import pg from 'pg'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { createPollStore } from '../../src/adapters/postgres/poll-store.ts'
import { createTallies } from '../../src/adapters/postgres/tallies.ts'
import { createRecountRecent } from '../../src/application/recount-recent.ts'
import type { Recount } from '../../src/ports/tallies.ts'
import { isUnavailable } from '../../src/ports/unavailable.ts'
import { sleep } from '../../src/runtime/stop-signal.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { somePoll } from '../support/some-poll.ts'
import { createLedgerOwner, type LedgerOwner, someVoter, voteAt } from '../support/some-votes.ts'
import { waitUntil } from '../support/wait-until.ts'

/** Where a poll cannot be counted; elsewhere none is given up because the machine is busy. */
const hastyMs = 150
const patientMs = 15_000
/** More than one run counts. */
const manyPolls = 70

let database: TestDatabase
let pool: pg.Pool
let owner: LedgerOwner
let entry = 0
beforeAll(async () => {
  database = await createTestDatabase()
  pool = connect(patientMs)
  owner = await createLedgerOwner(database.pool, 0)
})
afterAll(async () => {
  await pool.end()
  await database.drop()
})
beforeEach(async () => void (await database.pool.query('truncate poll, poll_option, tally, vote')))

const createPolls = async (count: number): Promise<readonly string[]> => {
  const polls = Array.from({ length: count }, () => somePoll())
  for (const poll of polls) await createPollStore(database.pool).create(poll)
  const votes = polls.map((poll) => voteAt(1, { pollId: poll.id, voter: someVoter(), selection: [1] }))
  await owner.record((entry += 1), { votes })
  return polls.map(({ id }) => id)
}

/** One connection on which a statement may take so long. */
const connect = (statementTimeoutMs: number): pg.Pool =>
  new pg.Pool({ connectionString: database.databaseUrl, max: 1, statement_timeout: statementTimeoutMs })

/** Recounts again and again, and keeps what it tells. */
const startRecounts = (through = pool) => {
  const told = {
    recounts: [] as Recount[],
    standing: 0,
    done: 0,
    errors: [] as { pollId: string | null; error: unknown }[],
  }
  const stopping = new AbortController()
  let isOurs = true
  let asked = 0
  const recounts = createRecountRecent(
    { tallies: createTallies(through), isOurs: async () => ((asked += 1), isOurs), everyMs: 20 },
    {
      sleep,
      onRecounted: (recount) => told.recounts.push(recount),
      onStanding: (differences) => (told.standing = differences),
      onDone: () => (told.done += 1),
      onError: (pollId, error) => told.errors.push({ pollId, error }),
    },
  )
  const running = recounts.run(stopping.signal)
  return {
    told,
    leaveToOthers: () => (isOurs = false),
    asked: () => asked,
    [Symbol.asyncDispose]: async (): Promise<void> => {
      stopping.abort()
      await running
    },
  }
}

test('every recent poll has its turn before any has its third, however many there are', async () => {
  const pollIds = await createPolls(manyPolls)
  await using recounts = startRecounts()
  const timesOf = (pollId: string): number => recounts.told.recounts.filter((one) => one.pollId === pollId).length
  await waitUntil(() => recounts.told.recounts.length >= 2 * manyPolls, { withinMs: 25_000 })
  const { length } = recounts.told.recounts
  const times = pollIds.map(timesOf)
  expect(Math.min(...times)).toBeGreaterThanOrEqual(1)
  expect(Math.max(...times)).toBeLessThanOrEqual(Math.ceil(length / manyPolls) + 1)
  expect(recounts.told).toMatchObject({ standing: 0, errors: [] })
})

test('a poll that differs is told at each recount, stays so when nobody votes there any more, until it agrees', async () => {
  const [pollId = ''] = await createPolls(3)
  const falsify = async (votes: number): Promise<unknown> =>
    database.pool.query('update tally set counts[1] = $2 where poll_id = $1', [pollId, votes])
  await using recounts = startRecounts()
  await falsify(5)
  await waitUntil(() => recounts.told.standing === 1)
  await database.pool.query(`update tally set recorded_at = recorded_at - interval '2 days' where poll_id = $1`, [
    pollId,
  ])
  const { length } = recounts.told.recounts
  const laterRecounts = (): readonly Recount[] =>
    recounts.told.recounts.slice(length).filter((recount) => recount.pollId === pollId)
  await waitUntil(() => laterRecounts().length > 3)
  expect(laterRecounts()[0]).toMatchObject({ differences: [{ optionId: 1, tally: 5, ledger: 1 }] })
  expect(recounts.told.standing).toBe(1)
  await falsify(1)
  await waitUntil(() => recounts.told.standing === 0)
})

test('a vote that no code of a poll of codes has led to stands as a difference too', async () => {
  const [pollId] = await createPolls(1)
  await database.pool.query(`update poll set voter_identity = 'code' where id = $1`, [pollId])
  await using recounts = startRecounts()
  await waitUntil(() => recounts.told.standing === 1)
  expect(recounts.told.recounts.at(-1)).toMatchObject({ pollId, differences: [], unregisteredVotes: 1 })
})

test('a poll that cannot be counted in time is told by name, and keeps the others waiting for one run only', async () => {
  const pollIds = await createPolls(3)
  const holder = await database.pool.connect()
  await holder.query('begin; lock table vote in access exclusive mode')
  const hasty = connect(hastyMs)
  onTestFinished(async () => hasty.end())
  await using recounts = startRecounts(hasty)
  // One after the other has its turn, though none can be counted.
  const named = (): ReadonlySet<string | null> => new Set(recounts.told.errors.map(({ pollId }) => pollId))
  await waitUntil(() => pollIds.every((pollId) => named().has(pollId)), { withinMs: 20_000 })
  expect(recounts.told.errors.every(({ error }) => isUnavailable(error))).toBe(true)
  expect(recounts.told.done).toBe(0)
  await holder.query('rollback')
  holder.release()
  await waitUntil(() => recounts.told.done > 0, { withinMs: 20_000 })
})

test('a process that is not the one to do it counts nothing, and forgets what it had found', async () => {
  const [pollId] = await createPolls(1)
  await database.pool.query('update tally set total_votes = 9 where poll_id = $1', [pollId])
  await using recounts = startRecounts()
  await waitUntil(() => recounts.told.standing === 1)
  recounts.leaveToOthers()
  await waitUntil(() => recounts.told.standing === 0)
  const { length } = recounts.told.recounts
  const { done } = recounts.told
  const asked = recounts.asked()
  await waitUntil(() => recounts.asked() > asked + 5)
  expect(recounts.told.recounts).toHaveLength(length)
  expect(recounts.told.done).toBe(done)
})
