import { parse } from 'csv-parse/sync'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CODE_LIMITS } from '../../src/domain/voting-code.ts'
import { openBulk } from '../support/bulk-host.ts'
import { cookieOf, type HttpClient } from '../support/http-client.ts'
import { issueKey } from '../support/issue-key.ts'
import { createCheckedClient } from '../support/openapi-document.ts'
import { adminToken, type Profile, type RunningSystem, startSystem } from '../support/running-system.ts'
import { connectViewer } from '../support/viewer.ts'
import { waitUntil } from '../support/wait-until.ts'

const codeForm = /^[0-9A-HJKMNP-TV-Z]{4}(?:-[0-9A-HJKMNP-TV-Z]{4}){3}$/

describe.each<Profile>(['redis', 'postgres'])('voting codes, on %s', (profile) => {
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

  async function makePoll(more: object = {}, bearer?: string) {
    const poll = { question: 'What?', options: ['Tea', 'Coffee', 'Cocoa'], voter_identity: 'code', ...more }
    const made = await call('POST', '/polls', { json: poll, ...(bearer !== undefined && { bearer }) })
    expect(made.status).toBe(201)
    const path = `/polls/${made.body.id}`
    const manage = made.body.manage_token as string
    return { id: made.body.id as string, path, vote: `${path}/vote`, codes: `${path}/codes`, bearer: manage }
  }

  async function makeCodes(
    poll: { readonly codes: string; readonly bearer: string },
    count: number,
  ): Promise<string[]> {
    const made = await call('POST', poll.codes, { json: { count }, bearer: poll.bearer })
    expect(made.status).toBe(201)
    return made.body.codes as string[]
  }

  async function pollWithCode(more: object = {}) {
    const poll = await makePoll(more)
    const [voterToken = ''] = await makeCodes(poll, 1)
    return { ...poll, voterToken }
  }

  const registered = async (pollId: string): Promise<number> => {
    const { rows } = await system.database.pool.query(
      'select codes_made, (select count(*)::int from vote_code where poll_id = id) as entered from poll where id = $1',
      [pollId],
    )
    expect(rows[0].entered).toBe(rows[0].codes_made)
    return rows[0].entered as number
  }

  test('are made in bulk and shown once, different ones each time, and noted without any of them', async () => {
    const poll = await makePoll()
    const made = await call('POST', poll.codes, { json: { count: 300 }, bearer: poll.bearer })
    expect([made.status, made.headers.get('cache-control')]).toEqual([201, 'no-store'])
    const codes: string[] = made.body.codes
    expect(codes.every((code) => codeForm.test(code))).toBe(true)
    const all = [...codes, ...(await makeCodes(poll, 2))]
    expect(new Set(all).size).toBe(302)
    expect(await registered(poll.id)).toBe(302)
    const events = (await call('GET', '/audit?limit=2', { bearer: adminToken })).body.events
    for (const event of events) {
      expect(event).toMatchObject({ action: 'codes_created', actor: 'manage_token', poll_id: poll.id })
    }
    expect(events[1].request_id).toBe(made.headers.get('x-request-id'))
    const { rows } = await system.database.pool.query(
      'select t::text from audit_event t union all select t::text from vote_code t',
    )
    const kept = rows.map((row) => row.t).join('\n')
    expect(all.some((code) => kept.includes(code) || kept.includes(code.replaceAll('-', '')))).toBe(false)
  })

  test('come as a file with a header line to whoever asks for CSV', async () => {
    const poll = await makePoll()
    const headers = { accept: 'text/csv, */*;q=0.1' }
    const made = await call('POST', poll.codes, { json: { count: 3 }, bearer: poll.bearer, headers })
    expect(made.status).toBe(201)
    expect(made.headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present')
    expect(made.headers.get('content-disposition')).toBe(`attachment; filename="poll-${poll.id}-codes.csv"`)
    expect(made.headers.get('cache-control')).toBe('no-store')
    const lines: { code: string }[] = parse(made.text, { columns: true })
    expect(lines).toHaveLength(3)
    const [first] = lines
    const voted = await call('POST', poll.vote, { json: { option_id: 1 }, voterToken: first?.code ?? '' })
    expect(voted.status).toBe(202)
  })

  test('are used up by the vote: the same vote is answered as the first time, another is code_used', async () => {
    const { id, path, vote, voterToken } = await pollWithCode()
    expect((await call('GET', vote, { voterToken })).body).toEqual({ vote: null })
    const first = await call('POST', vote, { json: { option_id: 2 }, voterToken })
    expect([first.status, Object.keys(first.body)]).toEqual([202, ['vote_id', 'status']])
    expect(first.headers.getSetCookie()).toEqual([])
    const spelled = voterToken.toLowerCase().replaceAll('-', ' ')
    expect((await call('POST', vote, { json: { option_id: 2 }, voterToken: spelled })).body).toEqual(first.body)
    const used = await call('POST', vote, { json: { option_id: 1 }, voterToken })
    expect([used.status, used.body.code]).toEqual([409, 'code_used'])
    expect((await call('PUT', vote, { json: { option_id: 1 }, voterToken })).body.code).toBe('change_not_allowed')
    expect((await call('GET', vote, { voterToken })).body.vote).toMatchObject({ option_ids: [2] })
    await waitUntil(async () => (await call('GET', path)).body.total_votes === 1)
    expect(await system.adapters.tallies.recount(id)).toMatchObject({
      totalVotes: 1,
      differences: [],
      unregisteredVotes: 0,
    })
  })

  test('let exactly one of many different votes in that come at once', async () => {
    const { path, vote, voterToken } = await pollWithCode()
    const options = Array.from({ length: 12 }, (_, n) => (n % 3) + 1)
    const answers = await Promise.all(
      options.map((option_id) => call('POST', vote, { json: { option_id }, voterToken })),
    )
    const accepted = answers.filter(({ status }) => status === 202)
    // The others of the same option are the same vote.
    expect(accepted).toHaveLength(4)
    expect(new Set(accepted.map(({ body }) => body.vote_id)).size).toBe(1)
    expect(answers.filter(({ body }) => body.code === 'code_used')).toHaveLength(8)
    await waitUntil(async () => (await call('GET', path)).body.total_votes === 1)
  })

  test('change and retract a vote where the poll allows it', async () => {
    const { vote, voterToken } = await pollWithCode({ allow_vote_change: true })
    expect((await call('PUT', vote, { json: { option_id: 1 }, voterToken })).body.code).toBe('no_vote')
    expect((await call('POST', vote, { json: { option_id: 1 }, voterToken })).status).toBe(202)
    expect((await call('POST', vote, { json: { option_id: 3 }, voterToken })).body.code).toBe('code_used')
    expect((await call('PUT', vote, { json: { option_id: 3 }, voterToken })).status).toBe(202)
    expect((await call('GET', vote, { voterToken })).body.vote).toMatchObject({ option_ids: [3] })
    expect((await call('DELETE', vote, { voterToken })).status).toBe(202)
    expect((await call('GET', vote, { voterToken })).body).toEqual({ vote: null })
    expect((await call('DELETE', vote)).body.code).toBe('unauthenticated')
    expect((await call('POST', vote, { json: { option_id: 2 }, voterToken })).status).toBe(202)
  })

  test.each([
    ['the short way', 'application/json'],
    ['the long way', 'application/json; charset="utf-8"'],
  ])('of another poll, made-up ones and none let nobody vote, on %s', async (_way, contentType) => {
    const { path, vote, voterToken } = await pollWithCode()
    const another = await pollWithCode()
    const headers = { 'content-type': contentType }
    const json = { option_id: 1 }
    const session = await call('POST', '/session')
    for (const shown of [{}, { cookie: cookieOf(session) }]) {
      const refused = await call('POST', vote, { json, headers, ...shown })
      expect([refused.status, refused.body.code]).toEqual([401, 'unauthenticated'])
    }
    for (const wrong of [
      another.voterToken,
      session.body.voter_token,
      'x',
      voterToken.replace(/.$/, (last) => (last === '0' ? '1' : '0')),
    ]) {
      const refused = await call('POST', vote, { json, headers, voterToken: wrong })
      expect([refused.status, refused.body.code]).toEqual([401, 'token_invalid'])
      expect((await call('GET', vote, { voterToken: wrong })).body.code).toBe('token_invalid')
    }
    expect((await call('POST', vote, { json, headers, voterToken })).status).toBe(202)
    await waitUntil(async () => (await call('GET', path)).body.total_votes === 1)
  })

  test('are good again in the next round, and made anew only while they can be of use', async () => {
    const { id, path, vote, codes, bearer, voterToken } = await pollWithCode({ draft: true })
    const again = async () => (await call('POST', codes, { json: { count: 1 }, bearer })).body.code
    expect((await call('POST', vote, { json: { option_id: 1 }, voterToken })).body.code).toBe('poll_not_open')
    await call('POST', `${path}/open`, { bearer })
    expect((await call('POST', vote, { json: { option_id: 1 }, voterToken })).status).toBe(202)
    await call('POST', `${path}/close`, { bearer })
    expect(await again()).toBe('poll_final')
    await waitUntil(async () => (await call('GET', path)).body.status === 'closed')
    expect(await again()).toBe('poll_final')
    await call('POST', `${path}/reset`, { bearer })
    await call('POST', `${path}/open`, { bearer })
    expect((await call('GET', vote, { voterToken })).body).toEqual({ vote: null })
    expect((await call('POST', vote, { json: { option_id: 3 }, voterToken })).status).toBe(202)
    expect((await call('POST', vote, { json: { option_id: 1 }, voterToken })).body.code).toBe('code_used')
    expect(await again()).toBeUndefined()
    await waitUntil(async () => (await call('GET', path)).body.total_votes === 1)
    expect(
      (await system.adapters.tallies.recountRounds(id)).map((round) => [round.totalVotes, round.unregisteredVotes]),
    ).toEqual([
      [1, 0],
      [1, 0],
    ])
    await call('DELETE', path, { bearer })
    expect(await again()).toBe('poll_not_found')
  })

  test('are made for their own poll’s organiser, keys of the scope polls:write that manage it, and the admin token', async () => {
    const keys = Object.fromEntries(
      await Promise.all(
        (['polls:write', 'polls:read', 'votes:write', 'admin'] as const).map(async (scope) => [
          scope,
          (await issueKey(system.adapters.keys, [scope])).secret,
        ]),
      ),
    )
    const stranger = (await issueKey(system.adapters.keys, ['polls:write'])).secret
    const { id, codes, bearer } = await makePoll({}, keys['polls:write'])
    const another = await makePoll()
    const ask = async (shown: string | undefined, path = codes) =>
      call('POST', path, { json: { count: 1 }, ...(shown !== undefined && { bearer: shown }) })
    for (const [shown, status, code] of [
      [undefined, 401, 'unauthenticated'],
      ['nonsense', 401, 'token_invalid'],
      [another.bearer, 403, 'forbidden'],
      [keys['polls:read'], 403, 'forbidden'],
      [keys['votes:write'], 403, 'forbidden'],
      [stranger, 404, 'poll_not_found'],
    ] as const) {
      const refused = await ask(shown)
      expect([shown, refused.status, refused.body.code]).toEqual([shown, status, code])
    }
    expect((await ask(adminToken, '/polls/unknown23456/codes')).status).toBe(404)
    expect(await registered(id)).toBe(0)
    for (const shown of [bearer, keys['polls:write'], keys['admin'], adminToken])
      expect((await ask(shown)).status).toBe(201)
    expect(await registered(id)).toBe(4)
  })

  test('are made for polls that ask for codes alone', async () => {
    const { codes, bearer } = await makePoll({ voter_identity: 'session' })
    const refused = await call('POST', codes, { json: { count: 1 }, bearer })
    expect([refused.status, refused.body.code]).toEqual([409, 'identity_not_code'])
  })

  test('see the counts after their vote, over HTTP and with a ticket, which carries the voter and not the code', async () => {
    const { path, vote, voterToken } = await pollWithCode({ results_visibility: 'after_vote' })
    const total = async (shown: object): Promise<unknown> => (await call('GET', path, shown)).body.total_votes
    expect(await total({ voterToken })).toBeNull()
    expect((await call('POST', vote, { json: { option_id: 1 }, voterToken })).status).toBe(202)
    await waitUntil(async () => (await total({ voterToken })) === 1)
    expect(await total({})).toBeNull()
    const issued = await call('POST', `${path}/ticket`, { voterToken })
    expect(issued.status).toBe(201)
    const viewer = connectViewer(`${system.url.replace('http', 'ws')}/ws${path}?ticket=${issued.body.ticket}`)
    try {
      expect((await viewer.sees(() => true)).total_votes).toBe(1)
    } finally {
      viewer.socket.close()
    }
    expect((await call('POST', `${path}/ticket`)).body.code).toBe('unauthenticated')
  })

  test('keep hosts out, which bring votes without them: at once, and where a poll begins to ask for codes meanwhile', async () => {
    const { id, path } = await pollWithCode()
    const refused = await openBulk(system.url, id)
    refused.end()
    await refused.finished()
    expect(refused.status()).toBe(403)

    const changing = await makePoll({ voter_identity: 'session' })
    const host = await openBulk(system.url, changing.id)
    const line = (voter: string) => `${JSON.stringify({ voter, option_id: 1 })}\n`
    host.send(line('ann'))
    await host.answered(1)
    const { bearer } = changing
    await call('POST', `${changing.path}/reset`, { bearer })
    await call('PATCH', changing.path, { bearer, json: { voter_identity: 'code' } })
    await call('POST', `${changing.path}/open`, { bearer })
    host.send(line('ben'))
    host.end()
    await host.finished()
    expect(host.answers().map(({ code, status }) => code ?? status)).toEqual(['accepted', 'forbidden'])
    expect((await call('GET', path)).body.total_votes).toBe(0)
  })

  test('are as many as the limits say, in a call and for a poll, and not one more, of several who ask at once too', async () => {
    const { perCallMax, perPollMax } = CODE_LIMITS
    const { id, codes, bearer } = await makePoll()
    const ask = async (count: unknown) => call('POST', codes, { json: { count }, bearer })
    for (const count of [0, perCallMax + 1, 1.5, '1']) {
      const refused = await ask(count)
      expect([count, refused.status, refused.body.errors?.[0].pointer]).toEqual([count, 422, '/count'])
    }
    expect(new Set((await ask(perCallMax)).body.codes).size).toBe(perCallMax)
    await system.database.pool.query('update poll set codes_made = $2 where id = $1', [id, perPollMax - 5])
    const refused = await ask(6)
    expect([refused.status, refused.body.code]).toEqual([409, 'code_limit_reached'])
    const several = await Promise.all([2, 2, 2, 2].map(ask))
    expect(several.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 201, 409, 409])
    expect((await ask(1)).status).toBe(201)
    expect((await ask(1)).status).toBe(409)
  })

  test('do all this as the OpenAPI document says', () => {
    expect(disagreements).toEqual([])
  })
})
