import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { createClient } from '../../client/src/client.ts'
import { type Watch, watchPoll } from '../../client/src/watch.ts'
import { sharedHeaders } from '../../src/adapters/browsers/shared-headers.ts'
import { readEvents } from '../support/event-reader.ts'
import { type Fault, moreAccepted, survive } from '../support/fault-case.ts'
import { restartInOrder } from '../support/faults/restart-faults.ts'
import { type Answer, createHttpClient, type Say } from '../support/http-client.ts'
import { type Nginx, startNginx } from '../support/nginx.ts'
import { organisePoll } from '../support/organiser.ts'
import { type System, useSystem } from '../support/system.ts'
import { connectViewer } from '../support/viewer.ts'
import { waitUntil } from '../support/wait-until.ts'

const votesPerSecond = 320
const votesMeanwhile = 200
const streamsCount = 10
/** Promise G5. */
const newestWithinMs = 2_000
/** The second that the api allows: nginx counts in whole ones. */
const keptMsMax = 2_000
const readersAtOnce = 40
/** What each of them but one would wait where nginx let only one ask: its proxy_cache_lock_timeout. */
const lockMs = 5_000

const system = useSystem({ apis: 2, workers: 1, partitions: 2, env: { TRUSTED_PROXIES: '127.0.0.1' } })
let nginx: Nginx
beforeAll(async () => {
  nginx = await startNginx(system().apis)
})
afterAll(async () => {
  await nginx?.stop()
})

/** The same system for people who know the address of nginx alone. */
const behindNginx = (): System => ({
  ...system(),
  apis: system().apis.map((api) => ({ ...api, url: nginx.url })),
  apiUrl: () => nginx.url,
})

test('viewers over WebSockets and event streams see a vote at once', async () => {
  const poll = await organisePoll(nginx.url)
  const viewer = connectViewer(`${nginx.url.replace('http', 'ws')}/ws/polls/${poll.id}`)
  const reader = await readEvents(`${nginx.url}/polls/${poll.id}/events`)
  expect(await viewer.sees(() => true)).toMatchObject({ poll_id: poll.id, total_votes: 0 })
  await reader.sees(({ total_votes: votes }) => votes === 0)
  await createClient({ url: nginx.url }).vote(poll.id, 1)
  await viewer.sees(({ total_votes: votes }) => votes === 1, newestWithinMs)
  await reader.sees(({ total_votes: votes }) => votes === 1)
  reader.close()
  viewer.socket.close()
})

test('the audit log has the address of who asked nginx, and not what was said of it', async () => {
  const asked = request(`${nginx.url}/polls`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-forwarded-for': '203.0.113.7' },
    // Another address of this machine, which no proxy has.
    localAddress: '127.0.0.9',
  })
  asked.end(JSON.stringify({ question: 'From where?', options: ['Here', 'There'] }))
  // What `response` brings along.
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  answer.resume()
  expect(answer.statusCode).toBe(201)
  const { rows } = await system().database.pool.query('select address from audit_event order by id desc limit 1')
  expect(rows).toEqual([{ address: '127.0.0.9' }])
})

const killApis = async (): Promise<void> => {
  for (const api of system().apis) api.signal('SIGKILL')
  for (const api of system().apis) await api.ended()
}

/** Viewers who cannot have sockets, as our client follows for them. */
const followEvents = (pollId: string): readonly Watch[] => {
  const parts = { base: `${nginx.url}/`, fetch, headers: () => ({}), ticket: async () => null }
  const look = async () => createClient({ url: nginx.url }).get(pollId)
  const watches = Array.from({ length: streamsCount }, () =>
    watchPoll({ ...parts, look }, pollId, { onTally: () => undefined }, { hasSockets: false }),
  )
  onTestFinished(() => {
    for (const watch of watches) watch.stop()
  })
  return watches
}

test(
  'apis that are restarted one after the other behind nginx lose no vote, and viewers come back by themselves to the final count',
  { timeout: 180_000 },
  async () => {
    let watches: readonly Watch[] = []
    const restartAll: Fault = {
      fact: 'apis behind nginx are restarted one after the other',
      async inject({ poll, load }) {
        watches = followEvents(poll.id)
        for (const api of system().apis) {
          await restartInOrder(api)
          await moreAccepted(load, votesMeanwhile)
        }
        return { 'apis restarted': system().apis.length }
      },
    }
    const { load, tally } = await survive(behindNginx(), restartAll, { votesPerSecond, retriesMax: 1 })
    expect(load.attempts.filter(({ outcome }) => outcome.result !== 'accepted')).toEqual([])
    const seen = (): readonly (number | null | undefined)[] => watches.map((watch) => watch.tally?.version)
    await waitUntil(() => seen().every((version) => version === tally.version), {
      withinMs: newestWithinMs,
      what: () => `each event stream is at version ${tally.version}, not ${seen().join()}`,
    })
  },
)

type Kept = Answer & { readonly from: string | null }

const readKept = async (path: string, say?: Say): Promise<Kept> => {
  const answer = await createHttpClient(nginx.url)('GET', path, say)
  return { ...answer, from: answer.headers.get('x-cache-status') }
}

/** Reads until it is answered so, and says from where all answers came. `isSo` is told when it was asked. */
const readUntil = async (
  path: string,
  isSo: (kept: Kept, askedAt: number) => boolean,
): Promise<ReadonlySet<string | null>> => {
  const all = new Set<string | null>()
  await waitUntil(
    async () => {
      const askedAt = performance.now()
      const kept = await readKept(path)
      all.add(kept.from)
      return isSo(kept, askedAt)
    },
    { what: () => `answers were ${[...all].join()}` },
  )
  return all
}

/** Votes, and waits until every api has counted it. `bearer`: whoever may see that. */
const voteIn = async (pollId: string, votes: number, bearer?: string): Promise<void> => {
  await createClient({ url: nginx.url }).vote(pollId, 1)
  const say = bearer === undefined ? {} : { bearer }
  for (const api of system().apis) {
    const call = createHttpClient(api.url)
    await waitUntil(async () => (await call('GET', `/polls/${pollId}/results`, say)).body.total_votes === votes)
  }
}

test('what everybody may read is kept and asked for again with its ETag, and who has it already is told 304', async () => {
  const { id } = await organisePoll(nginx.url)
  for (const path of [`/polls/${id}`, `/polls/${id}/results`]) {
    const first = await readKept(path)
    expect([first.status, first.from]).toEqual([200, 'MISS'])
    await readUntil(`${path}?as=another`, ({ from, text }) => from === 'HIT' && text === first.text)
    await readUntil(path, ({ from, text }) => from === 'REVALIDATED' && text === first.text)
    const known = await readKept(path, { headers: { 'if-none-match': first.headers.get('etag') ?? '' } })
    expect([known.status, known.text]).toEqual([304, ''])
  }
  const viewers = await readKept(`/polls/${id}/viewers`)
  expect([viewers.status, viewers.from]).toEqual([200, null])
})

test('a result that was kept is never older than the second that it may be kept for', async () => {
  const { id } = await organisePoll(nginx.url)
  const path = `/polls/${id}/results`
  for (const votes of [1, 2]) {
    await readUntil(path, ({ from }) => from === 'HIT')
    await voteIn(id, votes)
    const since = performance.now()
    let lastOld = since
    const from = await readUntil(path, ({ body }, askedAt) => {
      if (body.total_votes < votes) lastOld = askedAt
      return body.total_votes === votes
    })
    expect(lastOld - since).toBeLessThan(keptMsMax)
    expect(['HIT', 'EXPIRED', 'REVALIDATED']).toEqual(expect.arrayContaining([...from]))
  }
})

test('of results that are hidden nothing is kept: neither for others what their organiser saw, nor for the organiser what others saw', async () => {
  const call = createHttpClient(system().apiUrl(0))
  const hidden = { question: 'Who wins?', options: ['A', 'B'], results_visibility: 'after_close' }
  const { id, manage_token: bearer } = (await call('POST', '/polls', { json: hidden })).body
  // Behind nginx each of them may be asked.
  await voteIn(id, 1, bearer)
  const path = `/polls/${id}/results`
  const everybody = await call('GET', path)
  for (let round = 0; round < 3; round += 1) {
    const [seen, shown] = [await readKept(path), await readKept(path, { bearer })]
    expect([seen.from, seen.text]).toEqual(['MISS', everybody.text])
    expect([shown.from, shown.body.total_votes]).toEqual(['BYPASS', 1])
  }
  expect(everybody.body.total_votes).toBeNull()
  const began = performance.now()
  await Promise.all(Array.from({ length: readersAtOnce }, async () => readKept(path)))
  expect(performance.now() - began).toBeLessThan(lockMs)
})

test('who shows a token is answered by an api, also where an answer is kept, and leaves none behind', async () => {
  const { id } = await organisePoll(nginx.url)
  const path = `/polls/${id}`
  const { voter_token: voterToken } = (await createHttpClient(nginx.url)('POST', '/session')).body
  expect((await readKept(path, { voterToken })).from).toBe('BYPASS')
  expect((await readKept(path)).from).toBe('MISS')
  await readUntil(path, ({ from }) => from === 'HIT')
  const direct = await createHttpClient(system().apiUrl(0))('GET', path, { bearer: 'made-up' })
  expect(await readKept(path, { bearer: 'made-up' })).toMatchObject({ from: 'BYPASS', status: direct.status })
})

// The last ones: nobody starts them again.
test('while no api can be reached, nothing that is old is shown for new', async () => {
  const { id } = await organisePoll(nginx.url)
  const path = `/polls/${id}/results`
  await readUntil(path, ({ from }) => from === 'HIT')
  await killApis()
  const from = await readUntil(path, ({ status }) => status === 503)
  expect([...from].filter((one) => one !== 'HIT' && one !== null)).toEqual([])
})

test('while no api can be reached, nginx tells people when to come back in the words of an api, and logs no ticket', async () => {
  await killApis()
  const answer = await fetch(`${nginx.url}/polls/nobody`, { headers: { origin: 'https://elsewhere.example' } })
  expect(answer.status).toBe(503)
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    'content-type': 'application/problem+json',
    'retry-after': '2',
    ...sharedHeaders,
  })
  expect(await answer.json()).toMatchObject({ status: 503, code: 'unavailable', type: '/problems/unavailable' })

  const ticket = 'a-ticket-that-nobody-else-may-read'
  for (const path of ['/polls/gone/events', '/ws/polls/gone']) await fetch(`${nginx.url}${path}?ticket=${ticket}`)
  await waitUntil(() => nginx.logs().includes('GET /ws/polls/gone'), { what: 'nginx has logged both requests' })
  expect(nginx.logs()).toContain('GET /polls/gone/events')
  expect(nginx.logs()).not.toContain(ticket)
})
