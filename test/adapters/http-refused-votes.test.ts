import { type AddressInfo, connect, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { HttpApp } from '../../src/adapters/http/operation.ts'
import { createHttpServer } from '../../src/adapters/http/server.ts'
import { refuseForNow } from '../../src/domain/refusal.ts'
import { createLog } from '../../src/runtime/log.ts'
import { sleep } from '../../src/runtime/stop-signal.ts'
import { exchangeRaw, type RawAnswer } from '../support/raw-http.ts'
import { waitUntil } from '../support/wait-until.ts'

const overloaded = refuseForNow('overloaded', 'Please try again.', 1500)

let app: HttpApp
let isStopping: boolean
/** How many votes are refused before they are looked at. */
let refusing: number
let accepted: number
let sockets: Socket[]
/** A server that reads on does so within this time. */
const stillMs = 300

beforeEach(async () => {
  isStopping = false
  refusing = Number.POSITIVE_INFINITY
  accepted = 0
  sockets = []
  app = await createHttpServer({
    log: createLog({ name: 'test', level: 'silent' }),
    version: '0',
    isStopping: () => isStopping,
    refuseVotesNow: () => (refusing-- > 0 ? overloaded : null),
    addRoutes(routes) {
      routes.all('/polls/:poll_id/vote', async (_request, reply) => {
        accepted += 1
        return reply.code(202).send({ status: 'accepted' })
      })
      routes.all('/polls/:poll_id/votes/bulk', async () => ({}))
      routes.all('/session', async () => ({}))
    },
  })
  app.server.on('connection', (socket: Socket) => sockets.push(socket))
  await app.listen({ host: '127.0.0.1', port: 0 })
})
afterEach(async () => {
  app.server.closeAllConnections()
  await app.close()
})

// A server that listens on an address has one of this form.
const port = (): number => (app.server.address() as AddressInfo).port

const send = async (bytes: string): Promise<readonly RawAnswer[]> => {
  const { answers, rest } = await exchangeRaw(`http://127.0.0.1:${port()}`, bytes)
  expect(rest).toBe('')
  return answers
}

const statusesOf = (answers: readonly RawAnswer[]): readonly number[] => answers.map(({ status }) => status)

const body = '{"option_id":1}'
const json = `Host: x\r\nContent-Type: application/json\r\n`
const vote = (method = 'POST', path = '/polls/p/vote', headers = ''): string =>
  `${method} ${path} HTTP/1.1\r\n${json}${headers}Content-Length: ${body.length}\r\n\r\n${body}`

test('a vote that is refused before it is looked at is told so as of every refusal', async () => {
  const [answer] = await send(vote('POST', '/polls/p/vote', 'X-Request-Id: mine-1\r\n'))
  expect([answer?.status, JSON.parse(answer?.body ?? '')]).toEqual([
    503,
    {
      type: '/problems/overloaded',
      title: 'Too busy',
      status: 503,
      code: 'overloaded',
      detail: 'Please try again.',
      request_id: 'mine-1',
    },
  ])
  const headers = Object.fromEntries(answer?.headers ?? [])
  expect(headers).toMatchObject({
    'content-type': 'application/problem+json',
    'retry-after': '2',
    'cache-control': 'no-store',
    'x-request-id': 'mine-1',
  })
  const [other] = await send(vote('POST', '/polls/p/vote', 'X-Request-Id: "\\\r\n'))
  expect(JSON.parse(other?.body ?? '').request_id).toMatch(/^[0-9a-f-]{36}$/)
  expect(accepted).toBe(0)
})

test('every way to vote, change and retract is refused, and nothing else is', async () => {
  expect(
    statusesOf(
      await send(
        [
          vote(),
          vote('PUT'),
          vote('DELETE'),
          vote('POST', '/polls/p/vote?a=b'),
          `GET /polls/p/vote HTTP/1.1\r\nHost: x\r\n\r\n`,
          vote('POST', '/polls/p/votes/bulk'),
          vote('POST', '/session'),
        ].join(''),
      ),
    ),
  ).toEqual([503, 503, 503, 503, 202, 200, 200])
})

test('what follows on the connection of a refused vote is understood, whatever its body was, and answered in order', async () => {
  const chunked = `POST /polls/p/vote HTTP/1.1\r\n${json}Transfer-Encoding: chunked\r\n\r\nf\r\n${body}\r\n0\r\n\r\n`
  const large = `POST /polls/p/vote HTTP/1.1\r\n${json}Content-Length: 500000\r\n\r\n${'x'.repeat(500_000)}`
  const empty = 'DELETE /polls/p/vote HTTP/1.1\r\nHost: x\r\n\r\n'
  refusing = 3
  expect(statusesOf(await send([chunked, large, empty, vote(), vote()].join('')))).toEqual([503, 503, 503, 202, 202])
  refusing = 0
  const waitingBefore = send([vote(), vote(), vote()].join(''))
  expect(statusesOf(await waitingBefore)).toEqual([202, 202, 202])
})

test('what comes malformed behind a refused vote is not answered in the place of something else', async () => {
  const half = `POST /polls/p/vote HTTP/1.1\r\n${json}Transfer-Encoding: chunked\r\n\r\nzz\r\n`
  expect(statusesOf(await send(half))).toEqual([503])
  expect(statusesOf(await send(`${vote()}nonsense\r\n\r\n`))).toEqual([503, 400])
})

test('a refused vote is asked to go elsewhere while the server stops', async () => {
  isStopping = true
  const answers = await send(vote() + vote())
  expect(answers.map(({ headers }) => headers.get('connection'))).toEqual(['close'])
})

test('who sends votes that are refused and reads no answer is not read any more', async () => {
  const offered = vote().repeat(150_000)
  // What the system itself keeps of requests and answers of one connection, and far less than is offered.
  const readMax = offered.length / 4
  const client = connect({ host: '127.0.0.1', port: port() })
  client.on('error', () => undefined)
  client.pause()
  client.write(offered, 'latin1')
  try {
    await waitUntil(() => (sockets[0]?.bytesRead ?? 0) > 0)
    let read = 0
    await waitUntil(
      async () => {
        const before = read
        await sleep(stillMs)
        read = sockets[0]?.bytesRead ?? 0
        return read === before
      },
      { withinMs: 20_000 },
    )
    expect(read).toBeLessThan(readMax)
    // It was not cut off either: whoever reads on gets all answers.
    let answers = 0
    client.on('data', (bytes: Buffer) => (answers += bytes.toString('latin1').split('HTTP/1.1 503 ').length - 1))
    client.resume()
    await waitUntil(() => sockets[0]?.bytesRead === offered.length, { withinMs: 25_000 })
    expect(answers).toBeGreaterThan(0)
  } finally {
    client.destroy()
  }
})
