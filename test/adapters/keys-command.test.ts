import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createApiKeys } from '../../src/adapters/postgres/api-keys.ts'
import { hashToken } from '../../src/application/authorize.ts'
import { findFreePorts } from '../support/free-ports.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { runProgram } from '../support/run-program.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())
beforeEach(async () => void (await database.pool.query('truncate api_key')))

const keys = async (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  runProgram('keys', args, { DATABASE_URL: database.databaseUrl, ...env })
const create = ['create', '--name', 'Newsroom', '--scopes', 'polls:write, votes:write']

test('a key is made and its secret shown once, then listed without it, then revoked by its prefix', async () => {
  const made = await keys([...create, '--expires-days', '90'])
  expect(made.exitCode).toBe(0)
  const [secret, prefix = ''] = /\btck_([0-9a-f]{10})_[A-Za-z0-9_-]{43}\b/.exec(made.output) ?? []
  expect(made.output.split(secret ?? '-').length - 1).toBe(1)
  const found = await createApiKeys(database.pool).find(prefix)
  expect(found).toMatchObject({
    hash: hashToken(secret ?? ''),
    key: { name: 'Newsroom', scopes: ['polls:write', 'votes:write'] },
  })
  expect(Math.abs((found?.key.expiresAt ?? 0) - Date.now() - 90 * 86_400_000)).toBeLessThan(60_000)

  const listed = await keys(['list'])
  expect(listed.output).toMatch(
    new RegExp(`${prefix}  Newsroom\\n +polls:write,votes:write · created .*Z · expires .*Z · never used`),
  )
  expect(listed.output).not.toContain('tck_')
  const revoked = await keys(['revoke', prefix])
  expect(revoked).toMatchObject({ exitCode: 0, output: expect.stringMatching(/REVOKED .*Z/) })
  expect(await keys(['revoke', `tck_${prefix}`])).toEqual(revoked)
})

test('what cannot be done is said with its cause, with exit status 2, and nothing is kept', async () => {
  for (const [args, said] of [
    [[], 'Say create, list, or revoke'],
    [['revoke'], 'Say create, list, or revoke'],
    [['list', 'more'], 'Say create, list, or revoke'],
    [['list', '--name', 'x'], 'belong to create'],
    [['create', '--scopes', 'admin'], 'Give the key a --name'],
    [['create', '--name', 'x'], 'Say what the key is good for'],
    [['create', '--name', 'x', '--scopes', 'everything'], '"everything" is no scope'],
    [['create', '--name', ' ', '--scopes', 'admin'], 'A name has 1 to 100 characters'],
    [[...create, '--expires-days', '0'], 'a whole number from 1 to 3650, not "0"'],
    [[...create, '--expires-days', '3651'], 'a whole number from 1 to 3650, not "3651"'],
    [[...create, '--forever'], '--forever'],
    [['revoke', '0000000000'], 'There is no API key with this prefix'],
  ] as const) {
    expect(await keys(args)).toEqual({ exitCode: 2, output: expect.stringContaining(said) })
  }
  expect(await keys(['list'])).toEqual({ exitCode: 0, output: expect.stringContaining('There are no API keys') })
}, 60_000)

test('without a database that answers it says what to do', async () => {
  const [port] = await findFreePorts(1)
  const away = await keys(['list'], { DATABASE_URL: `postgres://tallycast@127.0.0.1:${port}/tallycast` })
  expect(away).toEqual({ exitCode: 2, output: expect.stringContaining('What to do: start it') })
})
