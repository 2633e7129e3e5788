import { createServer } from 'node:http'
import { type AddressInfo, createServer as createNetServer } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import {
  createClient,
  TallycastError,
  type TallyMessage,
  type Watch,
  type WatchStatus,
} from '../../client/src/index.ts'
import type { ChannelParts } from '../../client/src/channel.ts'
import { randomKey } from '../../client/src/random-key.ts'
import { watchPoll } from '../../client/src/watch.ts'
import { type RunningSystem, startSystem } from '../support/running-system.ts'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'
import { waitUntil } from '../support/wait-until.ts'

let system: RunningSystem
let proxy: TcpProxy
/** By a way that the tests can break. */
let url: string
beforeAll(async () => {
  system = await startSystem('postgres')
})
afterAll(() => system.stop())
beforeEach(async () => {
  proxy = await startTcpProxy('127.0.0.1', Number(new URL(system.url).port))
  url = `http://127.0.0.1:${proxy.port}`
})
const watches: Watch[] = []
afterEach(async () => {
  vi.unstubAllGlobals()
  for (const watch of watches.splice(0)) watch.stop()
  await proxy.stop()
})

const drink = { question: 'Tea or coffee?', options: ['Tea', 'Coffee'] }
const createPoll = async (more: object = {}) => {
  const { id: pollId, manage_token: token } = await createClient({ url }).create({ ...drink, ...more })
  return { pollId, token }
}

/** Everything that a watch tells. */
const follow = (pollId: string, client = createClient({ url })) => {
  const tallies: TallyMessage[] = []
  const statuses: WatchStatus[] = []
  const watch = client.watch(pollId, {
    onTally: (tally) => tallies.push(tally),
    onStatus: (status) => statuses.push(status),
  })
  watches.push(watch)
  const total = (): number | null | undefined => tallies.at(-1)?.total_votes
  return { watch, tallies, statuses, total }
}

describe('the life of a poll', () => {
  test('made, voted in, changed, retracted, read and closed', async () => {
    const { pollId, token } = await createPoll({ allow_vote_change: true })
    const organiser = createClient({ url, token })
    const voter = createClient({ url })
    expect(await voter.ownVote(pollId)).toBeNull()
    const accepted = await voter.vote(pollId, 1)
    expect(await voter.ownVote(pollId)).toMatchObject({ vote_id: accepted.vote_id, option_ids: [1] })
    await waitUntil(async () => (await voter.receipt(accepted.vote_id)).status === 'recorded')
    await voter.change(pollId, [2])
    expect(await voter.ownVote(pollId)).toMatchObject({ option_ids: [2] })
    await voter.retract(pollId)
    expect(await voter.ownVote(pollId)).toBeNull()
    await createClient({ url }).vote(pollId, [1])
    await waitUntil(async () => (await voter.results(pollId)).total_votes === 1, { what: 'the vote is counted' })
    expect((await organiser.close(pollId)).status).toMatch(/^clos/)
    await waitUntil(async () => (await voter.get(pollId)).results_final, { what: 'the poll is final' })
    expect((await organiser.reset(pollId)).status).toBe('draft')
    expect((await organiser.open(pollId)).status).toBe('open')
    await organiser.delete(pollId)
    await expect(voter.get(pollId)).rejects.toMatchObject({ code: 'poll_not_found', status: 404 })
  })

  test('voting codes are made, and each votes once', async () => {
    const { pollId, token } = await createPoll({ voter_identity: 'code' })
    const [code = '', ...others] = await createClient({ url, token }).createCodes(pollId, 3)
    expect(others).toHaveLength(2)
    const voter = createClient({ url, voterToken: code })
    await voter.vote(pollId, 1)
    await expect(voter.vote(pollId, 2)).rejects.toMatchObject({ code: 'code_used' })
    await expect(createClient({ url }).vote(pollId, 1)).rejects.toMatchObject({ code: 'unauthenticated' })
  })

  test('a session is told once, to be kept, and whoever shows it again is the same voter', async () => {
    const { pollId } = await createPoll()
    const kept: string[] = []
    const voter = createClient({ url, onVoterToken: (voterToken) => kept.push(voterToken) })
    await voter.vote(pollId, 1)
    await voter.vote(pollId, 1)
    expect(kept).toHaveLength(1)
    const later = createClient({ url, voterToken: kept[0]! })
    expect(await later.ownVote(pollId)).toMatchObject({ option_ids: [1] })
    await expect(later.vote(pollId, 2)).rejects.toMatchObject({ code: 'already_voted', status: 409 })
  })

  test('a session that is begun before the vote is that of the vote', async () => {
    const { pollId } = await createPoll()
    const kept: string[] = []
    const voter = createClient({ url, onVoterToken: (voterToken) => kept.push(voterToken) })
    const begun = await voter.beginSession()
    await voter.vote(pollId, 1)
    expect(kept).toEqual([begun])
    const later = createClient({ url, voterToken: begun })
    await later.beginSession()
    expect(await later.ownVote(pollId)).toMatchObject({ option_ids: [1] })
  })
})

describe('what goes wrong', () => {
  test('a refusal has its code, a sentence, the wrong fields and the name of its request', async () => {
    const { pollId } = await createPoll()
    const fault = await createClient({ url })
      .vote(pollId, 9)
      .catch((error: unknown) => error)
    expect(fault).toBeInstanceOf(TallycastError)
    expect(fault).toMatchObject({
      code: 'option_unknown',
      status: 422,
      message: expect.stringContaining('no option 9'),
      errors: [{ pointer: '/option_ids/0', detail: expect.any(String) }],
      requestId: expect.stringMatching(/\S/),
    })
  })

  test('a vote whose answer is lost is sent again and counts once', async () => {
    const { pollId } = await createPoll()
    const end = proxy.cutAnswersTo(`/polls/${pollId}/vote`, 1)
    const voting = createClient({ url }).vote(pollId, 1)
    await waitUntil(() => proxy.connections() >= 3, { what: 'it is sent again' })
    const lost = end()
    await voting
    expect(lost).toBeGreaterThan(0)
    await waitUntil(async () => (await createClient({ url }).results(pollId)).total_votes === 1)
    const { rows } = await system.database.pool.query('select from vote where poll_id = $1', [pollId])
    expect(rows).toHaveLength(1)
  })

  test('a vote that was kept while there was no network is the same vote later', async () => {
    const { pollId } = await createPoll()
    const key = randomKey()
    const first = await createClient({ url }).vote(pollId, 1, { key })
    expect((await createClient({ url }).vote(pollId, 1, { key })).vote_id).toBe(first.vote_id)
  })

  test('where nobody answers it gives up after five attempts', async () => {
    let attempts = 0
    const refuse: typeof fetch = async () => {
      attempts += 1
      throw new TypeError('fetch failed')
    }
    await expect(createClient({ url, fetch: refuse }).get('some-poll')).rejects.toMatchObject({
      code: 'unreachable',
      status: 0,
    })
    expect(attempts).toBe(5)
  })

  test('it comes back when it is told to, and not where that is too far away', async () => {
    const answers = ['1', '3600']
    const server = createServer((_request, response) => {
      response.writeHead(503, { 'content-type': 'application/problem+json', 'retry-after': answers.shift() ?? '0' })
      response.end('{"code":"overloaded","detail":"Too busy."}')
    }).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    // A server that listens has one of this form.
    const { port } = server.address() as AddressInfo
    const began = performance.now()
    await expect(createClient({ url: `http://127.0.0.1:${port}` }).get('some-poll')).rejects.toMatchObject({
      code: 'overloaded',
      retryAfterMs: 3_600_000,
    })
    expect(performance.now() - began).toBeGreaterThanOrEqual(1000)
    expect(answers).toEqual([])
    server.close()
  })

  test('what is not Tallycast is called unreadable, and a call that is no longer wanted ends with its reason', async () => {
    const page: typeof fetch = async () => new Response('<html>', { status: 200 })
    await expect(createClient({ url, fetch: page }).get('some-poll')).rejects.toMatchObject({ code: 'unreadable' })
    const none: typeof fetch = async () => new Response('<html>', { status: 404 })
    await expect(createClient({ url, fetch: none }).get('some-poll')).rejects.toMatchObject({
      code: 'unreadable',
      status: 404,
    })
    const leaving = new AbortController()
    leaving.abort(new Error('left'))
    await expect(createClient({ url }).get('some-poll', { signal: leaving.signal })).rejects.toThrow('left')
  })

  test('a create is never sent twice', async () => {
    const end = proxy.cutAnswersTo('POST /polls ', 1)
    await expect(createClient({ url }).create(drink)).rejects.toMatchObject({ code: 'unreachable' })
    expect(end()).toBe(1)
  })
})

describe.each([
  { channel: 'WebSocket', stub: () => {} },
  {
    channel: 'server-sent events, where sockets are blocked',
    stub: () => vi.stubGlobal('WebSocket', BlockedSocket),
  },
])('watching over $channel', ({ stub }) => {
  beforeEach(stub)

  test('the state at once, each vote, versions that only grow, and the end', async () => {
    const { pollId, token } = await createPoll()
    const { watch, tallies, statuses, total } = follow(pollId)
    await waitUntil(() => total() === 0, { what: 'the state comes' })
    for (let vote = 1; vote <= 3; vote += 1) {
      await createClient({ url }).vote(pollId, 1)
      await waitUntil(() => total() === vote, { what: `vote ${vote} is shown` })
    }
    await createClient({ url, token }).close(pollId)
    await waitUntil(() => watch.status === 'closed', { what: 'the watch ends with the poll' })
    expect(watch.tally).toMatchObject({ results_final: true, total_votes: 3 })
    const versions = tallies.map(({ version }) => version ?? 0)
    expect(versions).toEqual(versions.toSorted((a, b) => a - b))
    expect(statuses.filter((status) => status !== 'waiting' && status !== 'connecting')).toEqual(['live', 'closed'])
  })

  test('it comes back by itself, with what came meanwhile', async () => {
    const { pollId } = await createPoll()
    const { statuses, total } = follow(pollId)
    await waitUntil(() => total() === 0)
    await createClient({ url: system.url }).vote(pollId, 2)
    await waitUntil(() => total() === 1)
    const toldBefore = statuses.length
    proxy.cut()
    // How long it waits is drawn by lot, and may be over at the next look.
    await waitUntil(() => statuses.slice(toldBefore).includes('waiting'), { what: 'the loss is told' })
    await createClient({ url: system.url }).vote(pollId, 2)
    await waitUntil(() => total() === 2, { what: 'it is back' })
    expect(statuses.at(-1)).toBe('live')
  })

  test('hidden results are shown to whoever has voted, and to an organiser', async () => {
    const { pollId, token } = await createPoll({ results_visibility: 'after_vote' })
    const voter = createClient({ url })
    const [before, organiser] = [follow(pollId, voter), follow(pollId, createClient({ url, token }))]
    await waitUntil(() => before.tallies.length > 0 && organiser.total() === 0)
    expect(before.total()).toBeNull()
    await voter.vote(pollId, 1)
    before.watch.reconnect()
    await waitUntil(() => before.total() === 1 && organiser.total() === 1, { what: 'both see the vote' })
  })

  test('a session of one poll keeps nobody from watching another, in which it says nothing', async () => {
    const voter = createClient({ url })
    await voter.vote((await createPoll()).pollId, 1)
    for (const voter_identity of ['code', 'token']) {
      const { pollId } = await createPoll({ voter_identity })
      const { total } = follow(pollId, voter)
      await waitUntil(() => total() === 0, { what: `a poll for voters by ${voter_identity} is shown` })
    }
  })

  test('a listener that fails is told on, over the same connection', async () => {
    const { pollId } = await createPoll()
    const faults: unknown[] = []
    const onFault = (fault: unknown): void => void faults.push(fault)
    const heard = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException').on('uncaughtException', onFault)
    try {
      let told = 0
      const watch = createClient({ url }).watch(pollId, () => {
        told += 1
        throw new Error('of the listener')
      })
      watches.push(watch)
      await waitUntil(() => told === 1 && watch.status === 'live')
      const connections = proxy.connections()
      await createClient({ url: system.url }).vote(pollId, 1)
      await waitUntil(() => told === 2 && faults.length === 2, { what: 'both are told, and both faults heard' })
      expect(proxy.connections()).toBe(connections)
    } finally {
      process.removeAllListeners('uncaughtException')
      for (const listener of heard) process.on('uncaughtException', listener)
    }
  })

  test('an unknown poll ends it, and nothing is told after a stop', async () => {
    const unknown = follow('no-such-poll-here')
    await waitUntil(() => unknown.watch.status === 'closed')
    const { pollId } = await createPoll()
    const { watch, tallies } = follow(pollId)
    await waitUntil(() => tallies.length === 1)
    watch.stop()
    await createClient({ url }).vote(pollId, 1)
    const other = follow(pollId)
    await waitUntil(() => other.total() === 1)
    expect(tallies).toHaveLength(1)
    expect(watch.status).toBe('closed')
  })
})

describe('a network that says nothing', () => {
  const partsOf = (at: string): ChannelParts => ({
    base: `${at}/`,
    fetch,
    headers: () => ({}),
    ticket: async () => null,
    look: (pollId) => createClient({ url: system.url }).results(pollId),
  })

  test('a socket whose way has gone is noticed by what can be read, and replaced', async () => {
    const { pollId } = await createPoll()
    const totals: (number | null)[] = []
    const watch = watchPoll(
      partsOf(url),
      pollId,
      { onTally: ({ total_votes }) => totals.push(total_votes) },
      // What Node keeps open for later is as dead as the socket: each is found out by not answering.
      { quietMs: 200, openWithinMs: 500, random: () => 0 },
    )
    watches.push(watch)
    await waitUntil(() => totals.at(-1) === 0)
    proxy.mute()
    proxy.unmute()
    await createClient({ url: system.url }).vote(pollId, 1)
    await waitUntil(() => totals.at(-1) === 1, { what: 'the vote is shown over another connection' })
  })

  test('a socket that nobody answers is given up, and events are tried', async () => {
    const silent = createNetServer(() => {}).listen(0, '127.0.0.1')
    await new Promise((resolve) => silent.once('listening', resolve))
    // A server that listens has one of this form.
    const { port } = silent.address() as AddressInfo
    const { pollId } = await createPoll()
    const asked: string[] = []
    const elsewhere: typeof fetch = async (input, init) => {
      // As it is called here.
      const address = input as string
      asked.push(address)
      return fetch(address.replace(`:${port}/`, `:${new URL(system.url).port}/`), init)
    }
    const totals: (number | null)[] = []
    const watch = watchPoll(
      { ...partsOf(`http://127.0.0.1:${port}`), fetch: elsewhere },
      pollId,
      { onTally: ({ total_votes }) => totals.push(total_votes) },
      { openWithinMs: 50, random: () => 0 },
    )
    watches.push(watch)
    await waitUntil(() => totals.at(-1) === 0, { what: 'the state comes over events' })
    expect(asked).toEqual([`http://127.0.0.1:${port}/polls/${pollId}/events`])
    silent.close()
  })
})

/** What a page gets of a socket where a proxy lets none through. */
class BlockedSocket extends EventTarget {
  constructor() {
    super()
    setTimeout(() => this.dispatchEvent(Object.assign(new Event('close'), { code: 1006, reason: '' })), 1)
  }
  close(): void {}
}
