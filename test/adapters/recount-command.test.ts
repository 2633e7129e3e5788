import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createPollStore } from '../../src/adapters/postgres/poll-store.ts'
import type { Poll } from '../../src/domain/poll.ts'
import { findFreePort } from '../../src/runtime/free-port.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { runProgram } from '../support/run-program.ts'
import { somePoll } from '../support/some-poll.ts'
import { createLedgerOwner, type LedgerOwner, someVoter, voteAt } from '../support/some-votes.ts'

let database: TestDatabase
let owner: LedgerOwner
let entry = 0
beforeAll(async () => {
  database = await createTestDatabase()
  owner = await createLedgerOwner(database.pool, 0)
})
afterAll(() => database.drop())
beforeEach(async () => void (await database.pool.query('truncate poll, poll_option, tally, vote')))

/** A poll in which so many have voted for its options 1, 2, … of this round. */
const createPoll = async (votesPerOption: readonly number[], said: Partial<Poll> = {}): Promise<Poll> => {
  const poll = somePoll(said)
  await createPollStore(database.pool).create(poll)
  const votes = votesPerOption.flatMap((number, index) =>
    Array.from({ length: number }, () =>
      voteAt(1, { pollId: poll.id, round: poll.round, voter: someVoter(), selection: [index + 1] }),
    ),
  )
  await owner.record((entry += 1), { votes })
  return poll
}

const recount = async (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  runProgram('recount', args, { DATABASE_URL: database.databaseUrl, ...env })

test('a poll whose tally equals the ledger: its rounds with their votes, and exit status 0', async () => {
  const poll = await createPoll([2, 1, 0], { question: 'Tea or coffee?', status: 'open' })
  await createPollStore(database.pool).save({ ...poll, round: 2, revision: 2 }, 1)
  const { exitCode, output } = await recount([poll.id])
  console.log(output)
  expect(exitCode).toBe(0)
  expect(output).toContain('Tea or coffee?')
  expect(output).toContain(`${poll.id}, open`)
  expect(output).toMatch(/round 2 +0 votes +✓\n +round 1 +3 votes +✓/)
  expect(output).toContain('✓ Recount: tally and ledger agree on every option and every round (1 poll, 3 votes)')
})

test('a tally that was falsified: every difference with both counts, exit status 1, and nothing is repaired', async () => {
  const poll = await createPoll([4, 2, 1])
  await database.pool.query(`update tally set counts = '{4,1203,1}', total_votes = 8 where poll_id = $1`, [poll.id])
  const { exitCode, output } = await recount([poll.id])
  console.log(output)
  expect(exitCode).toBe(1)
  expect(output).toMatch(/round 1 +7 votes +✗/)
  expect(output).toMatch(/option 2: Coffee +tally 1,203 +ledger 2\n/)
  expect(output).toMatch(/number of votes +tally 8 +ledger 7\n/)
  expect(output).not.toMatch(/option 1|option 3/)
  expect(output).toContain('✗ Recount: figures differ in this poll')
  const { rows } = await database.pool.query('select counts, total_votes from tally')
  expect(rows).toEqual([{ counts: ['4', '1203', '1'], total_votes: '8' }])
})

test('votes that no code of a poll of codes has led to: their number, and exit status 1', async () => {
  const poll = await createPoll([3, 0, 1], { voterIdentity: 'code' })
  const { exitCode, output } = await recount([poll.id])
  console.log(output)
  expect(exitCode).toBe(1)
  expect(output).toMatch(/round 1 +4 votes +✗\n +votes that no code of this poll has led to +4\n/)
  expect(output).toContain('✗ Recount: figures differ in this poll (1 poll, 4 votes)')
  await database.pool.query('insert into vote_code (poll_id, voter) select poll_id, voter from vote')
  expect(await recount([poll.id])).toMatchObject({ exitCode: 0, output: expect.stringMatching(/round 1 +4 votes +✓/) })
})

test('--all goes over every poll, more than a page of them, and shows those that differ', async () => {
  const polls = []
  for (let n = 0; n < 230; n += 1) polls.push(await createPoll([1], { createdAt: n }))
  expect(await recount(['--all'])).toEqual({
    exitCode: 0,
    output: '✓ Recount: tally and ledger agree on every option and every round (230 polls, 230 votes).\n',
  })
  // The oldest and the newest, so on the last page and on the first.
  const falsified = [polls[0], polls.at(-1)].map((poll) => poll?.id)
  await database.pool.query('update tally set counts[1] = 0 where poll_id = any ($1)', [falsified])
  const { exitCode, output } = await recount(['--all'])
  expect(exitCode).toBe(1)
  expect([...output.matchAll(/tally 0 +ledger 1/g)]).toHaveLength(2)
  for (const pollId of falsified) expect(output).toContain(pollId)
  expect(output).toContain('differ in 2 of 230 polls')
})

test('a database without polls agrees with itself', async () => {
  expect(await recount(['--all'])).toMatchObject({ exitCode: 0, output: expect.stringContaining('0 polls, 0 votes') })
})

test('an unknown poll, and one that was deleted, is told with what to do, and exit status 2', async () => {
  const deleted = await createPoll([1], { status: 'deleted' })
  for (const pollId of ['unknown', deleted.id]) {
    const { exitCode, output } = await recount([pollId])
    expect(exitCode).toBe(2)
    expect(output).toContain(`there is no poll ${pollId}`)
    expect(output).toContain('What to do:')
    expect(output).not.toContain('    at ')
  }
})

test.each([[], ['--all', 'some-poll'], ['one', 'two'], ['--every'], ['http://127.0.0.1/p/x']])(
  'the usage is shown, with exit status 2, for: %s %s',
  async (...args) => {
    const { exitCode, output } = await recount(args)
    expect(exitCode).toBe(2)
    expect(output).toContain('npm run recount --')
  },
)

test('what cannot be reached is told with what to do, and exit status 2', async () => {
  const nobody = `postgres://u:p@127.0.0.1:${await findFreePort()}/tallycast`
  const away = await recount(['--all'], { DATABASE_URL: nobody })
  expect(away).toMatchObject({ exitCode: 2, output: expect.stringMatching(/PostgreSQL cannot be used.*ECONNREFUSED/) })
  const nowhere = await recount(['--all'], { DATABASE_URL: '', DATA_DIR: '/nowhere/data' })
  expect(nowhere).toMatchObject({
    exitCode: 2,
    output: expect.stringContaining('there is no data folder /nowhere/data'),
  })
  const bent = await recount(['--all'], { DATABASE_URL: 'mysql://x/y' })
  expect(bent).toMatchObject({ exitCode: 2, output: expect.stringContaining('DATABASE_URL must be a URL') })
  for (const { output } of [away, nowhere, bent]) {
    expect(output).toContain('The recount cannot be made:')
    expect(output).not.toContain('    at ')
  }
})
