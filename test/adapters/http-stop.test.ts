import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { HttpApp } from '../../src/adapters/http/operation.ts'
import { readPollRoutes } from '../../src/adapters/http/poll-routes.ts'
import { closeHttpServer, createHttpServer } from '../../src/adapters/http/server.ts'
import { createLog } from '../../src/runtime/log.ts'
import { createKeepAliveClient, type KeepAliveClient } from '../support/keep-alive-client.ts'
import { someLivePoll } from '../support/some-live-poll.ts'
import { waitUntil } from '../support/wait-until.ts'

/** Longer than any of these tests takes, shorter than a kept connection may idle. */
const withinMs = 20_000
const soonMs = 8_000

let app: HttpApp
let client: KeepAliveClient
let isStopping: boolean
/** Lets the slow answers and streams end. */
let finish: () => void
let asked: number

beforeEach(async () => {
  isStopping = false
  asked = 0
  const finished = Promise.withResolvers<void>()
  finish = finished.resolve
  app = await createHttpServer({
    log: createLog({ name: 'test', level: 'silent' }),
    version: '0',
    isStopping: () => isStopping,
    addRoutes(routes) {
      const seen = { live: someLivePoll(), audience: 'public' } as const
      const seePoll = { see: async () => seen, seeKnown: () => seen }
      readPollRoutes(routes, { seePoll, address: { publicUrl: null }, isStopping: () => isStopping })
      routes.get('/slow', async () => {
        asked += 1
        await finished.promise
        return { answer: 'whole' }
      })
      routes.get('/stream', (_request, reply) => {
        asked += 1
        reply.hijack()
        reply.raw.writeHead(200).write('begun ')
        finished.promise.then(() => reply.raw.end('ended')).catch(() => undefined)
      })
    },
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  client = createKeepAliveClient(`http://127.0.0.1:${port()}`)
})
afterEach(async () => {
  client.close()
  app.server.closeAllConnections()
  await app.close()
})

// A server that listens on an address has one of this form.
const port = (): number => (app.server.address() as AddressInfo).port

const stop = (cutAfterMs: number): { readonly isDone: () => boolean; readonly done: Promise<void> } => {
  isStopping = true
  let isDone = false
  const done = closeHttpServer(app, cutAfterMs).then(() => {
    isDone = true
  })
  return { isDone: () => isDone, done }
}

test('an answer that is under way at the stop goes out whole, asks for the end of its connection, and is not waited behind', async () => {
  const answered = client.send('GET', '/slow')
  await waitUntil(() => asked === 1)
  const stopped = stop(withinMs)
  await waitUntil(() => !app.server.listening, { what: 'the listener is closed' })
  finish()
  expect(await answered).toMatchObject({ status: 200, body: { answer: 'whole' }, headers: { connection: 'close' } })
  await waitUntil(stopped.isDone, { withinMs: soonMs, what: 'the server is closed' })
})

test('a poll that is read at the stop asks for the end of its connection, and not before', async () => {
  const read = async (): Promise<string | undefined> => (await client.send('GET', '/polls/abc')).headers.connection
  expect(await read()).toBe('keep-alive')
  isStopping = true
  expect(await read()).toBe('close')
})

test('a stream that ends while stopping leaves its kept connection to be closed', async () => {
  const answered = client.send('GET', '/stream')
  await waitUntil(() => asked === 1)
  const stopped = stop(withinMs)
  await waitUntil(() => !app.server.listening, { what: 'the listener is closed' })
  finish()
  expect(await answered).toMatchObject({ status: 200, body: 'begun ended', headers: { connection: 'keep-alive' } })
  await waitUntil(stopped.isDone, { withinMs: soonMs, what: 'the server is closed' })
})

test('half a request is cut off when the time is up', async () => {
  const half = connect(port(), '127.0.0.1')
  half.on('error', () => undefined)
  half.write('GET /slow HTTP/1.1\r\nHost: half')
  await waitUntil(() => half.bytesWritten > 0 && !half.connecting)
  // By the answer to a later connection the half request has been read.
  const { status } = await client.send('GET', '/nothing')
  const stopped = stop(200)
  await waitUntil(stopped.isDone, { withinMs: soonMs, what: 'the server is closed' })
  await waitUntil(() => half.destroyed, { what: 'the half request is cut off' })
  expect(status).toBe(404)
})
