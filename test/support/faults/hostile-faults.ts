// Clients that mean no good, or know no better, at the first api.
import { expect } from 'vitest'
import { type Fault, moreAccepted } from '../fault-case.ts'
import { heldConnections, residentMiB } from '../process-figures.ts'
import { connectRawViewer, OPCODES, writeClose, writeFrame } from '../raw-frames.ts'
import { connectRaw, exchangeRaw, type RawAnswer, type RawConnection } from '../raw-http.ts'
import { connectViewer } from '../viewer.ts'
import { waitUntil } from '../wait-until.ts'

const { continuation, text, binary, close, ping, pong } = OPCODES

const headOf = (pollId: string, method = 'POST', type = 'application/json'): string =>
  `${method} /polls/${pollId}/vote HTTP/1.1\r\nHost: x\r\nContent-Type: ${type}\r\n`
const withBody = (head: string, body: string): string => `${head}Content-Length: ${body.length}\r\n\r\n${body}`

/** So many rounds at least, and until so many have voted. */
const nonsenseRounds = 8
const votesMeanwhile = 1_200
/** One character per byte. */
const badText = '\xc3\x28'

/** Requests that nobody can answer but by a refusal. */
const nonsenseRequests = (pollId: string): readonly string[] => [
  ...['', '{', '{"option_id":1', '{"option_id":1}}', `{"option_id":"${badText}"}`, '{"option_id":1}\0'].map((body) =>
    withBody(headOf(pollId), body),
  ),
  ...['[]', 'null', '7', '{"option_id":"1"}', '{"option_id":1e99}', '{"option_ids":[1,1]}', '{"option_id":77}'].map(
    (body) => withBody(headOf(pollId), body),
  ),
  ...['{"option_id":1,"more":1}', '{"__proto__":{"option_id":1}}', '['.repeat(3_000)].map((body) =>
    withBody(headOf(pollId), body),
  ),
  withBody(headOf(pollId, 'PATCH'), '{"option_id":1}'),
  withBody(headOf(pollId, 'POST', 'text/plain'), '{"option_id":1}'),
  withBody(headOf('%c3%28'), '{"option_id":1}'),
  withBody(`${headOf(pollId)}Content-Length: 3\r\n`, '{"option_id":1}'),
  `${headOf(pollId)}Transfer-Encoding: chunked\r\n\r\nzz\r\n{"option_id":1}`,
  `GET /polls/${pollId}\0 HTTP/1.1\r\nHost: x\r\n\r\n`,
  'nonsense\r\n\r\n',
  `GET /ws/polls/${pollId} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n`,
]

/** Frames that no viewer may send, and the code with which it is closed. */
const nonsenseFrames: readonly (readonly [number, () => Buffer])[] = [
  [1002, () => writeFrame({ opcode: text, payload: 'hello', isMasked: false })],
  [1002, () => writeFrame({ opcode: text, payload: Buffer.of(0xaa, 0), reserved: 4 })],
  [1002, () => writeFrame({ opcode: 3 })],
  [1002, () => writeFrame({ opcode: continuation, payload: 'x' })],
  [1002, () => writeFrame({ opcode: ping, isLast: false })],
  [1002, () => writeClose(999)],
  [1007, () => writeFrame({ opcode: text, payload: Buffer.from(badText, 'latin1') })],
  [1003, () => writeFrame({ opcode: binary, payload: 'x' })],
  [1009, () => writeFrame({ opcode: text, saidLength: 2n ** 63n })],
  [1002, () => writeFrame({ opcode: close, payload: 'x' })],
]

/** Requests and frames that are none. */
export const sendNonsense: Fault = {
  fact: 'requests and frames that nobody can read are refused one by one, and votes and viewers go on',
  async inject({ system, poll, load }) {
    const url = system.apiUrl(0)
    let requests = 0
    let sockets = 0
    const request = async (bytes: string): Promise<void> => {
      const { answers, rest } = await exchangeRaw(url, bytes)
      const statuses = answers.map(({ status }) => status)
      if (statuses.length === 0 || statuses.some((status) => status < 400 || status >= 500) || rest !== '') {
        throw new Error(
          `${JSON.stringify(bytes.slice(0, 300))} was answered ${statuses.join() || 'nothing'} and ${rest}`,
        )
      }
      requests += 1
    }
    const view = async (code: number, frames: Buffer): Promise<void> => {
      const viewer = await connectRawViewer(url, `/ws/polls/${poll.id}`)
      viewer.socket.write(frames)
      await waitUntil(() => viewer.closeCode() !== null, { withinMs: 10_000, what: `a socket is closed with ${code}` })
      viewer.socket.destroy()
      expect(viewer.closeCode()).toBe(code)
      sockets += 1
    }
    const before = load.accepted()
    for (let round = 0; round < nonsenseRounds || load.accepted() < before + votesMeanwhile; round += 1) {
      await Promise.all([
        ...nonsenseRequests(poll.id).map(request),
        ...nonsenseFrames.map(async ([code, frames]) => view(code, frames())),
      ])
    }
    return { 'requests refused': requests, 'sockets closed with their code': sockets }
  },
}

const floodRounds = 4
const floodViewers = 50
const floodRequests = 200
const residentMaxMiB = { sinceSecond: 128, sinceBegin: 200 }

/** Much of everything that is too much: huge bodies, huge frames, thousands of small ones. */
export const flood: Fault = {
  fact: 'what floods leave behind does not grow with their number; votes and viewers go on',
  // The floods come from this very machine, and take their share of it.
  plan: { answeredWithinMs: 10_000 },
  async inject({ system, poll, load }) {
    // There is one.
    const api = system.apis[0]!
    const steady = connectViewer(`${api.url.replace('http', 'ws')}/ws/polls/${poll.id}`)
    try {
      await steady.sees(() => true)
      const residents = [residentMiB(api.pid())]
      let refused = 0
      for (let round = 0; round < floodRounds; round += 1) {
        refused += await floodOnce(api.url, poll.id)
        residents.push(residentMiB(api.pid()))
      }
      console.log(`  resident ${residents.map((mib) => mib.toFixed(0)).join(' -> ')} MiB`)
      await moreAccepted(load, 1)
      expect(steady.closed()).toBeNull()
      // What the first two have not needed, the next two do not either.
      const [begin = 0, , second = 0, , last = Infinity] = residents
      expect(last - second).toBeLessThan(residentMaxMiB.sinceSecond)
      expect(last - begin).toBeLessThan(residentMaxMiB.sinceBegin)
      return { 'viewers and requests refused': refused }
    } finally {
      steady.socket.close()
    }
  },
}

/** Where a flood keeps the api busy, a vote that has lain unread for long is refused before anybody sees that it is none. */
const isRefusal = ({ status, body }: RawAnswer): boolean =>
  (status >= 400 && status < 500) || (status === 503 && body.includes('"code":"overloaded"'))

/** Returns how many were refused, which is each. */
const floodOnce = async (url: string, pollId: string): Promise<number> => {
  const frames = (opcode: number, count: number, isLast = true): Buffer =>
    Buffer.concat(Array.from({ length: count }, () => writeFrame({ opcode, payload: 'x', isLast })))
  const floods = [
    [frames(ping, 5_000)],
    [frames(pong, 5_000)],
    [frames(text, 5_000)],
    [writeFrame({ opcode: text, isLast: false }), frames(continuation, 5_000, false)],
    [writeFrame({ opcode: text, payload: 'x'.repeat(1_000_000) })],
  ]
  const viewers = Array.from({ length: floodViewers }, async (_, index) => {
    const { socket, ends } = await connectRawViewer(url, `/ws/polls/${pollId}`)
    for (const bytes of floods[index % floods.length] ?? []) socket.write(bytes)
    expect([1008, 1009, null]).toContain(await ends())
    socket.destroy()
  })
  const head = headOf(pollId)
  const requests = [
    withBody(head, 'x'.repeat(3_000_000)),
    `${head}Transfer-Encoding: chunked\r\n\r\n${`8000\r\n${'['.repeat(32_768)}\r\n`.repeat(20)}`,
    `${head}X: ${'y'.repeat(1_000_000)}\r\n\r\n`,
    withBody('POST /polls HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n', '['.repeat(130_000)),
    'nonsense\r\n'.repeat(100_000),
  ]
  const exchanges = Array.from({ length: floodRequests }, async (_, index) => {
    const { answers, rest } = await exchangeRaw(url, requests[index % requests.length] ?? '')
    expect([answers.filter((answer) => !isRefusal(answer)), rest]).toEqual([[], ''])
  })
  return (await Promise.all([...viewers, ...exchanges])).length
}

/** After so long the service has let go of who does not go on: its own limit, the wait until it looks, and what a busy machine adds. */
const goneWithinMs = { headers: 5_000 + 2_000 + 8_000, body: 10_000 + 2_000 + 8_000, all: 45_000 + 15_000 }
const trickleEveryMs = 250
const slowResidentMaxMiB = 250
/** Ports of connections that are gone may be given to others, who vote. */
const portsTakenMax = 10

/** Connections that go on with what they say, one byte at a time, or say nothing more. */
type Slow = { readonly what: string; readonly begin: string; readonly goOn?: string; readonly doesNotRead?: boolean }

const slowByLimit = (
  pollId: string,
): Readonly<Record<keyof typeof goneWithinMs, readonly (readonly [number, Slow])[]>> => {
  const post = `${headOf(pollId)}Content-Length: 4000\r\n\r\n`
  const chunked = `${headOf(pollId)}Transfer-Encoding: chunked\r\n\r\nfff\r\n`
  const handshake = `GET /ws/polls/${pollId} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`
  const key = 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'
  const bundle = 'GET /docs/static/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n\r\n'
  return {
    headers: [
      [100, { what: 'say nothing', begin: '' }],
      [100, { what: 'trickle headers', begin: 'GET / HTTP/1.1\r\nHost: x\r\nX: ', goOn: 'y' }],
      [100, { what: 'trickle a handshake', begin: handshake, goOn: 'X: y\r\n' }],
    ],
    body: [
      [100, { what: 'trickle a body', begin: post, goOn: ' ' }],
      [80, { what: 'trickle a chunk', begin: chunked, goOn: ' ' }],
    ],
    all: [
      [20, { what: 'do not read', begin: bundle.repeat(12), doesNotRead: true }],
      [100, { what: 'watch and never answer', begin: handshake + key }],
    ],
  }
}

/** Slow on purpose, in each way that there is. */
export const hangOn: Fault = {
  fact: '600 slow connections are closed within their limits; votes meanwhile are answered at once, and memory stays bounded',
  plan: { answeredWithinMs: 3_000 },
  async inject({ system, poll }) {
    // There is one.
    const api = system.apis[0]!
    const byLimit = slowByLimit(poll.id)
    const before = residentMiB(api.pid())
    const opened: RawConnection[] = []
    let ports: readonly number[] = []
    const held = (): number => heldConnections(api.url, ports)
    const began = performance.now()
    let letGo = 0
    try {
      await Promise.all(
        Object.values(byLimit)
          .flat()
          .map(async ([count, slow]) => opened.push(...(await connectMany(api.url, count, slow)))),
      )
      // A socket that is closed does not know its port any more.
      ports = opened.map(({ socket }) => socket.localPort ?? 0)
      // Else nobody was slow.
      expect(held()).toBeGreaterThan(opened.length - portsTakenMax)
      let left = opened.length
      for (const limit of ['headers', 'body', 'all'] as const) {
        left -= byLimit[limit].reduce((sum, [count]) => sum + count, 0)
        await waitUntil(() => held() <= left + portsTakenMax, {
          withinMs: goneWithinMs[limit] - (performance.now() - began),
          what: () =>
            `those are gone who ${byLimit[limit].map(([, { what }]) => what).join(', or ')}, to ${left}, not ${held()}`,
        })
        console.log(`  ${limit}: gone after ${((performance.now() - began) / 1000).toFixed(1)} s`)
      }
      letGo = opened.length - held()
    } finally {
      for (const { socket } of opened) socket.destroy()
    }
    const after = residentMiB(api.pid())
    console.log(`  resident ${before.toFixed(0)} -> ${after.toFixed(0)} MiB`)
    expect(after - before).toBeLessThan(slowResidentMaxMiB)
    return { 'slow connections closed': letGo }
  },
}

const connectMany = async (
  url: string,
  count: number,
  { begin, goOn, doesNotRead = false }: Slow,
): Promise<readonly RawConnection[]> =>
  Promise.all(
    Array.from({ length: count }, async () => {
      const connection = await connectRaw(url)
      const { socket } = connection
      if (doesNotRead) socket.pause()
      socket.write(begin)
      if (goOn !== undefined) {
        const trickle = setInterval(() => socket.write(goOn), trickleEveryMs)
        socket.once('end', () => clearInterval(trickle)).once('close', () => clearInterval(trickle))
      }
      return connection
    }),
  )
