import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Scope } from '../../src/domain/api-key.ts'
import { isRefused } from '../../src/domain/refusal.ts'
import { connectAdminClient } from '../support/admin-client.ts'
import { issueKey } from '../support/issue-key.ts'
import { createHttpClient } from '../support/http-client.ts'
import { adminToken, type RunningSystem, startSystem } from '../support/running-system.ts'

let system: RunningSystem
beforeAll(async () => {
  system = await startSystem('postgres', { POLL_CREATION: 'key' })
})
afterAll(() => system.stop())

const bearerOf = async (scope: Scope): Promise<string> => (await issueKey(system.adapters.keys, [scope])).secret
const overHttp = async (bearer: string | null) => {
  const json = { question: 'Tea?', options: ['Yes', 'No'] }
  return createHttpClient(system.url)('POST', '/polls', { json, ...(bearer !== null && { bearer }) })
}
const overGrpc = async (bearer: string | null) => {
  const client = connectAdminClient(system.grpcAddress, bearer)
  try {
    const answer = await client.createPoll()
    return isRefused(answer) ? answer.refused : 'created'
  } finally {
    client.close()
  }
}

test('where POLL_CREATION is key a poll is created with a key of the scope polls:write, and with nothing else, over HTTP and gRPC alike', async () => {
  const allowed = [adminToken, await bearerOf('polls:write'), await bearerOf('admin')]
  for (const bearer of allowed) {
    expect((await overHttp(bearer)).status).toBe(201)
    expect(await overGrpc(bearer)).toBe('created')
  }
  const manageToken = (await overHttp(adminToken)).body.manage_token as string
  for (const [bearer, status, refused] of [
    [null, 401, 'unauthenticated'],
    ['cheese', 401, 'token_invalid'],
    [await bearerOf('polls:read'), 403, 'forbidden'],
    [await bearerOf('votes:write'), 403, 'forbidden'],
    [manageToken, 403, 'forbidden'],
  ] as const) {
    const answer = await overHttp(bearer)
    expect([answer.status, answer.body.code]).toEqual([status, refused])
    expect(await overGrpc(bearer)).toBe(refused)
  }
  const { rows } = await system.database.pool.query('select from poll')
  expect(rows).toHaveLength(7)
})
