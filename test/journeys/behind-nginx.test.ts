import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { createClient } from '../../client/src/client.ts'
import { type Watch, watchPoll } from '../../client/src/watch.ts'
import { sharedHeaders } from '../../src/adapters/browsers/shared-headers.ts'
import { readEvents } from '../support/event-reader.ts'
import { type Fault, moreAccepted, survive } from '../support/fault-case.ts'
import { restartInOrder } from '../support/faults/restart-faults.ts'
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

const system = useSystem({ apis: 2, workers: 1, partitions: 2, env: { TRUSTED_PROXIES: '127.0.0.1' } })
let nginx: Nginx
beforeAll(async () => {
  nginx = await startNginx(system().apis)
})
afterAll(async () => nginx?.stop())

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

// The last one: nobody starts them again.
test('while no api can be reached, nginx tells people when to come back in the words of an api, and logs no ticket', async () => {
  for (const api of system().apis) api.signal('SIGKILL')
  for (const api of system().apis) await api.ended()
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
