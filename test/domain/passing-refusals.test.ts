import pg from 'pg'
import { expect, test } from 'vitest'
import { orUnavailable as orLedgerAway, orUnrecordable } from '../../src/adapters/postgres/faults.ts'
import { orUnavailable as orStreamAway } from '../../src/adapters/redis/faults.ts'
import { DependencyUnavailable } from '../../src/ports/unavailable.ts'
import { ContentUnrecordable } from '../../src/ports/unrecordable.ts'

/** As the client throws what the server replies. */
const reply = (message: string): Error => Object.assign(new Error(message), { name: 'ReplyError' })
const refuses = (code: string): Error =>
  Object.assign(new pg.DatabaseError('what the server says', 0, 'error'), { code })
const thrownBy = async (work: () => Promise<unknown>): Promise<unknown> =>
  work().then(
    () => null,
    (thrown: unknown) => thrown,
  )

test.each([
  'LOADING Redis is loading the dataset in memory',
  "OOM command not allowed when used memory > 'maxmemory'.",
  "READONLY You can't write against a read only replica.",
  'MISCONF Redis is configured to save RDB snapshots, but it is currently unable to persist to disk.',
  'ERR Script attempted to execute a write command while the cluster is down and readonly script: 0f3a, on @user_script:12.',
])('a Redis that replies "%s" cannot serve now', async (message) => {
  const cause = reply(message)
  const thrown = await thrownBy(async () => orStreamAway('stream', async () => Promise.reject(cause)))
  expect(thrown).toBeInstanceOf(DependencyUnavailable)
  expect(thrown).toHaveProperty('cause', cause)
})

test('a Redis that replies that we are wrong is no Redis that cannot serve now', async () => {
  const cause = reply('WRONGTYPE Operation against a key holding the wrong kind of value')
  expect(await thrownBy(async () => orStreamAway('stream', async () => Promise.reject(cause)))).toBe(cause)
})

test.each([
  ['is read-only', '25006'],
  ['has a full disk', '53100'],
  ['has no memory left', '53200'],
  ['has no connection left', '53300'],
  ['waits too long for a lock', '55P03'],
  ['takes too long for a statement', '57014'],
  ['is being stopped', '57P01'],
  ['has found a deadlock', '40P01'],
])('a PostgreSQL that %s cannot serve now, and nothing that waits is to blame', async (_what, code) => {
  const cause = refuses(code)
  const work = async (): Promise<never> => Promise.reject(cause)
  const thrown = await thrownBy(async () => orLedgerAway('ledger', work))
  expect(thrown).toBeInstanceOf(DependencyUnavailable)
  expect(thrown).toHaveProperty('cause', cause)
  expect(await thrownBy(async () => orUnrecordable(work))).toBe(cause)
})

test('a value that PostgreSQL cannot hold is unrecordable, and no PostgreSQL that cannot serve now', async () => {
  const cause = refuses('22003')
  const work = async (): Promise<never> => Promise.reject(cause)
  expect(await thrownBy(async () => orUnrecordable(work))).toBeInstanceOf(ContentUnrecordable)
  expect(await thrownBy(async () => orLedgerAway('ledger', work))).toBe(cause)
})
