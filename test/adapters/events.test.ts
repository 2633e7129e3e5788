import type { ServerResponse } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createEventStreams, type EventStreamLimits, type EventStreams } from '../../src/adapters/http/events.ts'
import type { HttpApp } from '../../src/adapters/http/operation.ts'
import { createHttpServer } from '../../src/adapters/http/server.ts'
import { ticketRoute } from '../../src/adapters/http/ticket-route.ts'
import type { WatchPoll } from '../../src/application/watch-poll.ts'
import { createLog } from '../../src/runtime/log.ts'
import { type EventReader, readEvents } from '../support/event-reader.ts'
import { adminToken, createLiveDoor, type LiveDoor } from '../support/live-door.ts'
import { type LiveSide, startLiveSide } from '../support/live-side.ts'
import { waitUntil } from '../support/wait-until.ts'

const inAnHour = () => Date.now() + 3_600_000
const authorization = `Bearer ${adminToken}`

let side: LiveSide
let app: HttpApp
let streams: EventStreams
let watchPoll: WatchPoll
let door: LiveDoor
let origin: string
const readers: EventReader[] = []
const responses: ServerResponse[] = []

async function serve(
  limits: Partial<EventStreamLimits> & { readonly viewersMax?: number } = {},
  updateIntervalMs = 20,
  stalledLeastMs?: number,
): Promise<void> {
  watchPoll = side.watch({ updateIntervalMs })
  door = createLiveDoor(side, watchPoll, limits)
  streams = createEventStreams({ admitViewer: door.admitViewer, address: { publicUrl: null }, limits })
  app = await createHttpServer({
    log: createLog({ name: 'test', level: 'silent' }),
    version: '0',
    ...(stalledLeastMs === undefined ? {} : { stalledLeastMs, viewerPingMs: limits.commentEveryMs ?? 0 }),
    addRoutes: (routes) => {
      streams.addRoute(routes)
      ticketRoute(routes, door.admitViewer, { publicUrl: null })
    },
  })
  responses.length = 0
  app.server.on('request', (_request, response) => responses.push(response))
  await app.listen({ host: '127.0.0.1', port: 0 })
  // A server that listens on an address has one of this form.
  origin = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
}

const stop = async (): Promise<void> => {
  for (const reader of readers.splice(0)) reader.close()
  await streams.stop(200)
  await app.close()
  await watchPoll.stop()
}

const view = async (pollId: string, headers: Record<string, string> = {}, query = ''): Promise<EventReader> => {
  const reader = await readEvents(`${origin}/polls/${pollId}/events${query}`, headers)
  readers.push(reader)
  return reader
}

beforeAll(async () => {
  side = await startLiveSide('redis')
})
afterAll(() => side.stop())
beforeEach(() => serve())
afterEach(stop)

describe('GET /polls/{id}/events', () => {
  test('the state comes at once, then each newer one, with the version as its id', async () => {
    const poll = await side.create()
    const reader = await view(poll.id)
    expect(reader.status).toBe(200)
    expect(reader.headers.get('content-type')).toBe('text/event-stream')
    expect(reader.headers.get('cache-control')).toBe('no-cache, no-transform')
    expect(reader.headers.get('x-accel-buffering')).toBe('no')
    expect(reader.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
    expect(await reader.sees(() => true)).toMatchObject({ id: '1', message: { type: 'tally', total_votes: 0 } })
    expect(reader.text()).toMatch(/^retry: (2\d{3}|3\d{3}|4000)\n\n/)
    expect(reader.text()).not.toContain('event:')
    const { version } = await side.vote(poll, 1, 3)
    expect((await reader.sees((message) => message.total_votes === 3)).id).toBe(`${version}`)
  })

  test('viewers come back at different times', async () => {
    const poll = await side.create()
    const all = await Promise.all(Array.from({ length: 10 }, () => view(poll.id)))
    await Promise.all(all.map((reader) => reader.sees(() => true)))
    expect(new Set(all.map((reader) => reader.text().split('\n')[0])).size).toBeGreaterThan(3)
    expect([streams.viewerCount(), await side.subscriptions(poll.id)]).toEqual([10, 1])
    for (const reader of readers.splice(0)) reader.close()
    await waitUntil(() => streams.viewerCount() === 0 && watchPoll.viewerCount() === 0)
  })

  test('a viewer who comes back gets the state at once, also an unchanged one', async () => {
    const poll = await side.create()
    const reader = await view(poll.id, { 'last-event-id': '1' })
    expect((await reader.sees(() => true)).id).toBe('1')
  })

  test('one who returns with the final state to a final poll gets 204, others get the state', async () => {
    const poll = await side.create()
    await side.record(poll, 1)
    await side.tell(await side.edit(poll, { status: 'closed', closedAt: 1 }))
    const { id, message } = await (await view(poll.id)).sees(() => true)
    expect([id, message.results_final]).toEqual(['3', true])
    expect((await view(poll.id, { 'last-event-id': id })).status).toBe(204)
    expect((await view(poll.id, { 'last-event-id': '2' })).status).toBe(200)
    await waitUntil(() => watchPoll.viewerCount() === 2)
  })

  test('a stream that is silent between two comments is kept, however long that is', async () => {
    await stop()
    await serve({ commentEveryMs: 1_500 }, 20, 300)
    const poll = await side.create()
    const reader = await view(poll.id)
    await waitUntil(() => reader.text().endsWith(':\n\n:\n\n'), { withinMs: 20_000 })
  }, 25_000)

  test('a comment comes again and again while nothing happens', async () => {
    await stop()
    await serve({ commentEveryMs: 30 })
    const poll = await side.create()
    const reader = await view(poll.id)
    await waitUntil(() => reader.text().endsWith(':\n\n:\n\n:\n\n'))
    expect(reader.events).toHaveLength(1)
  })

  test('hidden results stay silent while votes arrive, and their id is the revision', async () => {
    const poll = await side.create({ resultsVisibility: 'after_close' })
    const reader = await view(poll.id)
    const organiser = await view(poll.id, { authorization })
    expect(await reader.sees(() => true)).toMatchObject({ id: 'r1', message: { version: null, total_votes: null } })
    for (let vote = 0; vote < 5; vote += 1) await side.vote(poll, 1)
    await organiser.sees((message) => message.total_votes === 5)
    await side.tell(await side.edit(poll, { question: 'Tea, or coffee?' }))
    expect((await reader.sees((message) => message.revision === 2)).id).toBe('r2')
    expect(reader.events).toHaveLength(2)
  })

  test('who has voted sees the counts of that round alone, also on a stream that goes on', async () => {
    const poll = await side.create({ resultsVisibility: 'after_vote', closesAt: inAnHour() })
    const reader = await view(poll.id, { 'voter-token': await door.votedAs(poll, 1) })
    await side.vote(poll, 1)
    await reader.sees((message) => message.total_votes === 1)
    const next = await side.edit(poll, { round: 2 })
    await side.tell(next)
    expect(await reader.sees((message) => message.round === 2)).toMatchObject({
      id: 'r2',
      message: { version: null, total_votes: null },
    })
    const organiser = await view(poll.id, { authorization })
    await side.vote(next, 2)
    await organiser.sees((message) => message.total_votes === 1)
    expect(reader.events.filter(({ message }) => message.round === 2)).toHaveLength(1)
  })

  test('an unknown poll, a bad token and a bad ticket are problems', async () => {
    const poll = await side.create()
    expect((await view('nosuchpoll12')).status).toBe(404)
    expect((await view(poll.id, { authorization: 'Bearer wrong' })).status).toBe(401)
    expect((await view(poll.id, {}, '?ticket=wrong')).status).toBe(401)
    const head = await fetch(`${origin}/polls/${poll.id}/events`, { method: 'HEAD' })
    expect(head.status).toBe(405)
  })

  test('the stream of a deleted poll ends, and is 404 from then on', async () => {
    const poll = await side.create()
    const reader = await view(poll.id)
    await reader.sees(() => true)
    await side.tell(await side.edit(poll, { status: 'deleted' }))
    await waitUntil(() => reader.isEnded())
    expect((await view(poll.id)).status).toBe(404)
  })

  test('a viewer that does not read is skipped, then dropped; others are not kept waiting', async () => {
    await stop()
    await serve({ behindMaxMs: 3_000, retryEveryMs: 20, unsentBytesMax: 4096 }, 0)
    const options = Array.from({ length: 100 }, (_, index) => ({ id: 30_000 + index, text: 'x', position: index }))
    const poll = await side.create({ options, nextOptionId: 30_100 })
    const good = await view(poll.id)
    await good.sees(() => true)
    const slow = connect({ host: '127.0.0.1', port: Number(new URL(origin).port) })
    slow.on('error', () => undefined)
    slow.write(`GET /polls/${poll.id}/events HTTP/1.1\r\nHost: x\r\n\r\n`)
    await waitUntil(() => streams.viewerCount() === 2)
    slow.pause()
    const [tally] = await side.tallies.read([poll.id])
    let version = tally!.version
    const fill = async (): Promise<boolean> => {
      for (let news = 0; news < 50; news += 1) {
        version += 1
        await side.feed.publishTally({ ...tally!, version })
      }
      return streams.viewerCount() === 1
    }
    await waitUntil(fill, { withinMs: 15_000, what: 'the slow viewer is gone' })
    await good.sees((message) => message.version === version)
    slow.destroy()
  })

  describe('a viewer for whom something still waits to be sent', () => {
    const optionsOf = (count: number) => ({
      options: Array.from({ length: count }, (_, index) => ({ id: 30_000 + index, text: 'x', position: index })),
      nextOptionId: 30_000 + count,
    })

    /** Fills what lies between server and viewer; the viewer has not read by then, and more fits into its line. */
    const stall = async (pollId: string): Promise<void> => {
      const slow = connect({ host: '127.0.0.1', port: Number(new URL(origin).port) })
      opened.push(slow)
      slow.on('error', () => undefined)
      slow.write(`GET /polls/${pollId}/events HTTP/1.1\r\nHost: x\r\n\r\n`)
      await waitUntil(() => streams.viewerCount() === 1)
      slow.pause()
      const [tally] = await side.tallies.read([pollId])
      let version = tally!.version
      const fill = async (): Promise<boolean> => {
        for (let news = 0; news < 20; news += 1) {
          version += 1
          await side.feed.publishTally({ ...tally!, version })
        }
        return unsent() > 0
      }
      await waitUntil(fill, { withinMs: 15_000, what: 'something waits to be sent' })
    }
    const opened: Socket[] = []
    const unsent = (): number => Math.max(...responses.map((response) => response.writableLength))
    /** Faults that nobody caught end a process; here the test sees them. */
    const uncaught: unknown[] = []
    const keepUncaught = (fault: unknown): void => void uncaught.push(fault)

    beforeEach(async () => {
      await stop()
      await serve({ commentEveryMs: 20, behindMaxMs: 300, retryEveryMs: 20, unsentBytesMax: 10_000_000 }, 0)
      process.on('uncaughtException', keepUncaught)
    })
    afterEach(() => {
      process.off('uncaughtException', keepUncaught)
      for (const socket of opened.splice(0)) socket.destroy()
      const [fault] = uncaught.splice(0)
      if (fault !== undefined) throw new Error('a fault was not caught', { cause: fault })
    })

    test('does no harm when its poll is deleted, and is dropped when it goes on not reading', async () => {
      const poll = await side.create(optionsOf(100))
      await stall(poll.id)
      await side.tell(await side.edit(poll, { status: 'deleted' }))
      await waitUntil(() => responses.some((response) => response.writableEnded))
      await waitUntil(() => streams.viewerCount() === 0)
      expect(watchPoll.viewerCount()).toBe(0)
    })

    test('does no harm when one more update arrives while the server stops', async () => {
      const poll = await side.create(optionsOf(100))
      await stall(poll.id)
      const stopped = streams.stop(500)
      expect([unsent() > 0, responses.some((response) => response.writableEnded)]).toEqual([true, true])
      const [tally] = await side.tallies.read([poll.id])
      await side.feed.publishTally({ ...tally!, version: 1_000_000 })
      await waitUntil(async () => (await watchPoll.get(poll.id))?.tally.version === 1_000_000)
      await stopped
    })
  })

  test('beyond the limit a viewer is told to come back later', async () => {
    await stop()
    await serve({ viewersMax: 2 })
    const poll = await side.create()
    const inside = await Promise.all([view(poll.id), view(poll.id)])
    expect(inside.map(({ status }) => status)).toEqual([200, 200])
    const refused = await view(poll.id)
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '10'])
    inside[0].close()
    await waitUntil(() => streams.viewerCount() === 1)
    expect((await view(poll.id)).status).toBe(200)
  })

  test('a stop ends all streams with a time to come back', async () => {
    const poll = await side.create()
    const all = await Promise.all(Array.from({ length: 10 }, () => view(poll.id)))
    await Promise.all(all.map((reader) => reader.sees(() => true)))
    await streams.stop(1000)
    await waitUntil(() => all.every((reader) => reader.isEnded()))
    expect(all.every((reader) => /\n\nretry: \d+\n\n$/.test(reader.text()))).toBe(true)
    expect(new Set(all.map((reader) => reader.text().split('\n').at(-3))).size).toBeGreaterThan(3)
    expect((await view(poll.id)).status).toBe(503)
  })
})

describe('POST /polls/{id}/ticket', () => {
  const ask = async (pollId: string, headers: Record<string, string> = {}) => {
    const response = await fetch(`${origin}/polls/${pollId}/ticket`, { method: 'POST', headers })
    // The answer is looked at field by field below.
    return {
      status: response.status,
      body: (await response.json()) as { ticket?: string; expires_at?: string; code?: string },
    }
  }

  test('a ticket shows as much as the voter who asked for it may see, for ten minutes', async () => {
    const poll = await side.create({ resultsVisibility: 'after_vote', closesAt: inAnHour() })
    const token = await door.votedAs(poll, 1)
    const { status, body } = await ask(poll.id, { cookie: `tallycast_session=${token}` })
    expect(status).toBe(201)
    const lifeMs = Date.parse(body.expires_at ?? '') - Date.now()
    expect(lifeMs).toBeGreaterThan(590_000)
    expect(lifeMs).toBeLessThanOrEqual(600_000)
    expect(body.ticket).not.toContain(token)
    const reader = await view(poll.id, {}, `?ticket=${body.ticket}`)
    expect((await reader.sees(() => true)).message.total_votes).toBe(0)
    const byHeader = await ask(poll.id, { 'voter-token': door.newSession() })
    const stranger = await view(poll.id, {}, `?ticket=${byHeader.body.ticket}`)
    expect((await stranger.sees(() => true)).message.total_votes).toBeNull()
  })

  test('the organiser’s ticket shows what only the organiser may see, of this poll alone', async () => {
    const poll = await side.create({ resultsVisibility: 'never' })
    const other = await side.create({ resultsVisibility: 'never' })
    const { body } = await ask(poll.id, { authorization })
    const reader = await view(poll.id, {}, `?ticket=${body.ticket}`)
    expect((await reader.sees(() => true)).message.total_votes).toBe(0)
    expect((await view(other.id, {}, `?ticket=${body.ticket}`)).status).toBe(401)
  })

  test('the cookie that another site makes a browser send gets none', async () => {
    const poll = await side.create()
    const cookie = `tallycast_session=${door.newSession()}`
    for (const headers of [{ 'sec-fetch-site': 'cross-site' }, { origin: 'https://elsewhere.example' }]) {
      const { status, body } = await ask(poll.id, { cookie, ...headers })
      expect([status, body.code]).toEqual([401, 'unauthenticated'])
      expect((await ask(poll.id, { 'voter-token': door.newSession(), ...headers })).status).toBe(201)
    }
    expect((await ask(poll.id, { cookie, 'sec-fetch-site': 'same-origin' })).status).toBe(201)
  })

  test('who shows nothing, or something bad, gets none', async () => {
    const poll = await side.create()
    expect((await ask(poll.id)).body.code).toBe('unauthenticated')
    expect((await ask(poll.id, { cookie: 'tallycast_session=old' })).body.code).toBe('unauthenticated')
    expect((await ask(poll.id, { 'voter-token': 'wrong' })).body.code).toBe('token_invalid')
    expect((await ask(poll.id, { authorization: 'Bearer wrong' })).body.code).toBe('token_invalid')
    expect((await ask('nosuchpoll12', { authorization })).body.code).toBe('poll_not_found')
  })
})
