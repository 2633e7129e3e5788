import { expect, test } from 'vitest'
import { createHttpClient, type Say } from '../support/http-client.ts'
import { exchangeRaw } from '../support/raw-http.ts'
import { type System, useSystem } from '../support/system.ts'
import { connectViewer } from '../support/viewer.ts'
import { waitUntil } from '../support/wait-until.ts'

const system = useSystem({ apis: 2, hasWays: true, env: { LOG_LEVEL: 'trace' } })
/** Nobody listens there. */
const nowhere = 1
const forged = 'forged-0123456789-forged-0123456789'

type Secrets = {
  readonly manageToken: string
  readonly voterToken: string
  readonly cookieToken: string
  readonly ticket: string
  readonly code: string
}

async function makePoll({ apiUrl }: System): Promise<{ readonly id: string; readonly codePollId: string } & Secrets> {
  const call = createHttpClient(apiUrl(0))
  const asked = { question: 'What?', options: ['Tea', 'Coffee'], results_visibility: 'after_vote' }
  const { id, manage_token: manageToken } = (await call('POST', '/polls', { json: asked })).body
  const { voter_token: voterToken } = (await call('POST', '/session')).body
  const { voter_token: cookieToken } = (await call('POST', '/session')).body
  const { ticket } = (await call('POST', `/polls/${id}/ticket`, { voterToken })).body
  const ofCodes = (await call('POST', '/polls', { json: { ...asked, voter_identity: 'code' } })).body
  const { codes } = (
    await call('POST', `/polls/${ofCodes.id}/codes`, { json: { count: 1 }, bearer: ofCodes.manage_token })
  ).body
  return { id, codePollId: ofCodes.id, manageToken, voterToken, cookieToken, ticket, code: codes[0] }
}

/** Every kind of secret on every way in, good ones and bad ones. */
async function showEverything(
  url: string,
  { id, codePollId, ...secrets }: Awaited<ReturnType<typeof makePoll>>,
): Promise<readonly number[]> {
  const call = createHttpClient(url)
  const { manageToken, voterToken, cookieToken, ticket, code } = secrets
  const cookie = `tallycast_session=${cookieToken}`
  const shows: readonly Say[] = [
    { bearer: manageToken, voterToken, cookie },
    { bearer: system().adminToken },
    { voterToken },
    { cookie },
    { bearer: forged, voterToken: forged, cookie: `tallycast_session=${forged}` },
  ]
  const statuses: number[] = []
  for (const say of shows) {
    for (const [method, path, json] of [
      ['GET', `/polls/${id}`, undefined],
      ['GET', `/polls/${id}/results?ticket=${ticket}`, undefined],
      ['GET', `/polls/${id}/events?ticket=${ticket}`, undefined],
      ['GET', `/polls/${id}/events?ticket=${forged}`, undefined],
      ['GET', `/polls/${id}/vote`, undefined],
      ['POST', `/polls/${id}/vote`, { option_id: 1 }],
      ['POST', `/polls/${id}/vote`, { option_id: 1, voter_token: voterToken }],
      ['POST', `/polls/${id}/ticket`, undefined],
      ['PATCH', `/polls/${id}`, { question: 'Which?' }],
      ['POST', `/polls/${id}/open`, undefined],
      ['GET', `/p/${id}`, undefined],
      ['GET', `/nothing?ticket=${ticket}`, undefined],
    ] as const) {
      const answer = await call(method, path, { ...say, ...(json !== undefined && { json }) })
      statuses.push(answer.status)
    }
  }
  for (const shown of [code, code.replaceAll('-', ''), forged]) {
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    for (const [method, path, say] of [
      ['POST', `/polls/${codePollId}/vote`, { voterToken: shown, json: { option_id: 1 } }],
      ['GET', `/polls/${codePollId}/vote`, { voterToken: shown }],
      ['GET', `/p/${codePollId}`, { voterToken: shown }],
      ['POST', `/p/${codePollId}`, { headers: form, raw: `do=cast&option=1&code=${shown}` }],
      ['POST', `/polls/${codePollId}/codes`, { bearer: system().adminToken, json: { count: 1 } }],
    ] as const) {
      statuses.push((await call(method, path, say)).status)
    }
  }
  const headers = { authorization: `Bearer ${manageToken}`, 'voter-token': voterToken, cookie }
  for (const query of ['', `?ticket=${ticket}`, `?ticket=${forged}`]) {
    const viewer = connectViewer(`${url.replace('http', 'ws')}/ws/polls/${id}${query}`, query === '' ? headers : {})
    await waitUntil(() => viewer.last() !== undefined || viewer.closed() !== null)
    viewer.socket.terminate()
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  await exchangeRaw(url, `GET /polls/${id}?ticket=${ticket} HTTP/1.1\r\n${lines.join('')}\r\n`)
  await exchangeRaw(url, `nonsense ${ticket}\r\n${lines.join('')}\r\n`)
  return statuses
}

test('a vote is logged by its id and its place, by which it is found again', async () => {
  const { id } = await makePoll(system())
  const call = createHttpClient(system().apiUrl(0))
  const { vote_id: voteId } = (await call('POST', `/polls/${id}/vote`, { json: { option_id: 1 } })).body
  const lines = (): readonly string[] => system().apis.flatMap((api) => api.output().split('\n'))
  const found = (): string | undefined => lines().find((line) => line.includes(voteId))
  await waitUntil(() => found() !== undefined, { what: 'the line of the vote' })
  expect(JSON.parse(found() ?? '')).toMatchObject({
    msg: 'a vote was accepted',
    pollId: id,
    partition: 0,
    position: expect.stringMatching(/^[0-9a-f]{32}$/),
  })
})

// The last one: it breaks what the system needs.
test('no bearer, Voter-Token, voting code, cookie or ticket is ever written to the output of a process, whatever fails', async () => {
  const running = system()
  const { ways, admins, apiUrl, adminToken } = running
  const known = await makePoll(running)
  const cold = await makePoll(running)
  expect(await showEverything(apiUrl(0), known)).toContain(202)

  // The plan has them.
  ways!.api.redis.leadTo(nowhere)
  ways!.api.postgres.leadTo(nowhere)
  expect(await showEverything(apiUrl(1), cold)).toContain(503)
  ways!.admin.postgres.leadTo(nowhere)
  ways!.admin.redis.leadTo(nowhere)
  expect(await showEverything(apiUrl(0), known)).toContain(503)
  // There is one, as planned.
  admins[0]!.signal('SIGKILL')
  await admins[0]!.ended()
  expect(await showEverything(apiUrl(0), known)).toContain(503)

  const output = running.logs()
  expect(output).toContain('a dependency is not available')
  const secrets = [known, cold].flatMap(({ id: _id, codePollId: _codePollId, code, ...shown }) => [
    ...Object.values(shown),
    code,
    code.replaceAll('-', ''),
  ])
  for (const secret of [...secrets, adminToken, forged]) expect(output).not.toContain(secret)
}, 120_000)
