import { afterAll, beforeAll, expect, test } from 'vitest'
import { createAuditLog } from '../../src/adapters/postgres/audit-log.ts'
import { createCodeRegister } from '../../src/adapters/postgres/code-register.ts'
import { createPollStore } from '../../src/adapters/postgres/poll-store.ts'
import type { AuditNote } from '../../src/domain/audit.ts'
import type { Poll } from '../../src/domain/poll.ts'
import type { VoterKey } from '../../src/domain/vote.ts'
import type { CodeRegister } from '../../src/ports/code-register.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { somePoll } from '../support/some-poll.ts'
import { someVoter } from '../support/some-votes.ts'
import { waitUntil } from '../support/wait-until.ts'

let database: TestDatabase
let register: CodeRegister
beforeAll(async () => {
  database = await createTestDatabase()
  register = createCodeRegister(database.pool)
})
afterAll(() => database.drop())

const note: AuditNote = {
  action: 'codes_created',
  actor: 'admin_token',
  actorKey: null,
  address: null,
  requestId: 'r1',
}
const store = () => createPollStore(database.pool)
const someVoters = (count: number): readonly VoterKey[] => Array.from({ length: count }, () => someVoter())

const createPoll = async (): Promise<Poll> => {
  const poll = somePoll({ voterIdentity: 'code' })
  await store().create(poll)
  return poll
}

const entered = async (pollId: string): Promise<readonly string[]> => {
  const { rows } = await database.pool.query<{ voter: string }>(
    `select encode(voter, 'hex') as voter from vote_code where poll_id = $1 order by voter`,
    [pollId],
  )
  return rows.map(({ voter }) => voter)
}
const notes = async (pollId: string): Promise<number> =>
  ((await createAuditLog(database.pool).list(null, null, 100))?.events ?? []).filter((event) => event.pollId === pollId)
    .length

/** How many statements wait for a row that somebody holds. */
const waiting = async (): Promise<number | null> => {
  const { rowCount } = await database.pool.query(
    `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
  )
  return rowCount
}

test('voters are entered together with the note, and stay over an edit, a reset and a deletion', async () => {
  const poll = await createPoll()
  const voters = someVoters(3)
  expect(await register.enter(poll.id, voters, 100, note)).toBe('entered')
  expect(await entered(poll.id)).toEqual(voters.toSorted())
  expect(await notes(poll.id)).toBe(1)
  await store().save({ ...poll, round: 2, revision: 2 }, 1)
  expect(await register.enter(poll.id, someVoters(2), 100)).toBe('entered')
  await store().save({ ...poll, round: 2, revision: 3, status: 'deleted' }, 2)
  expect(await entered(poll.id)).toHaveLength(5)
  expect(await notes(poll.id)).toBe(1)
})

test('where one of them is in the register already, or named twice, none is entered, and there is no note', async () => {
  const poll = await createPoll()
  const voters = someVoters(3)
  await register.enter(poll.id, voters, 4)
  const twice = someVoter()
  for (const asked of [
    [someVoter(), voters[1] ?? twice],
    [twice, twice],
  ]) {
    expect(await register.enter(poll.id, asked, 100, note)).toBe('taken')
  }
  expect(await entered(poll.id)).toEqual(voters.toSorted())
  expect(await notes(poll.id)).toBe(0)
  // What was not entered is not counted either.
  expect(await register.enter(poll.id, [someVoter()], 4)).toBe('entered')
  // Another poll has its own register.
  expect(await register.enter((await createPoll()).id, voters, 4)).toBe('entered')
})

test('a poll never has more than it may, also where two ask at once', async () => {
  const poll = await createPoll()
  const holder = await database.pool.connect()
  await holder.query('begin')
  await holder.query('select 1 from poll where id = $1 for update', [poll.id])
  const asked = [1, 2].map(async () => register.enter(poll.id, someVoters(6), 10, note))
  // Both have begun before either has entered anything.
  await waitUntil(async () => (await waiting()) === 2)
  await holder.query('commit')
  holder.release()
  expect((await Promise.all(asked)).toSorted()).toEqual(['entered', 'refused'])
  expect(await register.enter(poll.id, someVoters(5), 10, note)).toBe('refused')
  expect(await register.enter(poll.id, someVoters(4), 10, note)).toBe('entered')
  expect(await register.enter(poll.id, someVoters(1), 10, note)).toBe('refused')
  expect(await entered(poll.id)).toHaveLength(10)
  expect(await notes(poll.id)).toBe(2)
})

test.each([
  ['closes', "status = 'closing'"],
  ['is deleted', "status = 'deleted'"],
  ['asks for something else', "voter_identity = 'session'"],
])('nobody is entered where the poll %s just before', async (_what, change) => {
  const poll = await createPoll()
  const holder = await database.pool.connect()
  await holder.query('begin')
  await holder.query(`update poll set ${change} where id = $1`, [poll.id])
  const asked = register.enter(poll.id, someVoters(2), 10, note)
  await waitUntil(async () => (await waiting()) === 1)
  await holder.query('commit')
  holder.release()
  expect(await asked).toBe('refused')
  expect(await register.enter(poll.id, someVoters(2), 10, note)).toBe('refused')
  expect(await entered(poll.id)).toEqual([])
  expect(await notes(poll.id)).toBe(0)
})

test('where the note cannot be kept, nobody is entered', async () => {
  const poll = await createPoll()
  const wrongNote: AuditNote = { ...note, actor: 'api_key' }
  await expect(register.enter(poll.id, someVoters(1), 1, wrongNote)).rejects.toThrow('a_key_that_acts_is_named')
  expect(await entered(poll.id)).toEqual([])
  expect(await register.enter(poll.id, someVoters(1), 1, note)).toBe('entered')
})
