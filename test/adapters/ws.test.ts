import { createServer, type Server } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  createViewerSockets,
  type ViewerSockets,
  type ViewerSocketsParts,
} from '../../src/adapters/ws/viewer-sockets.ts'
import type { ViewerCredentials } from '../../src/application/watch-poll/admit-viewer.ts'
import type { WatchPoll } from '../../src/application/watch-poll.ts'
import type { Poll } from '../../src/domain/poll.ts'
import { isRefused } from '../../src/domain/refusal.ts'
import { adminToken, createLiveDoor, type LiveDoor } from '../support/live-door.ts'
import { type LiveSide, startLiveSide } from '../support/live-side.ts'
import { connectViewer, type TestViewer } from '../support/viewer.ts'
import { waitUntil } from '../support/wait-until.ts'

const handshake = (path: string) =>
  `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'

/** A poll whose messages are long, so that few of them fill what lies between two sockets. */
const longPoll: Partial<Poll> = {
  options: Array.from({ length: 100 }, (_, index) => ({ id: 30_000 + index, text: `${index}`, position: index })),
  nextOptionId: 30_100,
}

let side: LiveSide
beforeAll(async () => {
  side = await startLiveSide('redis')
})
afterAll(() => side.stop())

describe('WS /ws/polls/{id}', () => {
  let server: Server
  let sockets: ViewerSockets
  let watchPoll: WatchPoll
  let door: LiveDoor
  let address: string
  const opened: (() => void)[] = []
  const givenUp: string[] = []

  async function serve(
    { viewersMax, ...parts }: Partial<ViewerSocketsParts> & { readonly viewersMax?: number } = {},
    updateIntervalMs = 20,
  ): Promise<void> {
    watchPoll = side.watch({ updateIntervalMs })
    door = createLiveDoor(side, watchPoll, viewersMax === undefined ? {} : { viewersMax })
    server = createServer((_request, response) => response.end())
    sockets = createViewerSockets({
      admitViewer: door.admitViewer,
      report: (fault) => side.faults.push(fault),
      givenUp: (cause) => givenUp.push(cause),
      sessionCookieName: 'tallycast_session',
      address: { publicUrl: null },
      ...parts,
    })
    sockets.attach(server)
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    // A server that listens on an address has one of this form.
    address = `127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  /** Publishes so many versions of the tally after `from`; returns the last one. */
  const publishMany = async (pollId: string, times: number, from = 0): Promise<number> => {
    const [tally] = await side.tallies.read([pollId])
    if (tally === undefined) throw new Error('no tally')
    const first = Math.max(from, tally.version)
    for (let version = first + 1; version <= first + times; version += 1) {
      await side.feed.publishTally({ ...tally, version, totalVotes: version })
    }
    return first + times
  }

  const view = (pollId: string, headers: Record<string, string> = {}, query = ''): TestViewer => {
    const viewer = connectViewer(`ws://${address}/ws/polls/${pollId}${query}`, headers)
    opened.push(() => viewer.socket.terminate())
    return viewer
  }

  /** A client that says what we want and reads nothing. */
  const rawSocket = (): Socket => {
    const socket = connect({ host: '127.0.0.1', port: Number(address.split(':')[1]) })
    socket.on('error', () => undefined)
    opened.push(() => socket.destroy())
    return socket
  }

  beforeEach(() => serve())
  afterEach(async () => {
    for (const end of opened.splice(0)) end()
    await sockets.stop(1000)
    givenUp.splice(0)
    server.closeAllConnections()
    server.close()
    await watchPoll.stop()
    const [fault] = side.faults.splice(0)
    if (fault !== undefined) throw new Error('a fault was reported', { cause: fault })
  })

  test('the state comes at once, and then whole states with growing versions', async () => {
    const poll = await side.create()
    await side.vote(poll, 1, 2)
    const viewer = view(poll.id)
    const first = await viewer.sees(() => true)
    expect(first).toEqual({
      type: 'tally',
      poll_id: poll.id,
      round: 1,
      version: 3,
      revision: 1,
      as_of: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      status: 'open',
      options: [
        { id: 1, votes: 2 },
        { id: 2, votes: 0 },
        { id: 3, votes: 0 },
      ],
      total_votes: 2,
      results_final: false,
    })
    for (let vote = 0; vote < 20; vote += 1) await side.vote(poll, 2)
    await viewer.sees((message) => message.total_votes === 22)
    const versions = viewer.messages.map((message) => message.version ?? 0)
    expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b))
  })

  test('200 viewers of one poll share one subscription, see the same, and are counted', async () => {
    const poll = await side.create()
    const viewers = Array.from({ length: 200 }, () => view(poll.id))
    await Promise.all(viewers.map((viewer) => viewer.sees(() => true)))
    expect([sockets.viewerCount(), watchPoll.viewerCount()]).toEqual([200, 200])
    expect(await side.subscriptions(poll.id)).toBe(1)
    await side.vote(poll, 3, 7)
    await Promise.all(viewers.map((viewer) => viewer.sees((message) => message.total_votes === 7)))
    for (const viewer of viewers) viewer.socket.close()
    await waitUntil(() => sockets.viewerCount() === 0 && watchPoll.viewerCount() === 0)
  })

  test('an unknown or deleted poll is 4404', async () => {
    const poll = await side.create()
    expect(await view('nosuchpoll12').ends()).toEqual({ code: 4404, reason: 'poll_not_found' })
    expect((await view('%00').ends()).code).toBe(4404)
    const viewer = view(poll.id)
    await viewer.sees(() => true)
    await side.tell(await side.edit(poll, { status: 'deleted' }))
    expect((await viewer.ends()).code).toBe(4404)
  })

  test('an upgrade anywhere else is 404 over HTTP', async () => {
    for (const path of ['/ws/polls', '/ws/polls/a/b', '/', '/ws/polls/%E0%A4%A']) {
      const socket = rawSocket()
      let answer = ''
      socket.on('data', (data) => (answer += String(data)))
      socket.write(handshake(path))
      await waitUntil(() => socket.closed || socket.readableEnded)
      expect(answer).toMatch(/^HTTP\/1\.1 404 Not Found\r\n[^]*"code":"route_not_found"/)
    }
  })

  test('hidden results stay silent while votes arrive, and appear when the poll closes', async () => {
    const poll = await side.create({ resultsVisibility: 'after_close' })
    const viewer = view(poll.id)
    const organiser = view(poll.id, { authorization: `Bearer ${adminToken}` })
    const first = await viewer.sees(() => true)
    expect([first.version, first.total_votes, first.as_of, first.options.map((option) => option.votes)]).toEqual([
      null,
      null,
      null,
      [null, null, null],
    ])
    for (let vote = 0; vote < 5; vote += 1) await side.vote(poll, 1)
    await organiser.sees((message) => message.total_votes === 5)
    expect(viewer.messages).toHaveLength(1)
    const closed = await side.edit(poll, { status: 'closed', closedAt: 1 })
    await side.tell(closed)
    const last = await viewer.sees((message) => message.status === 'closed')
    expect([last.total_votes, last.results_final]).toEqual([5, true])
    expect(viewer.messages).toHaveLength(2)
  })

  test('with after_vote those who have voted see the counts, by cookie, Voter-Token or ticket', async () => {
    const poll = await side.create({ resultsVisibility: 'after_vote', closesAt: Date.now() + 3_600_000 })
    const token = await door.votedAs(poll, 1)
    await side.vote(poll, 1)
    const seen = async (headers: Record<string, string>, query = ''): Promise<number | null> =>
      (await view(poll.id, headers, query).sees(() => true)).total_votes
    expect(await seen({})).toBeNull()
    expect(await seen({ 'voter-token': door.newSession() })).toBeNull()
    expect(await seen({ 'voter-token': token })).toBe(1)
    expect(await seen({ cookie: `a=b; tallycast_session=${token}` })).toBe(1)
    expect(await seen({ cookie: `tallycast_session=${token}`, origin: `http://${address}` })).toBe(1)
    const shown = { bearer: null, voterToken: token, sessionCookie: null }
    const issued = await door.admitViewer.issueTicket(poll.id, shown)
    if (isRefused(issued)) throw new Error(issued.detail)
    expect(await seen({}, `?ticket=${issued.ticket}`)).toBe(1)
  })

  test('who has voted sees the counts of that round alone, also on a socket that stays open', async () => {
    const poll = await side.create({ resultsVisibility: 'after_vote', closesAt: Date.now() + 3_600_000 })
    const viewer = view(poll.id, { 'voter-token': await door.votedAs(poll, 1) })
    const organiser = view(poll.id, { authorization: `Bearer ${adminToken}` })
    await side.vote(poll, 1)
    await viewer.sees((message) => message.total_votes === 1)
    const next = await side.edit(poll, { round: 2 })
    await side.tell(next)
    const first = await viewer.sees((message) => message.round === 2)
    expect([first.version, first.total_votes]).toEqual([null, null])
    await side.vote(next, 2)
    await organiser.sees((message) => message.round === 2 && message.total_votes === 1)
    expect(viewer.messages.filter((message) => message.round === 2)).toHaveLength(1)
  })

  test('the cookie that another site makes a browser send says nothing', async () => {
    const poll = await side.create({ resultsVisibility: 'after_vote', closesAt: Date.now() + 3_600_000 })
    const token = await door.votedAs(poll, 1)
    const viewer = view(poll.id, { cookie: `tallycast_session=${token}`, origin: 'https://elsewhere.example' })
    expect((await viewer.sees(() => true)).total_votes).toBeNull()
  })

  test('a bad bearer, Voter-Token or ticket is 4401', async () => {
    const poll = await side.create({ resultsVisibility: 'after_vote' })
    const other = await side.create()
    const { ticket } = door.tickets.issue(other.id, { is: 'organiser' })
    expect((await view(poll.id, { authorization: 'Bearer wrong' }).ends()).code).toBe(4401)
    expect((await view(poll.id, { authorization: 'Basic eDp5' }).ends()).code).toBe(4401)
    expect((await view(poll.id, { 'voter-token': 'wrong' }).ends()).code).toBe(4401)
    expect((await view(poll.id, {}, '?ticket=wrong').ends()).code).toBe(4401)
    expect((await view(poll.id, {}, `?ticket=${ticket}`).ends()).code).toBe(4401)
  })

  test("an organiser's ticket shows hidden results", async () => {
    const poll = await side.create({ resultsVisibility: 'never' })
    const { ticket } = door.tickets.issue(poll.id, { is: 'organiser' })
    expect((await view(poll.id, {}, `?ticket=${ticket}`).sees(() => true)).total_votes).toBe(0)
  })

  test('a text message is ignored, a binary one is 1003, a huge one 1009, too many are 1008', async () => {
    const poll = await side.create()
    const [talker, bytes, huge, flood, pinger] = [
      view(poll.id),
      view(poll.id),
      view(poll.id),
      view(poll.id),
      view(poll.id),
    ]
    await Promise.all([talker, bytes, huge, flood, pinger].map((viewer) => viewer.sees(() => true)))
    talker.socket.send('hello')
    bytes.socket.send(Buffer.from('hello'))
    huge.socket.send('x'.repeat(4097))
    for (let message = 0; message < 31; message += 1) flood.socket.send('x')
    for (let ping = 0; ping < 31; ping += 1) pinger.socket.ping()
    expect((await bytes.ends()).code).toBe(1003)
    expect((await huge.ends()).code).toBe(1009)
    expect((await flood.ends()).code).toBe(1008)
    expect((await pinger.ends()).code).toBe(1008)
    expect(givenUp).toEqual(['too_loud', 'too_loud'])
    await side.vote(poll, 1)
    await talker.sees((message) => message.total_votes === 1)
  })

  test('broken frames and lost connections end one viewer and nothing else', async () => {
    const poll = await side.create()
    const steady = view(poll.id)
    await steady.sees(() => true)
    const broken = [
      '\x83\x80\0\0\0\0',
      '\xff\xff\xff\xff\xff\xff',
      '\x81\x05hello',
      '\x81\xfe',
      '\x01\x80\0\0\0\0'.repeat(200),
    ]
    for (const bytes of broken) {
      const socket = rawSocket()
      socket.write(handshake(`/ws/polls/${poll.id}`))
      await new Promise((resolve) => {
        socket.once('data', resolve)
      })
      socket.write(Buffer.from(bytes, 'latin1'))
      socket.resetAndDestroy()
    }
    const half = rawSocket()
    half.write(handshake(`/ws/polls/${poll.id}`).slice(0, 60))
    await new Promise((resolve) => {
      half.once('ready', resolve)
    })
    half.resetAndDestroy()
    await waitUntil(() => sockets.viewerCount() === 1)
    await side.vote(poll, 1)
    await steady.sees((message) => message.total_votes === 1)
  })

  test('a viewer that does not answer two pings is ended', async () => {
    await sockets.stop(0)
    await serve({ limits: { pingEveryMs: 100 } })
    const poll = await side.create()
    const good = view(poll.id)
    const mute = rawSocket()
    mute.write(handshake(`/ws/polls/${poll.id}`))
    let received = ''
    mute.on('data', (data: Buffer) => (received += data.toString('latin1')))
    await good.sees(() => true)
    await waitUntil(() => mute.readableEnded || mute.closed)
    expect(received.split('\x89\0')).toHaveLength(1 + 2)
    await waitUntil(() => sockets.viewerCount() === 1)
    expect(givenUp).toEqual(['no_pong'])
    await side.vote(poll, 1)
    await good.sees((message) => message.total_votes === 1)
    expect(good.closed()).toBeNull()
  })

  test('a viewer that does not read is skipped, then closed with 4508; others are not kept waiting', async () => {
    await sockets.stop(0)
    await serve({ limits: { behindMaxMs: 300, retryEveryMs: 50, unsentBytesMax: 4096, closeTimeoutMs: 200 } }, 0)
    const poll = await side.create(longPoll)
    const good = view(poll.id)
    await good.sees(() => true)
    const slow = rawSocket()
    slow.write(handshake(`/ws/polls/${poll.id}`))
    await waitUntil(() => sockets.viewerCount() === 2)
    slow.pause()
    let version = 0
    // As often as it takes to fill what the kernel holds for a connection.
    const fill = async (): Promise<boolean> => {
      version = await publishMany(poll.id, 50, version)
      return sockets.viewerCount() === 1
    }
    await waitUntil(fill, { withinMs: 15_000, what: 'the slow viewer is gone' })
    expect(givenUp).toEqual(['too_slow'])
    await good.sees((message) => message.version === version)
  })

  test('a viewer that was skipped gets the newest state as soon as it reads again', async () => {
    await sockets.stop(0)
    await serve({ limits: { behindMaxMs: 60_000, retryEveryMs: 20, unsentBytesMax: 4096 } }, 0)
    const poll = await side.create(longPoll)
    const viewer = view(poll.id)
    await viewer.sees(() => true)
    const good = view(poll.id)
    viewer.socket.pause()
    const version = await publishMany(poll.id, 4000)
    await good.sees((message) => message.version === version)
    viewer.socket.resume()
    await viewer.sees((message) => message.version === version)
    expect(viewer.messages.length).toBeLessThan(good.messages.length)
    const versions = viewer.messages.map((message) => message.version ?? 0)
    expect(versions).toEqual([...versions].sort((a, b) => a - b))
  })

  test('a viewer that was too slow for too long reads why, and when to come back', async () => {
    await sockets.stop(0)
    await serve({ limits: { behindMaxMs: 1, retryEveryMs: 20, unsentBytesMax: 4096 } }, 0)
    const poll = await side.create(longPoll)
    const [viewer, good] = [view(poll.id), view(poll.id)]
    await Promise.all([viewer.sees(() => true), good.sees(() => true)])
    viewer.socket.pause()
    const version = await publishMany(poll.id, 4000)
    await good.sees((message) => message.version === version)
    viewer.socket.resume()
    const { code, reason } = await viewer.ends()
    expect(code).toBe(4508)
    expect(reason).toMatch(/^retry_ms=\d+$/)
  })

  test('beyond the limit a viewer is told to come back later', async () => {
    await sockets.stop(0)
    await serve({ limits: { socketsMax: 2 } })
    const poll = await side.create()
    await Promise.all([view(poll.id), view(poll.id)].map((viewer) => viewer.sees(() => true)))
    const socket = rawSocket()
    let answer = ''
    socket.on('data', (data) => (answer += String(data)))
    socket.write(handshake(`/ws/polls/${poll.id}`))
    await waitUntil(() => answer.includes('\r\n\r\n'))
    expect(answer).toMatch(/^HTTP\/1\.1 503 [^]*Retry-After: 10/)
    await sockets.stop(100)
    await serve({ viewersMax: 1 })
    await view(poll.id).sees(() => true)
    const sent = await view(poll.id).ends()
    expect(sent.code).toBe(1013)
    expect(sent.reason).toMatch(/^retry_ms=\d+$/)
  })

  test('viewers of all channels share the places of a process; who is refused takes none, and who leaves gives one back', async () => {
    const poll = await side.create()
    const { admitViewer } = createLiveDoor(side, watchPoll, { viewersMax: 2 })
    const nothingShown = { bearer: null, voterToken: null, sessionCookie: null, ticket: null }
    const admit = (pollId = poll.id, shown: ViewerCredentials = nothingShown) =>
      admitViewer.admit(pollId, shown, { onUpdate: () => {}, onDeleted: () => {} })
    for (let n = 0; n < 3; n += 1) {
      expect(await admit('nothingofthatid')).toMatchObject({ refused: 'poll_not_found' })
      expect(await admit(poll.id, { ...nothingShown, ticket: 'forged' })).toMatchObject({ refused: 'token_invalid' })
    }
    // At once, so that none has been let in when the others come.
    const [first, second, third] = await Promise.all([admit(), admit(), admit()])
    expect(third).toMatchObject({ refused: 'overloaded', retryAfterMs: 10_000 })
    if (isRefused(first) || isRefused(second)) throw new Error('there was room')
    for (let n = 0; n < 2; n += 1) first.stop()
    const next = await admit()
    expect(isRefused(next)).toBe(false)
    expect(await admit()).toMatchObject({ refused: 'overloaded' })
    for (const one of [second, next]) if (!isRefused(one)) one.stop()
  })

  test('a stop sends everybody away with a time to come back, and does not wait for those who do not answer', async () => {
    const poll = await side.create()
    const viewers = Array.from({ length: 20 }, () => view(poll.id))
    const mute = rawSocket()
    mute.write(handshake(`/ws/polls/${poll.id}`))
    await Promise.all(viewers.map((viewer) => viewer.sees(() => true)))
    await waitUntil(() => sockets.viewerCount() === 21)
    const begun = performance.now()
    const stopped = sockets.stop(300)
    const late = view(poll.id)
    await stopped
    expect(performance.now() - begun).toBeLessThan(4_500)
    const ends = await Promise.all(viewers.map((viewer) => viewer.ends()))
    expect(ends.every(({ code, reason }) => code === 1012 && /^retry_ms=\d+$/.test(reason))).toBe(true)
    expect(new Set(ends.map(({ reason }) => reason)).size).toBeGreaterThan(5)
    expect((await late.ends()).code).toBe(1012)
  })
})
