import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createHttpClient } from '../support/http-client.ts'
import { type CollectedSpan, type SpanCollector, startSpanCollector } from '../support/span-collector.ts'
import { startSystem, type System } from '../support/system.ts'
import { connectViewer } from '../support/viewer.ts'
import { waitUntil } from '../support/wait-until.ts'

const kinds = { internal: 1, server: 2, producer: 4, consumer: 5 }
const caller = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' }
const steps = [
  'POST /polls/:poll_id/vote',
  'send votes',
  'process votes',
  'cache tally',
  'publish tally',
  'tell viewers',
]
/** Spans leave soon, by OpenTelemetry's own variable. */
const soon = { OTEL_BSP_SCHEDULE_DELAY: '100' }

async function startTraced(collector: Pick<SpanCollector, 'url'>, env: Record<string, string> = {}): Promise<System> {
  const traced = { OTEL_TRACES_EXPORTER: 'otlp', OTEL_TRACES_SAMPLER_ARG: '1', ...soon, ...env }
  return startSystem({ env: { ...traced, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url } })
}

/** In order: what waits is sent, or given up. */
async function endAll({ apis, workers }: System): Promise<void> {
  const members = [...apis, ...workers]
  for (const member of members) member.signal('SIGTERM')
  for (const member of members) expect(await member.ended()).toEqual({ exitCode: 0, signal: null })
}

async function stopAll(...parts: readonly { readonly stop: () => Promise<void> }[]): Promise<void> {
  for (const part of parts) await part.stop()
}

describe('with traces, a vote from its request to its viewers', () => {
  let collector: SpanCollector
  let system: System
  let voteId = ''
  let pollId = ''
  let voterToken = ''
  let manageToken = ''

  beforeAll(async () => {
    collector = await startSpanCollector()
    system = await startTraced(collector)
    const call = createHttpClient(system.apiUrl(0))
    const asked = { question: 'What?', options: ['Tea', 'Coffee'], results_visibility: 'after_vote' }
    const { body: poll } = await call('POST', '/polls', { json: asked })
    ;[pollId, manageToken] = [poll.id, poll.manage_token]
    voterToken = (await call('POST', '/session')).body.voter_token
    const viewers = [1, 2].map(() =>
      connectViewer(`${system.apiUrl(0).replace('http', 'ws')}/ws/polls/${pollId}`, {
        authorization: `Bearer ${manageToken}`,
      }),
    )
    await Promise.all(viewers.map(async (viewer) => viewer.sees(({ total_votes: votes }) => votes === 0)))
    const traceparent = `00-${caller.traceId}-${caller.spanId}-00`
    const vote = await call('POST', `/polls/${pollId}/vote`, {
      json: { option_id: 2 },
      voterToken,
      headers: { traceparent },
    })
    if (vote.status !== 202) throw new Error(`the vote was answered ${vote.status}`)
    voteId = vote.body.vote_id
    await Promise.all(viewers.map(async (viewer) => viewer.sees(({ total_votes: votes }) => votes === 1)))
    const came = (): ReadonlySet<string> => new Set(collector.spans().map(({ name }) => name))
    await waitUntil(() => steps.every((name) => came().has(name)), { what: 'all spans have come', withinMs: 10_000 })
  })
  afterAll(async () => stopAll(system, collector))

  const spanOf = (name: string): CollectedSpan => {
    const found = collector.spans().filter((span) => span.name === name)
    expect(found.map((span) => span.name)).toEqual([name])
    return found[0]!
  }

  test('is told as five steps, each with its parent or its link', () => {
    const [request, send] = [spanOf('POST /polls/:poll_id/vote'), spanOf('send votes')]
    expect(request).toMatchObject({ service: 'tallycast-api', kind: kinds.server, parentSpanId: '', isFault: false })
    expect(request.links).toEqual([`${caller.traceId} ${caller.spanId}`])
    expect(request.traceId).not.toBe(caller.traceId)
    expect(send).toMatchObject({ kind: kinds.producer, traceId: request.traceId, parentSpanId: request.spanId })

    const batch = spanOf('process votes')
    expect(batch).toMatchObject({ service: 'tallycast-worker', kind: kinds.consumer, parentSpanId: '', isFault: false })
    expect(batch.links).toEqual([`${send.traceId} ${send.spanId}`])
    const under = { traceId: batch.traceId, parentSpanId: batch.spanId }
    expect(spanOf('cache tally')).toMatchObject({ ...under, kind: kinds.internal })
    const publish = spanOf('publish tally')
    expect(publish).toMatchObject({ ...under, kind: kinds.producer })

    const tell = spanOf('tell viewers')
    expect(tell).toMatchObject({ service: 'tallycast-api', kind: kinds.consumer, traceId: batch.traceId })
    expect(tell.parentSpanId).toBe(publish.spanId)
    expect(tell.attributes['tallycast.viewers']).toBe('2')
  })

  test('has its steps in their order', () => {
    const [request, send] = [spanOf('POST /polls/:poll_id/vote'), spanOf('send votes')]
    const [batch, tell] = [spanOf('process votes'), spanOf('tell viewers')]
    expect(request.startMs).toBeLessThanOrEqual(send.startMs)
    expect(send.endMs).toBeLessThanOrEqual(request.endMs)
    expect(send.startMs).toBeLessThan(batch.endMs)
    expect(batch.endMs).toBeLessThan(tell.endMs)
  })

  test('is found by its id, and says neither who voted nor for what', () => {
    const { attributes } = spanOf('POST /polls/:poll_id/vote')
    expect(attributes).toEqual({
      'http.request.method': 'POST',
      'http.route': '/polls/:poll_id/vote',
      'http.response.status_code': '202',
      'tallycast.poll_id': pollId,
      'tallycast.vote_id': voteId,
    })
    const known = ['messaging.', 'tallycast.', 'http.']
    for (const { attributes: said } of collector.spans()) {
      expect(Object.keys(said).filter((key) => !known.some((start) => key.startsWith(start)))).toEqual([])
      expect(Object.keys(said).filter((key) => /option|selection|count(?!$)|voter/.test(key))).toEqual([])
    }
    for (const secret of [voterToken, manageToken]) expect(collector.text()).not.toContain(secret)
  })

  test('shows nothing of it to those who watch', async () => {
    const call = createHttpClient(system.apiUrl(0))
    const shown = JSON.stringify((await call('GET', `/polls/${pollId}/results`, { bearer: manageToken })).body)
    expect(shown).toContain('"total_votes":1')
    expect(shown).not.toContain('trace')
  })
})

test('a vote that comes again is told of once', async () => {
  const collector = await startSpanCollector()
  onTestFinished(collector.stop)
  const system = await startTraced(collector)
  onTestFinished(system.stop)
  const call = createHttpClient(system.apiUrl(0))
  const poll = (await call('POST', '/polls', { json: { question: 'What?', options: ['Tea', 'Coffee'] } })).body
  const { voter_token: voterToken } = (await call('POST', '/session')).body
  const vote = async (): Promise<number> =>
    (await call('POST', `/polls/${poll.id}/vote`, { json: { option_id: 1 }, voterToken })).status
  expect([await vote(), await vote()]).toEqual([202, 202])
  await endAll(system)
  const names = collector.spans().map(({ name }) => name)
  expect(names.filter((name) => name === 'send votes')).toHaveLength(1)
  expect(names.filter((name) => name === 'POST /polls/:poll_id/vote')).toHaveLength(1)
})

test.each([
  ['takes everything and never answers', { answers: false }, {}],
  ['is not there', { answers: true }, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' }],
])('a collector that %s harms nobody: votes are counted, and all end in time', async (_, how, env) => {
  const collector = await startSpanCollector(how)
  onTestFinished(collector.stop)
  const system = await startSystem({
    env: {
      OTEL_TRACES_EXPORTER: 'otlp',
      OTEL_TRACES_SAMPLER_ARG: '1',
      ...soon,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      ...env,
    },
  })
  onTestFinished(system.stop)
  const call = createHttpClient(system.apiUrl(0))
  const poll = (await call('POST', '/polls', { json: { question: 'What?', options: ['Tea', 'Coffee'] } })).body
  for (let vote = 0; vote < 20; vote += 1) {
    expect((await call('POST', `/polls/${poll.id}/vote`, { json: { option_id: 1 } })).status).toBe(202)
  }
  const counted = async (): Promise<boolean> => (await call('GET', `/polls/${poll.id}/results`)).body.total_votes === 20
  await waitUntil(counted, { what: 'all votes are counted' })
  await endAll(system)
})

test('without being asked for, nothing is sent', async () => {
  const collector = await startSpanCollector()
  onTestFinished(collector.stop)
  const system = await startSystem({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...soon } })
  onTestFinished(system.stop)
  const call = createHttpClient(system.apiUrl(0))
  const poll = (await call('POST', '/polls', { json: { question: 'What?', options: ['Tea', 'Coffee'] } })).body
  expect((await call('POST', `/polls/${poll.id}/vote`, { json: { option_id: 1 } })).status).toBe(202)
  await endAll(system)
  expect(collector.text()).toBe('')
})
