import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { longInputs } from '../support/hostile/long-inputs.ts'
import {
  brokenLines,
  detours,
  forgedHeader,
  type OddRequest,
  overrides,
  smuggled,
} from '../support/hostile/odd-requests.ts'
import {
  honestCounts,
  whatIsTold,
  setStage,
  type Stage,
  type StageHost,
  startStageHost,
} from '../support/hostile/stage.ts'
import {
  unjustOrganisers,
  type UnjustShow,
  unjustTickets,
  unjustVoters,
  unjustVotersByCode,
  unjustVotersOfHost,
} from '../support/hostile/unjust-shows.ts'
import { type Answer, createHttpClient, type HttpClient, type Say } from '../support/http-client.ts'
import { exchangeRaw, type RawAnswer } from '../support/raw-http.ts'
import { useSystem } from '../support/system.ts'
import { connectViewer } from '../support/viewer.ts'
import { waitUntil } from '../support/wait-until.ts'

let host: StageHost
beforeAll(async () => {
  host = await startStageHost()
})
afterAll(async () => host.server.stop())
const system = useSystem(() => ({
  apis: 2,
  partitions: 2,
  env: { LOG_LEVEL: 'trace', HOST_TOKEN_JWKS_URL: host.server.url },
}))

let stage: Stage
let call: HttpClient
beforeAll(async () => {
  stage = await setStage(system(), host)
  call = createHttpClient(stage.url)
  await honestCounts(stage, system())
})

describe('who shows what is not theirs', () => {
  const ndjson = { raw: '{"voter":"ann","option_id":2}\n', headers: { 'content-type': 'application/x-ndjson' } }
  const asVoter: readonly (readonly [method: string, step: string, say: Say])[] = [
    ['POST', '/vote', { json: { option_id: 2 } }],
    ['POST', '/vote', { raw: '{"option_id":2}', headers: { 'content-type': 'application/json; charset="utf-8"' } }],
    ['PUT', '/vote', { json: { option_id: 2 } }],
    ['DELETE', '/vote', {}],
    ['GET', '/vote', {}],
    ['POST', '/ticket', {}],
  ]
  const asOrganiser: typeof asVoter = [
    ['PATCH', '', { json: { question: 'Which?' } }],
    ['POST', '/close', {}],
    ['POST', '/reset', {}],
    ['DELETE', '', {}],
    ['GET', '/export.csv?part=votes', {}],
    ['POST', '/votes/bulk', ndjson],
  ]

  const refusals = ['401 unauthenticated', '401 token_invalid', '403 forbidden', '404 poll_not_found']

  /** The first answer that judges: who is told to come back, as where the machine stands still for a moment, asks again. */
  async function judged(ask: () => Promise<Answer>): Promise<Answer> {
    let answer: Answer | undefined
    await waitUntil(async () => (answer = await ask()).status !== 503, { withinMs: 15_000, everyMs: 500 })
    // Just waited for.
    return answer!
  }

  /** What somebody is granted who shows this; nothing, where all is well. */
  async function grantedTo(path: string, calls: typeof asVoter, [, show]: UnjustShow): Promise<readonly string[]> {
    const shown = await show(stage)
    const granted: string[] = []
    for (const [method, step, say] of calls) {
      const headers = { ...say.headers, ...shown.headers }
      const { status, text, body } = await judged(() => call(method, `${path}${step}`, { ...say, ...shown, headers }))
      // Who shows nothing has no vote.
      const isNobody = step === '/vote' && method === 'GET' && text === '{"vote":null}'
      if (!isNobody && !refusals.includes(`${status} ${body?.code}`))
        granted.push(`${method} ${step}: ${status} ${text}`)
    }
    return granted
  }

  test.each(unjustVotersOfHost)('is no voter of a host: %s', async (...unjust) => {
    expect(await grantedTo(stage.hosted.path, asVoter, unjust)).toEqual([])
  })

  test.each(unjustVoters)('is no voter with a session: %s', async (...unjust) => {
    expect(await grantedTo(stage.sessions.path, asVoter, unjust)).toEqual([])
  })

  test.each(unjustVotersByCode)('is no voter with a code: %s', async (...unjust) => {
    expect(await grantedTo(stage.coded.path, asVoter, unjust)).toEqual([])
  })

  test('replays a code, and it counts once however it is written', async () => {
    const { coded, usedCode } = stage
    const again = [usedCode, usedCode.toLowerCase(), usedCode.replaceAll('-', ' ')]
    for (const voterToken of again) {
      const other = await call('POST', `${coded.path}/vote`, { json: { option_id: 2 }, voterToken })
      expect([other.status, other.body.code]).toEqual([409, 'code_used'])
    }
    const same = await Promise.all(
      again.map(async (voterToken) => call('POST', `${coded.path}/vote`, { json: { option_id: 1 }, voterToken })),
    )
    expect(new Set(same.map(({ status, body }) => `${status} ${body.vote_id}`)).size).toBe(1)
  })

  test.each(unjustOrganisers)('manages no poll: %s', async (...unjust) => {
    expect(await grantedTo(stage.sessions.path, asOrganiser, unjust)).toEqual([])
  })

  test('is the one whom the same means let in where they are good', async () => {
    const { sessions, hosted, hostToken, voterToken, oldSession } = stage
    const own = { headers: { AUTHORIZATION: `bEARER ${sessions.manageToken}` } }
    expect((await call('GET', `${sessions.path}/export.csv?part=votes`, own)).status).toBe(200)
    for (const [path, shown] of [
      [hosted.path, hostToken],
      [sessions.path, voterToken],
    ] as const) {
      const mine = await call('GET', `${path}/vote`, { voterToken: shown })
      expect(mine.body.vote).toMatchObject({ option_ids: [1] })
    }
    const before = await call('GET', `${sessions.path}/vote`, { voterToken: oldSession(60_000) })
    expect([before.status, before.body]).toEqual([200, { vote: null }])
  })

  async function shownBy(ticket: string): Promise<unknown> {
    const viewer = connectViewer(`${stage.url.replace('http', 'ws')}/ws${stage.sessions.path}?ticket=${ticket}`)
    await waitUntil(() => viewer.last() !== undefined || viewer.closed() !== null)
    viewer.socket.terminate()
    const events = await call('GET', `${stage.sessions.path}/events?ticket=${ticket}`)
    return [viewer.last()?.total_votes ?? viewer.closed()?.code, events.status]
  }

  test.each(unjustTickets)('watches with no ticket: %s', async (_what, ticket) => {
    expect(await shownBy(ticket(stage))).toEqual([4401, 401])
  })

  test('watches with a good one what its voter sees, on every api', async () => {
    expect(await shownBy(stage.ticket)).toEqual([1, 200])
  })
})

describe('a request', () => {
  async function answersTo({ bytes }: OddRequest): Promise<readonly RawAnswer[]> {
    const { answers, rest } = await exchangeRaw(stage.url, bytes)
    expect(rest).toBe('')
    for (const { headers } of answers) {
      expect([...headers.keys()].filter((name) => name.includes(forgedHeader))).toEqual([])
      expect(headers.get('location') ?? '').not.toContain(forgedHeader)
    }
    return answers
  }
  /** Those that are answered otherwise. */
  const wrongOf = async (
    requests: readonly OddRequest[],
    isRight: (statuses: readonly number[], answers: readonly RawAnswer[]) => boolean,
  ): Promise<readonly string[]> => {
    const wrong = await Promise.all(
      requests.map(async (request) => {
        const answers = await answersTo(request)
        const statuses = answers.map(({ status }) => status)
        return isRight(statuses, answers) ? [] : [`${request.what}: ${statuses.join()}`]
      }),
    )
    return wrong.flat()
  }
  const isRefused = (statuses: readonly number[]): boolean =>
    statuses.length === 1 && statuses.every((status) => status >= 400 && status < 500)

  test('finds no detour to a poll that its sender may not manage', async () => {
    expect(await wrongOf(detours(stage), isRefused)).toEqual([])
  })

  test('does what its method and its address say, whatever its headers say of another', async () => {
    const isRead = ([status, ...more]: readonly number[], [answer]: readonly RawAnswer[]): boolean =>
      status === 200 && more.length === 0 && answer?.body.includes('"status":"open"') === true
    expect(await wrongOf(overrides(stage), isRead)).toEqual([])
  })

  test('hides no other request', async () => {
    expect(await wrongOf(smuggled(stage), isRefused)).toEqual([])
  })

  test('breaks no line of an answer', async () => {
    const isAnswered = ([status = 500, ...more]: readonly number[]): boolean => status < 500 && more.length === 0
    expect(await wrongOf(brokenLines(stage), isAnswered)).toEqual([])
  })

  test('is of whoever sent it, whatever it says of proxies, and names no other service in what is answered', async () => {
    const elsewhere = 'elsewhere.example'
    const headers = {
      'x-forwarded-for': '10.9.8.7',
      'x-real-ip': '10.9.8.7',
      forwarded: `for=10.9.8.7;host=${elsewhere};proto=https`,
      'x-forwarded-host': elsewhere,
      'x-forwarded-proto': 'https',
      'x-forwarded-prefix': `//${elsewhere}`,
      'x-original-url': '/audit',
    }
    const made = await call('POST', '/polls', { json: { question: 'What?', options: ['a', 'b'] }, headers })
    expect([made.status, made.headers.get('location')]).toEqual([201, `/polls/${made.body.id}`])
    const shown = [
      made,
      ...(await Promise.all(['/', `/p/${made.body.id}`].map((url) => call('GET', url, { headers })))),
    ]
    for (const answer of shown) expect(JSON.stringify([answer.text, ...answer.headers])).not.toContain(elsewhere)
    const { events } = (await call('GET', '/audit?limit=1', { bearer: stage.adminToken })).body
    expect(events).toMatchObject([{ poll_id: made.body.id, address: '127.0.0.1' }])
  })
})

describe('what is named like a part of every object', () => {
  const nasty = [
    '{"__proto__":{"option_id":2,"polluted":1}}',
    '{"option_id":2,"__proto__":{"polluted":1}}',
    '{"option_id":2,"constructor":{"prototype":{"polluted":1}}}',
    '{"question":"What?","options":["a","b"],"__proto__":{"draft":true,"polluted":1}}',
    '{"question":"What?","options":[{"text":"a","__proto__":{"polluted":1}},{"text":"b"}]}',
    '{"question":"What?","options":{"__proto__":["a","b"],"length":2}}',
    '{"question":"What?","options":["a","b"],"prototype":1}',
  ]
  const queries = ['__proto__[polluted]=1', '__proto__.polluted=1', 'constructor[prototype][polluted]=1']

  test('is refused in every body, and changes nothing of what comes after', async () => {
    const { other, sessions, voterToken, adminToken } = stage
    const before = Object.keys((await call('GET', other.path)).body)
    const headers = { 'content-type': 'application/json' }
    for (const raw of nasty) {
      const answers: readonly Answer[] = [
        await call('POST', '/polls', { raw, headers }),
        await call('PATCH', other.path, { raw, headers, bearer: other.manageToken }),
        await call('POST', `${other.path}/vote`, { raw, headers }),
        await call('PUT', `${sessions.path}/vote`, { raw, headers, voterToken }),
        await call('POST', `${other.path}/close`, { raw, headers, bearer: other.manageToken }),
        await call('POST', '/session', { raw, headers }),
      ]
      expect([raw, answers.map(({ status }) => status)]).toEqual([raw, answers.map(() => 422)])
      const lines = { raw: `${raw}\n`, headers: { 'content-type': 'application/x-ndjson' }, bearer: adminToken }
      expect((await call('POST', `${other.path}/votes/bulk`, lines)).text).toMatch(/^\{"code":"invalid_body"/)
    }
    for (const query of queries) {
      const { text } = await call('GET', `${other.path}?${query}`)
      expect([query, text]).toEqual([query, expect.not.stringContaining('polluted')])
    }
    expect(Object.keys((await call('GET', other.path)).body)).toEqual(before)
  })
})

describe('something long', () => {
  const shortLength = 64
  const rounds = 8
  const roundsMax = 40
  /** Twenty times as long for a hundred times as much to read; to go back over it would take a thousand times as long. */
  const ratioMax = 20

  async function timeOf(input: (typeof longInputs)[number], length: number): Promise<number> {
    const [method, path, say] = input.ask(stage, length)
    const began = performance.now()
    const { status } = await call(method, path, say)
    const tookMs = performance.now() - began
    expect([input.what, status]).toEqual([input.what, expect.toSatisfy((code: number) => code < 500)])
    return tookMs
  }

  test('is read in one go, whatever pattern it is held against', async () => {
    const slow: string[] = []
    for (const input of longInputs) {
      let [short, long] = [Infinity, Infinity]
      // Others on the machine make any of them slower, for as long as they please, and none faster.
      for (let round = 0; round < rounds || (long > ratioMax * short && round < roundsMax); round += 1) {
        short = Math.min(short, await timeOf(input, shortLength))
        long = Math.min(long, await timeOf(input, input.lengthMax))
      }
      if (long > ratioMax * short) slow.push(`${input.what}: ${short.toFixed(1)} ms, then ${long.toFixed(1)} ms`)
    }
    expect(slow).toEqual([])
  })
})

test('after all this the honest votes alone count, and every process runs on and has told no secret', async () => {
  await honestCounts(stage, system())
  expect(whatIsTold(stage, system())).toEqual([])
})
