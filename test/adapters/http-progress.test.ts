import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { linesOf, someVoters } from '../support/bulk-host.ts'
import type { HttpClient } from '../support/http-client.ts'
import { issueKey } from '../support/issue-key.ts'
import { createCheckedClient } from '../support/openapi-document.ts'
import { adminToken, type Profile, type RunningSystem, startSystem } from '../support/running-system.ts'
import { waitUntil } from '../support/wait-until.ts'

describe.each<Profile>(['redis', 'postgres'])('how far the votes of a poll are recorded, on %s', (profile) => {
  let system: RunningSystem
  let call: HttpClient
  const disagreements: string[] = []

  beforeAll(async () => {
    system = await startSystem(profile)
    call = await createCheckedClient(system.url, disagreements)
  })
  afterAll(() => system.stop())

  async function makePoll(): Promise<{ readonly path: string; readonly bearer: string }> {
    const json = { question: 'Tea?', options: ['Yes', 'No'], allow_vote_change: true, results_visibility: 'never' }
    const { body } = await call('POST', '/polls', { json })
    return { path: `/polls/${body.id}`, bearer: body.manage_token }
  }
  const progress = async ({ path, bearer }: { readonly path: string; readonly bearer: string }) =>
    (await call('GET', `${path}/progress`, { bearer })).body

  /** An answer may be some second old. */
  async function becomes(poll: Parameters<typeof progress>[0], expected: object): Promise<void> {
    const isAsExpected = async (): Promise<boolean> => {
      const told: Readonly<Record<string, unknown>> = await progress(poll)
      return Object.entries(expected).every(([name, value]) => told[name] === value)
    }
    await waitUntil(isAsExpected, { withinMs: 20_000, what: `it tells ${JSON.stringify(expected)}` })
  }

  /** Lets nothing be recorded until what it returns is called. */
  async function holdRecording(): Promise<() => Promise<void>> {
    const client = await system.database.pool.connect()
    await client.query('begin')
    await client.query('select from checkpoint for update')
    return async () => {
      await client.query('commit')
      client.release()
    }
  }

  test('those of this poll wait until they are recorded, and nothing is told of those of another', async () => {
    const [poll, other] = [await makePoll(), await makePoll()]
    const session = { voterToken: (await call('POST', '/session')).body.voter_token }
    const nothing = { round: 1, accepted_votes: 0, recorded_votes: 0, waiting_votes: 0, oldest_waiting_ms: 0 }
    const letGo = await holdRecording()
    try {
      for (const _ of [1, 2]) await call('POST', `${poll.path}/vote`, { json: { option_id: 1 } })
      await call('POST', `${poll.path}/vote`, { json: { option_id: 1 }, ...session })
      await call('PUT', `${poll.path}/vote`, { json: { option_id: 2 }, ...session })
      const held = await progress(poll)
      expect(held).toMatchObject({ round: 1, accepted_votes: 3, recorded_votes: 0, waiting_votes: 4 })
      await waitUntil(async () => (await progress(poll)).oldest_waiting_ms > held.oldest_waiting_ms)
      expect(await progress(other)).toMatchObject(nothing)
      await call('DELETE', `${poll.path}/vote`, session)
      await becomes(poll, { accepted_votes: 2, recorded_votes: 0, waiting_votes: 5 })
    } finally {
      await letGo()
    }
    await becomes(poll, { ...nothing, accepted_votes: 2, recorded_votes: 2 })
    await call('POST', `${poll.path}/reset`, { bearer: poll.bearer })
    await becomes(poll, { ...nothing, round: 2 })
  })

  test('of those that wait 5,000 are counted, and not one more', async () => {
    const poll = await makePoll()
    const bring = async (count: number): Promise<void> => {
      const raw = linesOf(someVoters(count), [1, 2])
      const headers = { 'content-type': 'application/x-ndjson' }
      expect((await call('POST', `${poll.path}/votes/bulk`, { raw, bearer: adminToken, headers })).status).toBe(200)
    }
    const letGo = await holdRecording()
    try {
      await bring(5_000)
      await becomes(poll, { accepted_votes: 5_000, waiting_votes: 5_000 })
      await bring(1)
      const before = await progress(poll)
      // Until the answer is another one.
      await waitUntil(async () => (await progress(poll)).oldest_waiting_ms > before.oldest_waiting_ms)
      expect(await progress(poll)).toMatchObject({ accepted_votes: 5_000, waiting_votes: 5_000 })
    } finally {
      await letGo()
    }
    await becomes(poll, { recorded_votes: 5_001, waiting_votes: 0 })
  })

  test('is told to whoever manages the poll alone, and of one that is there', async () => {
    const [poll, other] = [await makePoll(), await makePoll()]
    const foreign = (await issueKey(system.adapters.keys, ['polls:read'])).secret
    for (const [bearer, status, code] of [
      [null, 401, 'unauthenticated'],
      [other.bearer, 403, 'forbidden'],
      [foreign, 404, 'poll_not_found'],
      [adminToken, 200, undefined],
    ] as const) {
      const answer = await call('GET', `${poll.path}/progress`, bearer === null ? {} : { bearer })
      expect([answer.status, answer.body.code]).toEqual([status, code])
    }
    await call('DELETE', poll.path, { bearer: poll.bearer })
    expect((await call('GET', `${poll.path}/progress`, { bearer: poll.bearer })).status).toBe(404)
  })

  test('every answer was one that /openapi.json describes', () => {
    expect(disagreements).toEqual([])
  })
})
