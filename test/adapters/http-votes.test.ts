import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Answer, cookieOf, type HttpClient } from '../support/http-client.ts'
import { createCheckedClient } from '../support/openapi-document.ts'
import { type Profile, type RunningSystem, startSystem } from '../support/running-system.ts'
import { waitUntil } from '../support/wait-until.ts'

describe.each<Profile>(['redis', 'postgres'])('votes over HTTP, on %s', (profile) => {
  let system: RunningSystem
  let call: HttpClient
  const disagreements: string[] = []

  beforeAll(async () => {
    system = await startSystem(profile)
    call = await createCheckedClient(system.url, disagreements)
  })
  afterAll(async () => {
    await system.stop()
  })

  async function makePoll(more: object = {}) {
    const options = ['Tea', 'Coffee', 'Cocoa']
    const made = await call('POST', '/polls', { json: { question: 'What?', options, ...more } })
    expect(made.status).toBe(201)
    const path = `/polls/${made.body.id}`
    return { path, vote: `${path}/vote`, bearer: made.body.manage_token as string }
  }

  async function newSession(): Promise<string> {
    return (await call('POST', '/session')).body.voter_token
  }

  async function counts(path: string): Promise<number[]> {
    return (await call('GET', path)).body.options.map((option: { votes: number }) => option.votes)
  }

  describe('a vote', () => {
    test('is accepted with an id, and counts', async () => {
      const { path, vote } = await makePoll()
      const voted = await call('POST', vote, { json: { option_ids: [2] } })
      expect([voted.status, voted.body]).toEqual([
        202,
        {
          vote_id: expect.stringMatching(/^[A-Za-z0-9_-]{60,}$/),
          status: 'accepted',
          voter_token: expect.any(String),
        },
      ])
      expect(voted.headers.get('location')).toBe(`/votes/${voted.body.vote_id}`)
      expect(voted.headers.get('cache-control')).toBe('no-store')
      await waitUntil(async () => (await counts(path))[1] === 1)
      expect(await counts(path)).toEqual([0, 1, 0])
    })

    test('without a session makes one, that comes as cookie and in the body', async () => {
      const { vote } = await makePoll()
      const voted = await call('POST', vote, { json: { option_id: 2 } })
      const [cookie] = voted.headers.getSetCookie()
      expect(cookie).toMatch(/^tallycast_session=[^;]+; Max-Age=3153\d{4}; Path=\/; HttpOnly; SameSite=Lax$/)
      expect(cookieOf(voted)).toBe(`tallycast_session=${voted.body.voter_token}`)
      const mine = { vote: { vote_id: voted.body.vote_id, round: 1, option_ids: [2], status: 'accepted' } }
      expect((await call('GET', vote, { cookie: cookieOf(voted) })).body).toEqual(mine)
      expect((await call('GET', vote, { voterToken: voted.body.voter_token })).body).toEqual(mine)
      expect((await call('GET', vote)).body).toEqual({ vote: null })
    })

    test('is answered alike on the short way and on the long one, which takes all that is not plain', async () => {
      const askAll = async (contentType: string): Promise<readonly unknown[]> => {
        const { vote } = await makePoll()
        const headers = { 'content-type': contentType }
        const voterToken = await newSession()
        const answers = [
          await call('POST', vote, { json: { option_ids: [2] }, headers }),
          await call('POST', vote, { json: { option_id: 2 }, headers, voterToken }),
          await call('POST', vote, { json: { option_id: 1 }, headers, voterToken }),
          await call('PUT', vote, { json: { option_id: 1 }, headers, voterToken }),
          await call('POST', vote, { json: { option_id: 2, round: 1 }, headers, voterToken }),
          await call('POST', vote, { json: { round: 2, option_ids: [2] }, headers, voterToken }),
          await call('POST', vote, { json: { option_id: 2, round: 0 }, headers, voterToken }),
          await call('POST', vote, { json: { option_id: 2, round: null }, headers, voterToken }),
          await call('POST', vote, { json: { round: 1 }, headers, voterToken }),
          await call('POST', vote, { json: { option_id: 9 }, headers, voterToken }),
          await call('POST', vote, { json: { option_id: 1.5 }, headers, voterToken }),
          await call('POST', vote, { json: { option_id: 1, more: 1 }, headers, voterToken }),
          await call('POST', vote, { json: { option_id: 1 }, headers, key: 'weak' }),
          await call('POST', vote, { json: { option_id: 1 }, headers, voterToken: 'unknown' }),
          await call('POST', vote, { json: { option_id: 1 }, headers: { ...headers, 'sec-fetch-site': 'cross-site' } }),
          await call('POST', '/polls/unknown/vote', { json: { option_id: 1 }, headers }),
          await call('POST', vote, { raw: '{"option_id":1', headers, voterToken }),
        ]
        return answers.map((answer) => [
          answer.status,
          Object.keys(answer.body),
          answer.body.code ?? answer.body.status,
          answer.body.errors,
          answer.body.detail,
          [...answer.headers.keys()].toSorted(),
        ])
      }
      const short = await askAll('application/json')
      expect(short.map((answer) => (answer as readonly unknown[])[0])).toEqual([
        202, 202, 409, 409, 202, 409, 422, 422, 422, 422, 422, 422, 400, 401, 202, 404, 400,
      ])
      expect(short).toEqual(await askAll('application/json;charset="utf-8"'))
    })

    test('with a session says nothing of a session', async () => {
      const { vote } = await makePoll()
      const voted = await call('POST', vote, { json: { option_id: 1 }, voterToken: await newSession() })
      expect(voted.body).toEqual({ vote_id: expect.any(String), status: 'accepted' })
      expect(voted.headers.getSetCookie()).toEqual([])
    })

    test('counts once, however often it is sent, and keeps its id', async () => {
      const { path, vote } = await makePoll()
      const voterToken = await newSession()
      const all = await Promise.all(
        Array.from({ length: 20 }, () => call('POST', vote, { json: { option_id: 1 }, voterToken })),
      )
      expect(new Set(all.map((one) => `${one.status} ${one.body.vote_id}`)).size).toBe(1)
      expect(all[0]?.status).toBe(202)
      await waitUntil(async () => (await counts(path))[0] === 1)
      const other = await call('POST', vote, { json: { option_id: 2 }, voterToken })
      expect([other.status, other.body.code]).toEqual([409, 'already_voted'])
      expect(await counts(path)).toEqual([1, 0, 0])
    })

    test('in a poll without identity is the request', async () => {
      const { path, vote } = await makePoll({ voter_identity: 'none' })
      const key = randomUUID()
      const first = await call('POST', vote, { json: { option_id: 1 }, key })
      const again = await call('POST', vote, { json: { option_id: 1 }, key })
      expect(first.body).toEqual({ vote_id: expect.any(String), status: 'accepted' })
      expect(again.body).toEqual(first.body)
      expect(first.headers.getSetCookie()).toEqual([])
      await call('POST', vote, { json: { option_id: 1 } })
      await call('POST', vote, { json: { option_id: 1 } })
      await waitUntil(async () => (await counts(path))[0] === 3)
      expect((await call('GET', vote, { key })).body.vote.option_ids).toEqual([1])
    })

    test('of several options counts each of them and one voter', async () => {
      const { path, vote } = await makePoll({ type: 'multiple', min_choices: 2, max_choices: 3 })
      const voterToken = await newSession()
      expect((await call('POST', vote, { json: { option_ids: [3, 1] }, voterToken })).status).toBe(202)
      expect((await call('POST', vote, { json: { option_ids: [1, 3] }, voterToken })).status).toBe(202)
      await waitUntil(async () => (await call('GET', path)).body.total_votes === 1)
      expect(await counts(path)).toEqual([1, 0, 1])
      expect((await call('GET', vote, { voterToken })).body.vote.option_ids).toEqual([1, 3])
      expect((await call('POST', vote, { json: { option_ids: [1] } })).body.code).toBe('too_few_choices')
      expect((await call('POST', vote, { json: { option_ids: [1, 1] } })).body).toMatchObject({
        code: 'invalid_body',
        errors: [{ pointer: '/option_ids/1' }],
      })
    })

    test('that asks for what the poll does not offer is refused with a pointer', async () => {
      const { path, vote } = await makePoll()
      const wrong: [object, number, string, string][] = [
        [{ option_ids: [9] }, 422, 'option_unknown', '/option_ids/0'],
        [{ option_id: 9 }, 422, 'option_unknown', '/option_id'],
        [{ option_id: 2 ** 31 }, 422, 'option_unknown', '/option_id'],
        [{ option_ids: [] }, 422, 'too_few_choices', '/option_ids'],
        [{ option_ids: [1, 2] }, 422, 'too_many_choices', '/option_ids'],
        [{ option_ids: ['1'] }, 422, 'invalid_body', '/option_ids/0'],
        [{ option_ids: 1 }, 422, 'invalid_body', '/option_ids'],
        [{ option_id: 1.5 }, 422, 'invalid_body', '/option_id'],
        [{ option_id: null }, 422, 'invalid_body', '/option_id'],
        [{}, 422, 'invalid_body', '/option_ids'],
        [{ option_id: 1, option_ids: [1] }, 422, 'invalid_body', '/option_ids'],
        [{ option_ids: [1], 'a/b~c': 1 }, 422, 'invalid_body', '/a~1b~0c'],
        [{ option_ids: Array(101).fill(1) }, 422, 'invalid_body', '/option_ids'],
      ]
      for (const [json, status, code, pointer] of wrong) {
        const refused = await call('POST', vote, { json })
        expect([refused.status, refused.body.code, refused.body.errors?.[0]?.pointer]).toEqual([status, code, pointer])
        expect(refused.headers.getSetCookie()).toEqual([])
      }
      expect(await counts(path)).toEqual([0, 0, 0])
    })

    test('finds a poll that is not open refused by its name', async () => {
      const draft = await makePoll({ draft: true })
      expect((await call('POST', draft.vote, { json: { option_id: 1 } })).body.code).toBe('poll_not_open')
      const scheduled = await makePoll({ opens_at: '2100-01-01T00:00:00Z' })
      expect((await call('POST', scheduled.vote, { json: { option_id: 1 } })).body.code).toBe('poll_not_open')
      const closed = await makePoll()
      await call('POST', `${closed.path}/close`, { bearer: closed.bearer })
      expect((await call('POST', closed.vote, { json: { option_id: 1 } })).body.code).toBe('poll_closed')
      expect((await call('POST', '/polls/nosuchpoll2345/vote', { json: { option_id: 1 } })).body.code).toBe(
        'poll_not_found',
      )
    })
  })

  describe('a vote that names its round', () => {
    const beginAnew = async (path: string, bearer: string): Promise<void> => {
      for (const step of ['reset', 'open']) {
        expect((await call('POST', `${path}/${step}`, { bearer })).status).toBe(200)
      }
    }

    test('counts in it alone, and so do a change and a retract', async () => {
      const { path, vote, bearer } = await makePoll({ allow_vote_change: true })
      const voterToken = await newSession()
      const key = randomUUID()
      expect((await call('POST', vote, { json: { option_id: 1, round: 1 }, voterToken, key })).status).toBe(202)
      await beginAnew(path, bearer)
      const refused = [
        // Also one that was accepted while that round went on.
        await call('POST', vote, { json: { option_id: 1, round: 1 }, voterToken, key }),
        await call('POST', vote, { json: { option_id: 1, round: 3 }, voterToken }),
        await call('PUT', vote, { json: { option_id: 2, round: 1 }, voterToken }),
        await call('DELETE', `${vote}?round=1`, { voterToken }),
      ]
      for (const { status, body } of refused) expect([status, body.code]).toEqual([409, 'round_not_current'])
      expect((await call('GET', vote, { voterToken })).body.vote).toBeNull()
      const says = async (method: string, more: string, json?: object) =>
        (await call(method, `${vote}${more}`, { voterToken, ...(json && { json }) })).status
      expect(await says('DELETE', '?round=0')).toBe(422)
      // Of these it stands in the body, and nobody would hold them to another one.
      for (const method of ['POST', 'PUT']) expect(await says(method, '?round=2', { option_id: 1 })).toBe(422)
      expect((await call('GET', vote, { voterToken })).body.vote).toBeNull()
      expect(await says('POST', '', { option_id: 3, round: 2 })).toBe(202)
      expect(await says('PUT', '', { option_id: 2, round: 2 })).toBe(202)
      await waitUntil(async () => (await counts(path))[1] === 1)
      expect(await counts(path)).toEqual([0, 1, 0])
      expect(await says('DELETE', '?round=2')).toBe(202)
    })

    test('is in no other, however many come while the poll begins anew', async () => {
      const { path, vote, bearer } = await makePoll()
      const say = async (round: number) => {
        const { status, body } = await call('POST', vote, { json: { option_id: 1, round } })
        return status === 202 ? 'accepted' : body.code
      }
      let isOver = false
      const line = async () => {
        const said: string[] = []
        while (!isOver) said.push(await say(1))
        return [...said, await say(1)]
      }
      const lines = Array.from({ length: 8 }, line)
      await waitUntil(async () => Number((await call('GET', path)).body.total_votes) > 0)
      await beginAnew(path, bearer)
      isOver = true
      const said = (await Promise.all(lines)).flat()
      expect(said.at(-1)).toBe('round_not_current')
      expect(await say(2)).toBe('accepted')
      await waitUntil(async () => (await counts(path))[0] === 1)
      expect((await call('GET', path)).body).toMatchObject({ round: 2, total_votes: 1 })
    })
  })

  describe('a retry with an Idempotency-Key', () => {
    test('whose first answer was lost with its cookie counts once, as the same voter', async () => {
      const { path, vote } = await makePoll()
      const say = { json: { option_id: 3 }, key: randomUUID() }
      const lost = await call('POST', vote, say)
      const retried = await call('POST', vote, say)
      expect(retried.body.vote_id).toBe(lost.body.vote_id)
      for (const answer of [lost, retried]) {
        const own = await call('GET', vote, { cookie: cookieOf(answer) })
        expect(own.body.vote).toMatchObject({ vote_id: lost.body.vote_id, option_ids: [3] })
      }
      await waitUntil(async () => (await counts(path))[2] === 1)
      expect((await call('POST', vote, { json: { option_id: 1 }, key: say.key })).body.code).toBe(
        'idempotency_key_reused',
      )
      expect((await call('POST', vote, { json: { option_id: 1 }, cookie: cookieOf(retried) })).body.code).toBe(
        'already_voted',
      )
      expect(await counts(path)).toEqual([0, 0, 1])
    })

    test.each(['close', 'closes_at'])(
      'is answered as the first time also after the poll has ended by %s',
      async (by) => {
        const { path, vote, bearer } = await makePoll({ allow_vote_change: true })
        const lost = { json: { option_id: 2 }, key: randomUUID() }
        const first = await call('POST', vote, lost)
        const change = { json: { option_id: 3 }, key: randomUUID(), voterToken: first.body.voter_token }
        const changed = await call('PUT', vote, change)
        if (by === 'close') expect((await call('POST', `${path}/close`, { bearer })).status).toBe(200)
        else {
          const closesAt = Date.now() + 4_000
          const json = { closes_at: new Date(closesAt).toISOString() }
          expect((await call('PATCH', path, { bearer, json })).status).toBe(200)
          await waitUntil(() => Date.now() >= closesAt)
        }

        const expectSame = async (): Promise<void> => {
          const again = await call('POST', vote, lost)
          expect([again.status, again.body]).toEqual([202, { ...first.body, voter_token: expect.any(String) }])
          const changedAgain = await call('PUT', vote, change)
          expect([changedAgain.status, changedAgain.body]).toEqual([202, changed.body])
        }
        await expectSame()
        await waitUntil(async () => (await call('GET', path)).body.results_final)
        await expectSame()

        const say = async (method: string, said: Parameters<HttpClient>[2]) => {
          const { status, body } = await call(method, vote, said)
          return [status, body.code]
        }
        const session = { voterToken: first.body.voter_token }
        const [option1, option3] = [{ option_id: 1 }, { option_id: 3 }]
        expect(await say('POST', { ...lost, json: option1 })).toEqual([422, 'idempotency_key_reused'])
        expect(await say('POST', { ...lost, json: { option_id: 9 } })).toEqual([422, 'option_unknown'])
        expect(await say('POST', { json: { option_id: 9 } })).toEqual([409, 'poll_closed'])
        expect(await say('POST', { json: option1 })).toEqual([409, 'poll_closed'])
        expect(await say('POST', { json: option1, key: randomUUID() })).toEqual([409, 'poll_closed'])
        expect(await say('POST', { json: option3, ...session })).toEqual([409, 'poll_closed'])
        expect(await say('POST', { json: option3, ...session, key: randomUUID() })).toEqual([409, 'poll_closed'])
        expect(await say('PUT', { json: option1, key: randomUUID() })).toEqual([409, 'poll_closed'])
        expect(await counts(path)).toEqual([0, 0, 1])
      },
    )

    test('to a poll that has ended and whose doors are gone hears that it is closed, and brings no door back', async () => {
      const { path, vote, bearer } = await makePoll()
      const lost = { json: { option_id: 2 }, key: randomUUID() }
      await call('POST', vote, lost)
      await call('POST', `${path}/close`, { bearer })
      // Until then its doors may be needed.
      await waitUntil(async () => (await call('GET', path)).body.results_final)
      const pollId = path.slice('/polls/'.length)
      for (const partition of [0, 1]) await system.adapters.door.remove(partition, pollId)
      const answers = [await call('POST', vote, lost), await call('POST', vote, lost)]
      expect(answers.map(({ body }) => body.code)).toEqual(['poll_closed', 'poll_closed'])
    })

    test('with a weak key is refused, with a session as without', async () => {
      const { vote } = await makePoll()
      const voterToken = await newSession()
      for (const key of ['1', 'retry', '00000000-0000-0000-0000-000000000000', 'x'.repeat(300)]) {
        for (const session of [{}, { voterToken }]) {
          const refused = await call('POST', vote, { json: { option_id: 1 }, key, ...session })
          expect([refused.status, refused.body.code]).toEqual([400, 'idempotency_key_weak'])
        }
      }
    })

    test('may quote its key', async () => {
      const { vote } = await makePoll({ voter_identity: 'none' })
      const key = randomUUID()
      const first = await call('POST', vote, { json: { option_id: 1 }, key: `"${key}"` })
      expect((await call('POST', vote, { json: { option_id: 1 }, key })).body).toEqual(first.body)
    })
  })

  describe('a change', () => {
    test('replaces the vote, a retract takes it back, and voting again counts again', async () => {
      const { path, vote } = await makePoll({ allow_vote_change: true })
      const voterToken = await newSession()
      expect((await call('PUT', vote, { json: { option_id: 1 }, voterToken })).body.code).toBe('no_vote')
      const first = await call('POST', vote, { json: { option_id: 1 }, voterToken })
      const changed = await call('PUT', vote, { json: { option_id: 2 }, voterToken })
      expect(changed.status).toBe(202)
      expect(changed.body.vote_id).not.toBe(first.body.vote_id)
      await waitUntil(async () => (await counts(path))[1] === 1)
      expect(await counts(path)).toEqual([0, 1, 0])

      expect((await call('DELETE', vote, { voterToken })).status).toBe(202)
      expect((await call('GET', vote, { voterToken })).body).toEqual({ vote: null })
      await waitUntil(async () => (await call('GET', path)).body.total_votes === 0)

      expect((await call('POST', vote, { json: { option_id: 3 }, voterToken })).status).toBe(202)
      await waitUntil(async () => (await counts(path))[2] === 1)
      expect(await counts(path)).toEqual([0, 0, 1])
    })

    test('is judged like a vote', async () => {
      const { vote } = await makePoll({ allow_vote_change: true })
      const voterToken = await newSession()
      await call('POST', vote, { json: { option_id: 1 }, voterToken })
      expect((await call('PUT', vote, { json: { option_id: 9 }, voterToken })).body.code).toBe('option_unknown')
      expect((await call('PUT', vote, { json: { option_ids: [] }, voterToken })).body.code).toBe('too_few_choices')
      expect((await call('DELETE', vote, { json: { option_id: 1 }, voterToken })).body.code).toBe('invalid_body')
    })

    test('is refused where the poll does not allow it, and to one who never voted', async () => {
      const fixed = await makePoll()
      const voterToken = await newSession()
      await call('POST', fixed.vote, { json: { option_id: 1 }, voterToken })
      expect((await call('PUT', fixed.vote, { json: { option_id: 2 }, voterToken })).body.code).toBe(
        'change_not_allowed',
      )
      expect((await call('DELETE', fixed.vote, { voterToken })).body.code).toBe('change_not_allowed')
      const open = await makePoll({ allow_vote_change: true })
      for (const method of ['PUT', 'DELETE']) {
        const json = method === 'PUT' ? { json: { option_id: 1 } } : {}
        expect((await call(method, open.vote, json)).body.code).toBe('no_vote')
        expect((await call(method, open.vote, { ...json, voterToken })).body.code).toBe('no_vote')
      }
      const nobody = await makePoll({ allow_vote_change: true, voter_identity: 'none' })
      const key = randomUUID()
      await call('POST', nobody.vote, { json: { option_id: 1 }, key })
      expect((await call('PUT', nobody.vote, { json: { option_id: 2 }, key })).body.code).toBe('change_not_allowed')
    })
  })

  describe('a receipt', () => {
    test('says what has become of a vote, and never what was chosen', async () => {
      const { path, vote } = await makePoll({ allow_vote_change: true })
      const voterToken = await newSession()
      const first = await call('POST', vote, { json: { option_id: 1 }, voterToken })
      const receipt = first.headers.get('location') ?? ''
      const readReceipt = async (address: string): Promise<unknown> => (await call('GET', address)).body.status
      expect(['accepted', 'recorded']).toContain(await readReceipt(receipt))
      await waitUntil(async () => (await readReceipt(receipt)) === 'recorded')
      expect((await call('GET', receipt)).body).toEqual({
        vote_id: first.body.vote_id,
        poll_id: path.slice('/polls/'.length),
        round: 1,
        status: 'recorded',
      })
      const changed = await call('PUT', vote, { json: { option_id: 2 }, voterToken })
      await waitUntil(async () => (await readReceipt(receipt)) === 'superseded')
      expect(await readReceipt(changed.headers.get('location') ?? '')).toBe('recorded')
    })

    test('of a vote that was never cast, or of a deleted poll, is not found', async () => {
      const { path, vote, bearer } = await makePoll()
      const voted = await call('POST', vote, { json: { option_id: 1 } })
      const { vote_id: voteId } = voted.body
      for (const id of [
        'x',
        voteId.slice(1),
        `${voteId}A`,
        voteId.replace(/^./, (c: string) => (c === 'A' ? 'B' : 'A')),
      ]) {
        const refused = await call('GET', `/votes/${id}`)
        expect([refused.status, refused.body.code]).toEqual([404, 'vote_not_found'])
      }
      await call('DELETE', path, { bearer })
      expect((await call('GET', `/votes/${voteId}`)).body.code).toBe('vote_not_found')
    })
  })

  describe('a session', () => {
    test('is given on request, and kept when it is shown', async () => {
      const first = await call('POST', '/session')
      expect(first.status).toBe(201)
      expect(first.body).toEqual({ voter_token: expect.any(String), expires_at: expect.stringMatching(/Z$/) })
      expect(cookieOf(first)).toBe(`tallycast_session=${first.body.voter_token}`)
      const { vote } = await makePoll()
      await call('POST', vote, { json: { option_id: 1 }, cookie: cookieOf(first) })
      const kept = await call('POST', '/session', { cookie: cookieOf(first) })
      expect((await call('GET', vote, { voterToken: kept.body.voter_token })).body.vote.option_ids).toEqual([1])
      const other = await call('POST', '/session')
      expect((await call('GET', vote, { voterToken: other.body.voter_token })).body.vote).toBeNull()
    })

    test('is one for two pages that ask at the same moment with the same key', async () => {
      const { vote } = await makePoll()
      const key = randomUUID()
      const [one, two] = await Promise.all([call('POST', '/session', { key }), call('POST', '/session', { key })])
      await call('POST', vote, { json: { option_id: 1 }, cookie: cookieOf(one) })
      const again = await call('POST', vote, { json: { option_id: 2 }, cookie: cookieOf(two) })
      expect([again.status, again.body.code]).toEqual([409, 'already_voted'])
      const weak = await call('POST', '/session', { key: 'weak' })
      expect([weak.status, weak.body.code]).toEqual([400, 'idempotency_key_weak'])
    })

    test('that is not ours is refused as header, and passed over as cookie', async () => {
      const { vote } = await makePoll()
      for (const [method, url] of [
        ['POST', vote],
        ['GET', vote],
        ['POST', '/session'],
      ] as const) {
        const json = url === vote && method === 'POST' ? { json: { option_id: 1 } } : {}
        const refused = await call(method, url, { ...json, voterToken: 'forged' })
        expect([refused.status, refused.body.code]).toEqual([401, 'token_invalid'])
      }
      const voted = await call('POST', vote, { json: { option_id: 1 }, cookie: 'tallycast_session=forged; other=1' })
      expect(voted.body.voter_token).toEqual(expect.any(String))
    })
  })

  test('five hundred voters at once all count', async () => {
    const { path, vote } = await makePoll()
    /** Who hears that too many votes wait comes back, as clients do. */
    const cast = async (optionId: number): Promise<Answer> => {
      const say = { json: { option_id: optionId }, key: randomUUID() }
      let answer = await call('POST', vote, say)
      const isTaken = async (): Promise<boolean> => {
        if (answer.status === 503) answer = await call('POST', vote, say)
        return answer.status !== 503
      }
      await waitUntil(isTaken, { everyMs: 200 })
      return answer
    }
    const answers = await Promise.all(Array.from({ length: 500 }, (_, index) => cast((index % 3) + 1)))
    expect(answers.filter((answer) => answer.status !== 202)).toEqual([])
    expect(new Set(answers.map((answer) => answer.body.vote_id)).size).toBe(500)
    await waitUntil(async () => (await call('GET', path)).body.total_votes === 500)
    expect(await counts(path)).toEqual([167, 167, 166])
  })

  test('all of this was answered as /openapi.json says, and nothing was logged as a fault', () => {
    expect([...disagreements, ...system.logged]).toEqual([])
  })
})
