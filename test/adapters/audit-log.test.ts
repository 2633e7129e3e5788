import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApiKeys } from '../../src/adapters/postgres/api-keys.ts'
import { createAuditLog } from '../../src/adapters/postgres/audit-log.ts'
import { createPollStore } from '../../src/adapters/postgres/poll-store.ts'
import type { AuditEvent, AuditNote } from '../../src/domain/audit.ts'
import type { AuditLog } from '../../src/ports/audit-log.ts'
import { byCommand, issueKey } from '../support/issue-key.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { somePoll } from '../support/some-poll.ts'

let database: TestDatabase
let audit: AuditLog
beforeAll(async () => {
  database = await createTestDatabase()
  audit = createAuditLog(database.pool)
})
afterAll(() => database.drop())

const note: AuditNote = {
  action: 'poll_edited',
  actor: 'api_key',
  actorKey: '0123456789',
  address: '192.0.2.7',
  requestId: 'r1',
}
/** A note that the table refuses: a key that acts has a prefix. */
const wrongNote: AuditNote = { ...note, actorKey: null }
const newest = async (eventsMax: number): Promise<readonly AuditEvent[]> =>
  (await audit.list(null, null, eventsMax))?.events ?? []

test('what is appended is listed newest first, in pages that repeat none, while more is appended', async () => {
  const polls = ['p1', 'p2', 'p3', 'p4', null]
  for (const pollId of polls) await audit.append(note, pollId)
  const first = await audit.list(null, null, 2)
  await audit.append(note, 'later')
  const second = await audit.list(null, first?.nextCursor ?? null, 2)
  const last = await audit.list(null, second?.nextCursor ?? null, 2)
  const listed = [first, second, last].flatMap((page) => page?.events ?? [])
  expect(listed.map(({ pollId }) => pollId)).toEqual(polls.toReversed())
  expect(last?.nextCursor).toBeNull()
  expect(listed[1]).toEqual({
    ...note,
    id: expect.stringMatching(/^\d+$/),
    at: expect.any(Number),
    pollId: 'p4',
    keyPrefix: null,
  })
  for (const cursor of ['', 'x', Buffer.from('audit x').toString('base64url')]) {
    expect(await audit.list(null, cursor, 2)).toBeNull()
  }
})

test('of one poll the same is listed without what was done to others', async () => {
  for (const pollId of ['mine', 'another', 'mine', null, 'mine']) await audit.append(note, pollId)
  const first = await audit.list('mine', null, 2)
  await audit.append(note, 'another')
  const last = await audit.list('mine', first?.nextCursor ?? null, 2)
  const listed = [first, last].flatMap((page) => page?.events ?? [])
  expect(listed.map(({ pollId }) => pollId)).toEqual(['mine', 'mine', 'mine'])
  expect(new Set(listed.map(({ id }) => id)).size).toBe(3)
  expect(last?.nextCursor).toBeNull()
  expect(await audit.list('nobody’s', null, 2)).toEqual({ events: [], nextCursor: null })
})

test('what is appended cannot be changed, removed or emptied, also by the user that wrote it', async () => {
  await audit.append(note, 'kept')
  const before = await newest(100)
  for (const statement of [
    "update audit_event set actor = 'nobody', actor_key = null",
    'delete from audit_event',
    'truncate audit_event',
    'update audit_event set at = at where false',
  ]) {
    await expect(database.pool.query(statement)).rejects.toThrow('the audit log is appended to and never changed')
  }
  expect(await newest(100)).toEqual(before)
})

test('a change of a poll and its note are kept together, or neither is', async () => {
  const store = createPollStore(database.pool)
  const poll = somePoll()
  await expect(store.create(poll, wrongNote)).rejects.toThrow('a_key_that_acts_is_named')
  expect(await store.find(poll.id)).toBeNull()

  expect(await store.create(poll, { ...note, action: 'poll_created' })).toBe(true)
  expect(await newest(1)).toMatchObject([{ action: 'poll_created', pollId: poll.id, actorKey: '0123456789' }])
  expect(await store.create(poll, { ...note, requestId: 'again' })).toBe(false)

  const edited = { ...poll, question: 'Or water?', revision: 2 }
  await expect(store.save(edited, 1, wrongNote)).rejects.toThrow('a_key_that_acts_is_named')
  expect(await store.save({ ...edited, revision: 9 }, 8, { ...note, requestId: 'too late' })).toBe(false)
  expect(await store.find(poll.id)).toEqual(poll)
  expect(await store.save(edited, 1, note)).toBe(true)
  // Time asks nobody.
  expect(await store.save({ ...edited, revision: 3 }, 2)).toBe(true)
  const told = (await newest(100)).filter(({ pollId }) => pollId === poll.id)
  expect(told.map(({ action, requestId }) => [action, requestId])).toEqual([
    ['poll_edited', 'r1'],
    ['poll_created', 'r1'],
  ])
})

test('a key and the note of who made or revoked it are kept together, and a key is revoked once', async () => {
  const keys = createApiKeys(database.pool)
  const { key } = await issueKey(keys, ['polls:read'])
  const { prefix } = key
  expect(await newest(1)).toMatchObject([{ action: 'key_created', actor: 'command', keyPrefix: prefix, pollId: null }])
  await expect(keys.revoke(prefix, wrongNote)).rejects.toThrow('a_key_that_acts_is_named')
  expect((await keys.find(prefix))?.key.revokedAt).toBeNull()
  for (const requestId of ['first', 'again']) {
    await keys.revoke(prefix, { ...byCommand, action: 'key_revoked', requestId })
    await keys.revoke('0000000000', { ...byCommand, action: 'key_revoked', requestId })
  }
  const told = (await newest(100)).filter(({ action }) => action === 'key_revoked')
  expect(told.map(({ requestId, keyPrefix }) => [requestId, keyPrefix])).toEqual([['first', prefix]])
})
