import { createSecretKey } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { claimsFor, makeHostKey, type HostKey, signToken } from '../support/host-application.ts'
import type { Answer, HttpClient, Say } from '../support/http-client.ts'
import { issueKey } from '../support/issue-key.ts'
import { createCheckedClient } from '../support/openapi-document.ts'
import { adminToken, type RunningSystem, startSystem } from '../support/running-system.ts'
import { connectViewer } from '../support/viewer.ts'
import { waitUntil } from '../support/wait-until.ts'

/** So few that the next one is given back later than any of these tests ends. */
const limits = { voters: 5, keys: 8, keyPolls: 4, newcomers: 4, newPolls: 3, invalidTokens: 4, signedResults: 2 }
const environment = {
  VOTER_REQUESTS_PER_MINUTE: `${limits.voters}`,
  KEY_REQUESTS_PER_MINUTE: `${limits.keys}`,
  KEY_POLL_REQUESTS_PER_MINUTE: `${limits.keyPolls}`,
  ADDRESS_NEWCOMERS_PER_MINUTE: `${limits.newcomers}`,
  ADDRESS_NEW_POLLS_PER_MINUTE: `${limits.newPolls}`,
  ADDRESS_INVALID_TOKENS_PER_MINUTE: `${limits.invalidTokens}`,
  ADDRESS_SIGNED_RESULTS_PER_MINUTE: `${limits.signedResults}`,
  TRUSTED_PROXIES: '127.0.0.0/8',
}

let system: RunningSystem
let host: HostKey
let stranger: HostKey
let ask: HttpClient
const disagreements: string[] = []

beforeAll(async () => {
  host = await makeHostKey('EdDSA')
  stranger = await makeHostKey('EdDSA')
  system = await startSystem('redis', { ...environment, HOST_TOKEN_PUBLIC_KEYS: host.publicPem })
  ask = await createCheckedClient(system.url, disagreements)
})
afterAll(async () => {
  await system.stop()
})

let addresses = 0
/** Where nobody has asked from before. */
const newAddress = (): string => `198.51.${(addresses += 1) >> 8}.${addresses & 255}`

/** Asks as a proxy does that passes on what somebody asks at this address. */
const from = (address: string): HttpClient => {
  return async (method, path, say: Say = {}) =>
    ask(method, path, { ...say, headers: { 'x-forwarded-for': address, ...say.headers } })
}

async function makePoll(
  more: object = {},
): Promise<{ readonly id: string; readonly vote: string; readonly bearer: string }> {
  const json = { question: 'What?', options: ['Tea', 'Coffee'], allow_vote_change: true, ...more }
  const made = await from(newAddress())('POST', '/polls', { json })
  expect(made.status).toBe(201)
  return { id: made.body.id, vote: `/polls/${made.body.id}/vote`, bearer: made.body.manage_token }
}

/** A poll that is over. */
async function makeFinal(): Promise<{ readonly id: string; readonly bearer: string }> {
  const { id, bearer } = await makePoll()
  expect((await from(newAddress())('POST', `/polls/${id}/close`, { bearer })).status).toBe(200)
  await waitUntil(async () => (await ask('GET', `/polls/${id}`)).body.results_final === true)
  return { id, bearer }
}

async function beginSession(): Promise<string> {
  return (await from(newAddress())('POST', '/session')).body.voter_token
}

const statusesOf = async (times: number, work: (count: number) => Promise<Answer>): Promise<readonly number[]> => {
  const statuses: number[] = []
  for (let count = 0; count < times; count += 1) statuses.push((await work(count)).status)
  return statuses
}

const all = (times: number, status: number): readonly number[] => Array.from({ length: times }, () => status)

/** What such an answer says of the limit that was reached. */
function expectLimit(answer: Answer, name: string, amount: number): void {
  expect([answer.status, answer.body.code]).toEqual([429, 'rate_limited'])
  const seconds = Number(answer.headers.get('retry-after'))
  expect(seconds).toBeGreaterThanOrEqual(1)
  expect(seconds).toBeLessThanOrEqual(Math.ceil(60 / amount))
  expect(answer.headers.get('ratelimit')).toBe(`"${name}";r=0;t=${seconds}`)
  expect(answer.headers.get('ratelimit-policy')).toBe(`"${name}";q=${amount};w=60`)
}

describe('a voter', () => {
  test('may ask so often in a poll, by votes and by looking at what is its own, and once more is told to wait', async () => {
    const { id, vote } = await makePoll()
    const voterToken = await beginSession()
    const json = { option_id: 1 }
    expect((await ask('POST', vote, { json, voterToken })).status).toBe(202)
    expect((await ask('PUT', vote, { json: { option_id: 2 }, voterToken })).status).toBe(202)
    expect((await ask('GET', vote, { voterToken })).status).toBe(200)
    expect((await ask('DELETE', vote, { voterToken })).status).toBe(202)
    expect((await ask('POST', `${vote}?by=the-long-way`, { json, voterToken })).status).toBe(202)
    const byTheLongWay = { json, voterToken, headers: { 'content-type': 'application/json;charset="utf-8"' } }
    const refused = [
      await ask('POST', vote, { json, voterToken }),
      await ask('POST', vote, byTheLongWay),
      await ask('PUT', vote, { json, voterToken }),
      await ask('DELETE', vote, { voterToken }),
      await ask('GET', vote, { voterToken }),
      await ask('POST', `/polls/${id}/ticket`, { voterToken }),
    ]
    for (const answer of refused) expectLimit(answer, 'voter', limits.voters)
    // The same head on both ways.
    const [short, long] = refused.map(({ headers }) => [...headers.keys()].toSorted())
    expect(short).toEqual(long)
  })

  test('is limited in each poll for itself, and no other voter with it', async () => {
    const [one, other] = [await makePoll(), await makePoll()]
    const [loud, quiet] = [await beginSession(), await beginSession()]
    const votes = await statusesOf(20, async () => ask('POST', one.vote, { json: { option_id: 1 }, voterToken: loud }))
    expect(votes).toEqual([...all(limits.voters, 202), ...all(20 - limits.voters, 429)])
    expect((await ask('POST', other.vote, { json: { option_id: 1 }, voterToken: loud })).status).toBe(202)
    expect((await ask('POST', one.vote, { json: { option_id: 1 }, voterToken: quiet })).status).toBe(202)
  })

  test('reads what everybody may read as often as it likes', async () => {
    const { id } = await makePoll()
    const voterToken = await beginSession()
    expect(await statusesOf(50, async () => ask('GET', `/polls/${id}`, { voterToken }))).toEqual(all(50, 200))
  })

  test('who has asked too often is told so on the page and on live channels too', async () => {
    const { id, vote } = await makePoll({ results_visibility: 'after_vote' })
    const voterToken = await beginSession()
    await statusesOf(limits.voters, async () => ask('GET', vote, { voterToken }))
    const cookie = `tallycast_session=${voterToken}`
    const page = await ask('POST', `/p/${id}`, {
      raw: 'option=1',
      cookie,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })
    expect([page.status, page.headers.get('ratelimit-policy')]).toEqual([429, '"voter";q=5;w=60'])
    expect(Number(page.headers.get('retry-after'))).toBeGreaterThan(0)
    const viewer = connectViewer(`${system.url.replace('http', 'ws')}/ws/polls/${id}`, { 'voter-token': voterToken })
    expect(await viewer.ends()).toMatchObject({ code: 1013, reason: expect.stringMatching(/^retry_ms=/) })
  })
})

describe('an address', () => {
  test('may begin so many sessions, whoever else begins one, and those who have one are not counted', async () => {
    const address = newAddress()
    const { vote } = await makePoll()
    const voters: string[] = []
    for (let count = 0; count < limits.newcomers; count += 1) {
      voters.push((await from(address)('POST', '/session')).body.voter_token)
    }
    expectLimit(await from(address)('POST', '/session'), 'newcomers', limits.newcomers)
    expectLimit(await from(`::ffff:${address}`)('POST', '/session'), 'newcomers', limits.newcomers)
    expectLimit(await from(address)('POST', vote, { json: { option_id: 1 } }), 'newcomers', limits.newcomers)
    expect((await from(newAddress())('POST', '/session')).status).toBe(201)
    for (const voterToken of voters) {
      expect((await from(address)('POST', vote, { json: { option_id: 1 }, voterToken })).status).toBe(202)
    }
  })

  test('of IPv6 is limited with all others of its /64', async () => {
    const { vote } = await makePoll({ voter_identity: 'none' })
    const votes = async (address: string): Promise<Answer> => from(address)('POST', vote, { json: { option_id: 1 } })
    expect(await statusesOf(limits.newcomers, async (count) => votes(`2001:db8:7:1::${count}`))).toEqual(
      all(limits.newcomers, 202),
    )
    expectLimit(await votes('2001:db8:7:1:ffff::'), 'newcomers', limits.newcomers)
    expect((await votes('2001:db8:7:2::1')).status).toBe(202)
  })

  test('is the same one whatever keys its requests bring, where nobody is recognised', async () => {
    const address = newAddress()
    const { vote } = await makePoll({ voter_identity: 'none' })
    const votes = async (): Promise<Answer> =>
      from(address)('POST', vote, { json: { option_id: 1 }, key: crypto.randomUUID() })
    expect(await statusesOf(limits.newcomers, votes)).toEqual(all(limits.newcomers, 202))
    expectLimit(await votes(), 'newcomers', limits.newcomers)
  })

  test('may make so many polls without a key, and with one more', async () => {
    const address = newAddress()
    const json = { question: 'What?', options: ['Tea', 'Coffee'] }
    expect(await statusesOf(limits.newPolls, async () => from(address)('POST', '/polls', { json }))).toEqual(
      all(limits.newPolls, 201),
    )
    expectLimit(await from(address)('POST', '/polls', { json }), 'new-polls', limits.newPolls)
    const { secret } = await issueKey(system.adapters.keys, ['polls:write'])
    expect((await from(address)('POST', '/polls', { json, bearer: secret })).status).toBe(201)
    expect((await from(newAddress())('POST', '/polls', { json })).status).toBe(201)
  })

  test('may have so many results read to be signed, and not one more; those in memory are for everybody', async () => {
    const [first, second, third] = [await makeFinal(), await makeFinal(), await makeFinal()]
    const address = newAddress()
    const read = async ({ id }: typeof first, say: Say = {}, at = address): Promise<Answer> =>
      from(at)('GET', `/polls/${id}/results/signed`, say)
    expect([(await read(first)).status, (await read(second)).status]).toEqual([200, 200])
    for (const say of [{}, { bearer: third.bearer }]) {
      expectLimit(await read(third, say), 'signed-results', limits.signedResults)
    }
    expect([(await read(first)).status, (await read(second)).status]).toEqual([200, 200])
    expect((await read(third, {}, newAddress())).status).toBe(200)
    expect((await read(third)).status).toBe(200)
  })

  test('is the one that a trusted proxy names, also for what is kept of who did what', async () => {
    const address = newAddress()
    const json = { question: 'What?', options: ['Tea', 'Coffee'] }
    const { id } = (await from(`203.0.113.9, ${address}`)('POST', '/polls', { json })).body
    const { body } = await ask('GET', '/audit?limit=100', { bearer: adminToken })
    const told = (body.events as readonly Record<string, string>[]).filter(({ poll_id: pollId }) => pollId === id)
    expect(told.map((event) => event['address'])).toEqual([address])
  })
})

describe('a key', () => {
  test('may be used so often with one poll, and so often in all', async () => {
    const { secret: bearer } = await issueKey(system.adapters.keys, ['polls:write', 'votes:write'])
    const json = { question: 'What?', options: ['Tea', 'Coffee'] }
    const [one, other] = [
      (await ask('POST', '/polls', { json, bearer })).body.id as string,
      (await ask('POST', '/polls', { json, bearer })).body.id as string,
    ]
    const read = async (id: string): Promise<Answer> => ask('GET', `/polls/${id}`, { bearer })
    expect((await ask('PATCH', `/polls/${one}`, { json: { question: 'Which?' }, bearer })).status).toBe(200)
    expect(await statusesOf(limits.keyPolls - 1, async () => read(one))).toEqual(all(limits.keyPolls - 1, 200))
    expectLimit(await read(one), 'key-poll', limits.keyPolls)
    expectLimit(await ask('POST', `/polls/${one}/close`, { bearer }), 'key-poll', limits.keyPolls)
    const left = limits.keys - limits.keyPolls - 2
    expect(await statusesOf(left, async () => read(other))).toEqual(all(left, 200))
    expectLimit(await read(other), 'key', limits.keys)
    expectLimit(await ask('GET', '/polls', { bearer }), 'key', limits.keys)
    // Everybody else goes on, with that poll too.
    const { secret: another } = await issueKey(system.adapters.keys, ['admin'])
    expect((await ask('GET', `/polls/${one}`, { bearer: another })).status).toBe(200)
    expect((await ask('GET', `/polls/${one}`)).status).toBe(200)
  })

  test('or a manage token may be used so often with its poll', async () => {
    const { id, bearer } = await makePoll()
    const edit = async (count: number): Promise<Answer> =>
      ask('PATCH', `/polls/${id}`, { json: { question: `What, ${count}?` }, bearer })
    expect(await statusesOf(limits.keyPolls, edit)).toEqual(all(limits.keyPolls, 200))
    expectLimit(await edit(9), 'key-poll', limits.keyPolls)
  })

  test('that brings votes in bulk is counted once for all its lines', async () => {
    const { id } = await makePoll()
    const { secret: bearer } = await issueKey(system.adapters.keys, ['votes:write'])
    const bulk = async (count: number): Promise<Answer> => {
      const lines = Array.from({ length: 50 }, (_, voter) => `{"voter":"v${count}-${voter}","option_id":1}\n`)
      const headers = { 'content-type': 'application/x-ndjson' }
      return ask('POST', `/polls/${id}/votes/bulk`, { raw: lines.join(''), bearer, headers })
    }
    expect(await statusesOf(limits.keyPolls, bulk)).toEqual(all(limits.keyPolls, 200))
    expectLimit(await bulk(9), 'key-poll', limits.keyPolls)
  })
})

describe('made-up tokens', () => {
  const signedByAnother = async (pollId: string): Promise<string> =>
    stranger.sign(claimsFor(pollId, { sub: crypto.randomUUID() }))

  test('are looked at up to the ceiling of their address; beyond it those that are known go on, and so does every other address', async () => {
    const { id, vote } = await makePoll({ voter_identity: 'token' })
    const address = newAddress()
    const [known, unknown] = [
      await host.sign(claimsFor(id, { sub: 'known' })),
      await host.sign(claimsFor(id, { sub: 'unknown' })),
    ]
    const votes = async (voterToken: string, at = address): Promise<Answer> =>
      from(at)('POST', vote, { json: { option_id: 1 }, voterToken })
    expect((await votes(known)).status).toBe(202)
    const forged = await statusesOf(limits.invalidTokens, async () => votes(await signedByAnother(id)))
    expect(forged).toEqual(all(limits.invalidTokens, 401))
    expectLimit(await votes(await signedByAnother(id)), 'invalid-tokens', limits.invalidTokens)
    expectLimit(await votes(unknown), 'invalid-tokens', limits.invalidTokens)
    expect((await votes(known)).status).toBe(202)
    expect((await votes(unknown, newAddress())).status).toBe(202)
    // It is known now, whoever has shown it.
    expect((await votes(unknown)).status).toBe(202)
  })

  test('that need no verification are told what is wrong with them, however many there are', async () => {
    const { id, vote } = await makePoll({ voter_identity: 'token' })
    const { vote: sessions } = await makePoll()
    const address = newAddress()
    const cheap = [
      'x',
      await host.sign(claimsFor(id, { exp: 1 })),
      await host.sign(claimsFor('another-poll')),
      await host.sign(claimsFor(id, { aud: 'elsewhere' })),
      await signToken(claimsFor(id), createSecretKey('a-secret-that-nobody-knows-0123456789', 'utf8'), 'HS256'),
    ]
    const votes = async (path: string, voterToken: string): Promise<Answer> =>
      from(address)('POST', path, { json: { option_id: 1 }, voterToken })
    for (let turn = 0; turn < 3; turn += 1) {
      for (const token of cheap) expect((await votes(vote, token)).status).toBe(401)
      expect((await votes(sessions, 'made-up')).status).toBe(401)
    }
    const again = await signedByAnother(id)
    expect(await statusesOf(20, async () => votes(vote, again))).toEqual(all(20, 401))
    expect((await votes(vote, await host.sign(claimsFor(id, { sub: 'ann' })))).status).toBe(202)
  })

  test('of organisers count too, and keys that were good before go on', async () => {
    const { id, bearer } = await makePoll()
    const address = newAddress()
    const { secret } = await issueKey(system.adapters.keys, ['admin'])
    const read = async (shown: string): Promise<Answer> => from(address)('GET', `/polls/${id}`, { bearer: shown })
    const close = async (shown: string): Promise<Answer> =>
      from(address)('PATCH', `/polls/${id}`, { json: { question: 'Who?' }, bearer: shown })
    expect([(await read(secret)).status, (await close(bearer)).status]).toEqual([200, 200])
    const madeUp = (count: number): string => `tck_${'0'.repeat(9)}${count}_${'A'.repeat(43)}`
    expect((await close(`mt_${'A'.repeat(43)}`)).status).toBe(403)
    expect(await statusesOf(limits.invalidTokens - 1, async (count) => read(madeUp(count)))).toEqual(
      all(limits.invalidTokens - 1, 401),
    )
    expectLimit(await read(madeUp(9)), 'invalid-tokens', limits.invalidTokens)
    expectLimit(await close(`mt_${'B'.repeat(43)}`), 'invalid-tokens', limits.invalidTokens)
    expect([(await read(secret)).status, (await close(bearer)).status]).toEqual([200, 200])
  })
})

describe('made-up voting codes', () => {
  /** Of the form of a code, and none of any poll. */
  const madeUp = (count: number): string => `0000-0000-0000-00${10 + count}`

  test('are told so up to the ceiling of their address; beyond it they have to wait, and good codes pass from there as ever', async () => {
    const { id, vote, bearer } = await makePoll({ voter_identity: 'code' })
    const { codes } = (await ask('POST', `/polls/${id}/codes`, { json: { count: 3 }, bearer })).body
    const [first, second, third] = codes as readonly [string, string, string]
    const address = newAddress()
    const json = { option_id: 1 }
    const votes = async (voterToken: string, at = address): Promise<Answer> =>
      from(at)('POST', vote, { json, voterToken })
    expect((await votes(first)).status).toBe(202)
    expect(await statusesOf(limits.invalidTokens - 1, async (count) => votes(madeUp(count)))).toEqual(
      all(limits.invalidTokens - 1, 401),
    )
    // Asking is guessing too.
    const asked = await from(address)('GET', vote, { voterToken: madeUp(80) })
    expect([asked.status, asked.body.code]).toEqual([401, 'token_invalid'])
    const refused = [
      await votes(madeUp(81)),
      await from(address)('POST', `${vote}?by=the-long-way`, { json, voterToken: madeUp(82) }),
      await from(address)('GET', vote, { voterToken: madeUp(83) }),
      await votes('no code at all'),
    ]
    for (const answer of refused) expectLimit(answer, 'invalid-tokens', limits.invalidTokens)
    expect([(await votes(second)).status, (await votes(first)).status]).toEqual([202, 202])
    expect((await from(address)('GET', vote, { voterToken: third })).status).toBe(200)
    const elsewhere = await votes(madeUp(84), newAddress())
    expect([elsewhere.status, elsewhere.body.code]).toEqual([401, 'token_invalid'])
  })
})

test('with RATE_LIMITS=off nobody is limited', async () => {
  const free = await startSystem('postgres', { ...environment, RATE_LIMITS: 'off' })
  try {
    const call = await createCheckedClient(free.url, disagreements)
    const json = { question: 'What?', options: ['Tea', 'Coffee'] }
    expect(await statusesOf(10, async () => call('POST', '/polls', { json }))).toEqual(all(10, 201))
    expect(await statusesOf(10, async () => call('POST', '/session'))).toEqual(all(10, 201))
  } finally {
    await free.stop()
  }
})

test('without Redis each process limits by what it has seen itself', async () => {
  const alone = await startSystem('postgres', environment)
  try {
    const call = await createCheckedClient(alone.url, disagreements)
    const json = { question: 'What?', options: ['Tea', 'Coffee'] }
    const { id } = (await call('POST', '/polls', { json })).body
    const { voter_token: voterToken } = (await call('POST', '/session')).body
    const votes = async (): Promise<Answer> => call('POST', `/polls/${id}/vote`, { json: { option_id: 1 }, voterToken })
    expect(await statusesOf(limits.voters, votes)).toEqual(all(limits.voters, 202))
    expectLimit(await votes(), 'voter', limits.voters)
  } finally {
    await alone.stop()
  }
})

test('every answer was as /openapi.json says', () => {
  expect(disagreements).toEqual([])
})
