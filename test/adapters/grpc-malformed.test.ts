import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { type ClientHttp2Session, connect as connectHttp2, type OutgoingHttpHeaders } from 'node:http2'
import { Client, credentials, type ServiceError, status } from '@grpc/grpc-js'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type AdminServer, createAdminServer } from '../../src/adapters/grpc/server.ts'
import { waitFor } from '../../src/runtime/stop-signal.ts'
import { type AdminSide, createPoll, startAdminSide } from '../support/admin-side.ts'
import { connectRaw, type RawConnection } from '../support/raw-http.ts'
import { waitUntil } from '../support/wait-until.ts'

/** Short, so that who is silent is gone within the test. */
const limits = { keepaliveMs: 300, keepaliveTimeoutMs: 300 }
const service = '/tallycast.admin.v1.AdminService'

let side: AdminSide
let server: AdminServer
let steps: ReturnType<AdminSide['createSteps']>
let address: string
let pollId: string
const faults: unknown[] = []

beforeAll(async () => {
  side = await startAdminSide('redis')
  steps = side.createSteps()
  const report = (fault: unknown): void => void faults.push(fault)
  server = createAdminServer({ ...steps, polls: steps.managePolls, report, tls: null, limits })
  address = `http://127.0.0.1:${await server.listen('127.0.0.1', 0)}`
  pollId = (await createPoll(steps.managePolls)).poll.id
})
afterEach(async () => {
  await expectCalm()
})
afterAll(async () => {
  await server.stop(1000)
  await steps.watchPoll.stop()
  await side.stop()
})

/** A well-behaved client is served as ever, and nothing was a fault of ours. */
async function expectCalm(): Promise<void> {
  expect(await call(`${service}/GetPoll`, messageOf(pollId))).toBe(status.OK)
  expect(faults).toEqual([])
}

/** A message with this text as its first field, as requests that name a poll have it. */
function messageOf(text: string): Buffer {
  return Buffer.concat([Buffer.of(0x0a, text.length), Buffer.from(text)])
}

/** Calls with these bytes as the message; the code with which the call ends. */
async function call(method: string, message: Buffer): Promise<status> {
  const client = new Client(address.replace('http://', ''), credentials.createInsecure())
  const { promise, resolve } = Promise.withResolvers<ServiceError | null>()
  const asItIs = (bytes: Buffer): Buffer => bytes
  client.makeUnaryRequest(method, asItIs, asItIs, message, { deadline: Date.now() + 10_000 }, (error) => resolve(error))
  const error = await promise
  client.close()
  return error?.code ?? status.OK
}

test.each<[string, status, string, () => Buffer]>([
  ['a method that does not exist', status.UNIMPLEMENTED, `${service}/Nothing`, () => Buffer.alloc(0)],
  ['a service that does not exist', status.UNIMPLEMENTED, '/nothing.Here/GetPoll', () => Buffer.alloc(0)],
  ['no method at all', status.UNIMPLEMENTED, '/', () => Buffer.alloc(0)],
  ['a message that is none', status.INTERNAL, `${service}/GetPoll`, () => Buffer.alloc(40, 0xff)],
  ['a message that is cut short', status.INTERNAL, `${service}/GetPoll`, () => messageOf('').subarray(0, 1)],
  ['an id that is no UTF-8', status.NOT_FOUND, `${service}/GetPoll`, () => Buffer.of(0x0a, 2, 0xc3, 0x28)],
  ['fields that nobody knows', status.NOT_FOUND, `${service}/GetPoll`, () => Buffer.of(0x78, 1)],
  ['a message of 300 KB', status.RESOURCE_EXHAUSTED, `${service}/CreatePoll`, () => Buffer.alloc(300_000)],
])('a call with %s ends with a status', async (_what, code, method, message) => {
  expect(await call(method, message())).toBe(code)
})

const callHeaders = {
  ':method': 'POST',
  ':path': `${service}/GetPoll`,
  'content-type': 'application/grpc',
  te: 'trailers',
}
const wholeMessage = Buffer.concat([Buffer.of(0, 0, 0, 0, 6), messageOf('poll')])

test.each<[string, OutgoingHttpHeaders, Buffer, string]>([
  ['of another content type', { 'content-type': 'application/json' }, wholeMessage, '415'],
  ['that only reads', { ':method': 'GET' }, Buffer.alloc(0), `200 ${status.UNIMPLEMENTED}`],
  ['with a deadline that is none', { 'grpc-timeout': 'soon' }, wholeMessage, `200 ${status.INTERNAL}`],
  [
    'packed in a way that nobody knows',
    { 'grpc-encoding': 'tea' },
    Buffer.of(1, 0, 0, 0, 1, 0),
    `200 ${status.UNIMPLEMENTED}`,
  ],
  [
    'that says it is packed and is not',
    { 'grpc-encoding': 'gzip' },
    Buffer.of(1, 0, 0, 0, 1, 0),
    `200 ${status.INTERNAL}`,
  ],
  ['without its message', {}, Buffer.alloc(0), `200 ${status.UNIMPLEMENTED}`],
  ['whose message says it is of 4 GiB', {}, Buffer.of(0, 255, 255, 255, 255, 1), `200 ${status.RESOURCE_EXHAUSTED}`],
])('a request %s is answered', async (_what, headers, body, expected) => {
  const session = await openSession()
  const stream = session.request({ ...callHeaders, ...headers })
  stream.on('error', () => undefined)
  let answer = ''
  stream.on('response', ({ ':status': code, 'grpc-status': grpcStatus }) => {
    answer = grpcStatus === undefined ? `${code}` : `${code} ${grpcStatus as string}` // headers of one value
  })
  stream.on('trailers', ({ 'grpc-status': grpcStatus }) => (answer += ` ${grpcStatus as string}`)) // headers of one value
  stream.resume().end(body)
  await waitUntil(() => stream.closed)
  session.destroy()
  expect(answer).toBe(expected)
})

async function openSession(): Promise<ClientHttp2Session> {
  const session = connectHttp2(address)
  session.on('error', () => undefined)
  await once(session, 'connect')
  return session
}

test('who connects and says nothing, or says what is no HTTP/2, is let go of', async () => {
  const silent = await connectRaw(address)
  const wrong = await connectRaw(address)
  wrong.socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  const half = await connectRaw(address)
  half.socket.write(preface.subarray(0, 10))
  for (const connection of [silent, wrong, half]) {
    await waitUntil(connection.isEnded, { withinMs: 10_000, what: 'the server ends the connection' })
    expect(await isLetGo(connection)).toBe(true)
  }
})

/** Whether nobody is on the other side any more: only then is refused what is sent there. */
async function isLetGo({ socket }: RawConnection): Promise<boolean> {
  const isRefused = (): boolean => {
    if (!socket.destroyed) socket.write('x')
    return socket.destroyed
  }
  return waitFor(isRefused, { withinMs: 10_000 })
}

test('any bytes end one connection at most', { timeout: 60_000 }, async () => {
  const seed = randomInt(2 ** 31)
  let connections = 0
  await fc.assert(
    fc.asyncProperty(fc.array(someBytes, { minLength: 8, maxLength: 12 }), async (batch) => {
      await Promise.all(
        batch.map(async (bytes) => {
          const connection = await connectRaw(address)
          connection.socket.write(bytes)
          connections += 1
          await waitUntil(connection.isEnded, { withinMs: 10_000, what: `the server ends ${bytes.toString('hex')}` })
          connection.socket.destroy()
        }),
      )
      expect(await call(`${service}/GetPoll`, messageOf(pollId))).toBe(status.OK)
    }),
    { seed, numRuns: 12, endOnFailure: true },
  )
  console.log(`seed ${seed}: ${connections} connections`)
})

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
const settings = Buffer.of(0, 0, 0, 4, 0, 0, 0, 0, 0)

/** A frame of HTTP/2 (RFC 9113, 4.1). */
const someFrame = fc
  .record({
    type: fc.nat(12),
    flags: fc.nat(255),
    stream: fc.constantFrom(0, 1, 2, 3, 0x7fffffff),
    payload: fc.uint8Array({ maxLength: 60 }),
  })
  .map(({ type, flags, stream, payload }) => {
    const head = Buffer.alloc(9)
    head.writeUIntBE(payload.length, 0, 3)
    head.writeUInt8(type, 3)
    head.writeUInt8(flags, 4)
    head.writeUInt32BE(stream, 5)
    return Buffer.concat([head, payload])
  })
const someBytes = fc.oneof(
  fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
  fc.array(someFrame, { maxLength: 20 }).map((frames) => Buffer.concat([preface, settings, ...frames])),
  fc.constant(Buffer.from(`POST ${service}/GetPoll HTTP/1.1\r\nHost: x\r\n\r\n`)),
)
