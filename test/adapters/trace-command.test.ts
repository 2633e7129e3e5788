import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPollStore } from '../../src/adapters/postgres/poll-store.ts'
import { createSecretStore } from '../../src/adapters/postgres/secrets.ts'
import { setVoteAside } from '../../src/application/record-votes/ledger-batch.ts'
import { createVoteIds } from '../../src/application/cast-vote/vote-id.ts'
import type { Poll } from '../../src/domain/poll.ts'
import type { PositionedVote } from '../../src/domain/vote.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { runProgram } from '../support/run-program.ts'
import { somePoll } from '../support/some-poll.ts'
import { createLedgerOwner, type LedgerOwner, someVoter, voteAt } from '../support/some-votes.ts'

let database: TestDatabase
let owner: LedgerOwner
let poll: Poll
beforeAll(async () => {
  database = await createTestDatabase()
  owner = await createLedgerOwner(database.pool, 0)
  poll = somePoll({ closesAt: null, partitions: 1 })
  await createPollStore(database.pool).create(poll)
})
afterAll(() => database.drop())

const vote = (entry: number, said: Partial<PositionedVote> = {}): PositionedVote =>
  voteAt(entry, { pollId: poll.id, voter: someVoter(), selection: [1], ...said })

const sealId = async ({ pollId, round, voter, position }: PositionedVote): Promise<string> => {
  const voteIds = createVoteIds((await createSecretStore(database.pool).read()).service)
  return voteIds.seal({ pollId, round, voter, position })
}
const trace = async (of: PositionedVote) => runTrace(await sealId(of))
const runTrace = async (...args: readonly string[]) => runProgram('trace', args, { DATABASE_URL: database.databaseUrl })

test('an id that begins with a dash is no option', async () => {
  let waiting = vote(1_000)
  let id = await sealId(waiting)
  for (let tries = 0; tries < 5_000 && !id.startsWith('-'); tries += 1) {
    waiting = vote(1_000)
    id = await sealId(waiting)
  }
  expect(id).toMatch(/^-/)
  expect(await runTrace(id)).toMatchObject({ exitCode: 0, output: expect.stringContaining('Waiting:') })
})

test('a vote in the ledger counts; what a later one of its voter has replaced is superseded by that one', async () => {
  const first = vote(1)
  const second = vote(2, { voter: first.voter, kind: 'change', selection: [2] })
  await owner.record(1, { votes: [first] })
  expect(await trace(first)).toEqual({
    exitCode: 0,
    output: `poll ${poll.id}, round 1; entry 1-0 in epoch 1 of partition 0\nRecorded: it is in the ledger, and counts in its round.\n`,
  })
  await owner.record(2, { votes: [second] })
  expect(await trace(first)).toMatchObject({
    exitCode: 0,
    output: expect.stringContaining('Superseded: a later vote of the same voter counts, entry 2-0 in epoch 1.'),
  })
})

test('a vote that was set aside is told with its reason', async () => {
  const astray = vote(3)
  await owner.record(3, { setAside: [setVoteAside(astray, 'nobody can hold it')] })
  expect(await trace(astray)).toMatchObject({
    exitCode: 1,
    output: expect.stringMatching(/Set aside at \d{4}-\S+Z: unreadable, nobody can hold it; not replayed\.\n$/),
  })
})

test('a vote behind which the ledger is waits; one that it has passed by is missing, and an earlier one of its voter is named', async () => {
  const earlier = vote(10)
  await owner.record(10, { votes: [earlier] })
  expect(await trace(vote(11))).toMatchObject({
    exitCode: 0,
    output: expect.stringContaining('Waiting: the ledger is at entry 10-0, before it.'),
  })
  await owner.record(12)
  expect(await trace(vote(11))).toMatchObject({
    exitCode: 1,
    output: expect.stringMatching(/Missing: the ledger is at entry 12-0 of epoch 1, .*\nIts log was lost/),
  })
  expect(await trace(vote(11, { voter: earlier.voter }))).toMatchObject({
    exitCode: 1,
    output: expect.stringContaining('An earlier vote of the same voter counts, entry 10-0 in epoch 1'),
  })
})

test('a vote whose round was pruned is not said to be missing', async () => {
  const pruned = vote(20)
  await owner.record(20, { votes: [pruned] })
  await database.pool.query('insert into pruned_round (poll_id, round, votes) values ($1, 1, 1)', [poll.id])
  await database.pool.query('delete from vote where poll_id = $1', [poll.id])
  expect(await trace(pruned)).toMatchObject({
    exitCode: 2,
    output: expect.stringMatching(/\nPruned: the votes of its/),
  })
})

test('an id that was never given, and no id, are told apart from a vote', async () => {
  expect(await runTrace('nothing')).toMatchObject({ exitCode: 2, output: expect.stringContaining('no vote_id') })
  expect(await runTrace()).toMatchObject({ exitCode: 2, output: expect.stringContaining('Name one vote.') })
  const elsewhere = vote(1, { pollId: somePoll().id })
  expect(await trace(elsewhere)).toMatchObject({
    exitCode: 2,
    output: expect.stringContaining('a poll that is not in'),
  })
})
