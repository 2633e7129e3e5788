import { beforeAll, describe, expect, test } from 'vitest'
import { sleep } from '../../src/runtime/stop-signal.ts'
import { createVoter } from '../../src/demo/voter.ts'
import { type Attempt, checkLedger, describeCheck } from '../support/ledger-check.ts'
import { organisePoll, type OrganisedPoll } from '../support/organiser.ts'
import { countConnections, residentMiB } from '../support/process-figures.ts'
import { connectRawViewer, OPCODES, writeFrame } from '../support/raw-frames.ts'
import { connectRaw, exchangeRaw, type RawConnection } from '../support/raw-http.ts'
import { type ServerProcess, startServerProcess } from '../support/server-process.ts'
import { type Member, useSystem } from '../support/system.ts'
import { connectViewer } from '../support/viewer.ts'
import { attemptVote } from '../support/voters.ts'
import { waitUntil } from '../support/wait-until.ts'

/** After so long the service has let go of who does not go on: its own limit, the wait until it looks, and what a busy machine adds. */
const goneWithinMs = { headers: 5_000 + 2_000 + 8_000, body: 10_000 + 2_000 + 8_000, all: 45_000 + 15_000 }
const trickleEveryMs = 250

const shutdownMs = 10_000
const watchers = 20

const system = useSystem({ admins: 2, env: { LOG_LEVEL: 'warn' } })
let api: Member

beforeAll(() => {
  // There is one, as planned.
  api = system().apis[0]!
})

/** `stop`: fails unless each was answered within this time. */
type Voting = { readonly stop: (withinMs: number) => Promise<string> }

/** New people vote one after the other, ten in a second, until it is told to stop; each is answered at once. */
function keepVoting(poll: OrganisedPoll): Voting {
  const attempts: Attempt[] = []
  const tookMs: number[] = []
  const stopping = new AbortController()
  const voting = (async () => {
    while (!stopping.signal.aborted) {
      const voter = createVoter(api.url, 'token')
      const attempt = await attemptVote(voter, poll.id, [1], 0)
      voter.close()
      attempts.push(attempt)
      tookMs.push(performance.now() - attempt.beganAt)
      await sleep(100, stopping.signal)
    }
  })()
  return {
    async stop(withinMs) {
      stopping.abort()
      await voting
      const sorted = tookMs.toSorted((a, b) => a - b)
      const [middle = 0, longest = 0] = [sorted[sorted.length >> 1], sorted.at(-1)]
      expect(attempts.filter(({ outcome }) => outcome.result !== 'accepted')).toEqual([])
      expect(longest).toBeLessThan(withinMs)
      await waitUntil(async () => (await poll.see()).total_votes === attempts.length, { what: 'the votes are counted' })
      const check = await checkLedger(system().database.pool, poll.id, 1, attempts)
      expect(check).toMatchObject({ lost: 0, doubled: 0, phantom: 0 })
      return `${describeCheck(check)}; half within ${middle.toFixed(0)} ms, all within ${longest.toFixed(0)} ms`
    },
  }
}

const connections = async (of: Member): Promise<number> => countConnections(of.opsUrl)

/** Connections that go on with what they say, one byte at a time, or say nothing more. */
type Slow = { readonly what: string; readonly begin: string; readonly goOn?: string; readonly doesNotRead?: boolean }

async function connectMany(count: number, slow: Slow): Promise<readonly RawConnection[]> {
  const { begin, goOn, doesNotRead = false } = slow
  return Promise.all(
    Array.from({ length: count }, async () => {
      const connection = await connectRaw(api.url)
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
}

describe.concurrent('who is slow on purpose', () => {
  test('600 slow connections are closed within their limits; votes meanwhile are answered at once, and memory stays bounded', async () => {
    const poll = await organisePoll(api.url)
    const post = `POST /polls/${poll.id}/vote HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 4000\r\n\r\n`
    const handshake = `GET /ws/polls/${poll.id} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`
    const bundle = 'GET /docs/static/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n\r\n'
    const byLimit: Readonly<Record<keyof typeof goneWithinMs, readonly (readonly [number, Slow])[]>> = {
      headers: [
        [100, { what: 'say nothing', begin: '' }],
        [100, { what: 'trickle headers', begin: 'GET / HTTP/1.1\r\nHost: x\r\nX: ', goOn: 'y' }],
        [100, { what: 'trickle a handshake', begin: handshake, goOn: 'X: y\r\n' }],
      ],
      body: [
        [100, { what: 'trickle a body', begin: post, goOn: ' ' }],
        [
          80,
          {
            what: 'trickle a chunk',
            begin: post.replace('Content-Length: 4000', 'Transfer-Encoding: chunked') + 'fff\r\n',
            goOn: ' ',
          },
        ],
      ],
      all: [
        [20, { what: 'do not read', begin: bundle.repeat(12), doesNotRead: true }],
        [
          100,
          {
            what: 'watch and never answer',
            begin: `${handshake}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
          },
        ],
      ],
    }
    const before = { connections: await connections(api), residentMiB: residentMiB(api.pid()) }
    const voting = keepVoting(poll)
    const opened: RawConnection[] = []
    const began = performance.now()
    try {
      await Promise.all(
        Object.values(byLimit)
          .flat()
          .map(async ([count, slow]) => opened.push(...(await connectMany(count, slow)))),
      )
      // Else nobody was slow.
      await waitUntil(async () => (await connections(api)) > before.connections + 550, { what: 'all are connected' })
      let left = opened.length
      for (const limit of ['headers', 'body', 'all'] as const) {
        left -= byLimit[limit].reduce((sum, [count]) => sum + count, 0)
        await waitUntil(async () => (await connections(api)) <= before.connections + left + 10, {
          withinMs: goneWithinMs[limit] - (performance.now() - began),
          what: `those are gone who ${byLimit[limit].map(([, { what }]) => what).join(', or ')}`,
        })
        console.log(`${limit}: gone after ${((performance.now() - began) / 1000).toFixed(1)} s`)
      }
    } finally {
      for (const { socket } of opened) socket.destroy()
    }
    const said = await voting.stop(3_000)
    const after = { residentMiB: residentMiB(api.pid()) }
    console.log(
      `${opened.length} slow connections; ${said}; resident ${before.residentMiB.toFixed(0)} -> ${after.residentMiB.toFixed(0)} MiB`,
    )
    expect(after.residentMiB - before.residentMiB).toBeLessThan(250)
  })

  test('gRPC clients that stop in the middle of a stream are let go of, and do not keep the admin from ending', async () => {
    // The second of two: the first serves the api.
    const admin = system().admins[1]!
    const { host } = new URL(admin.url)
    const { id } = await organisePoll(api.url)
    const before = await connections(admin)
    const first = await startWatchers(host, id, watchers)
    try {
      await waitUntil(async () => (await connections(admin)) >= before + watchers, { what: 'all are connected' })
      first.signal('SIGSTOP')
      const began = performance.now()
      await waitUntil(async () => (await connections(admin)) < before + 5, {
        withinMs: goneWithinMs.all,
        what: 'the stopped watchers are let go of',
      })
      console.log(`stopped watchers were let go of after ${((performance.now() - began) / 1000).toFixed(1)} s`)
    } finally {
      first.signal('SIGKILL')
      await first.stop()
    }
    const second = await startWatchers(host, id, watchers)
    try {
      second.signal('SIGSTOP')
      const began = performance.now()
      admin.signal('SIGTERM')
      expect(await admin.ended(20_000)).toEqual({ exitCode: 0, signal: null })
      console.log(`with stopped watchers the admin ended after ${((performance.now() - began) / 1000).toFixed(1)} s`)
      expect(performance.now() - began).toBeLessThan(shutdownMs + 3_000)
    } finally {
      second.signal('SIGKILL')
      await second.stop()
    }
  })
})

/** A process that watches over connections of its own; resolves when it sees the poll on all of them. */
async function startWatchers(address: string, pollId: string, count: number): Promise<ServerProcess> {
  const env = { GRPC_ADDRESS: address, POLL_ID: pollId, CONNECTIONS: String(count) }
  const watching = startServerProcess({ name: 'watchers', program: 'programs/poll-watcher.ts', env })
  await waitUntil(() => watching.output().includes('all watch'), {
    withinMs: 20_000,
    what: 'the watchers see the poll',
  })
  return watching
}

test('what floods leave behind does not grow with their number; votes and viewers go on', async () => {
  const poll = await organisePoll(api.url)
  const voting = keepVoting(poll)
  const steady = connectViewer(`${api.url.replace('http', 'ws')}/ws/polls/${poll.id}`)
  await steady.sees(() => true)
  const residents = [residentMiB(api.pid())]
  for (let round = 0; round < 4; round += 1) {
    await flood(poll.id)
    residents.push(residentMiB(api.pid()))
  }
  const held = await connections(api)
  // The floods come from this very machine, and take their share of it.
  const said = await voting.stop(10_000)
  const { total_votes: total } = await poll.see()
  await steady.sees((message) => message.total_votes === total)
  console.log(`${said}; resident ${residents.map((mib) => mib.toFixed(0)).join(' -> ')} MiB; ${held} connections`)
  expect(steady.closed()).toBeNull()
  steady.socket.close()
  // What the first two have not needed, the next two do not either.
  expect(residents[4]! - residents[2]!).toBeLessThan(128)
  expect(residents[4]! - residents[0]!).toBeLessThan(200)
})

/** Much at once of everything that is too much. */
async function flood(pollId: string): Promise<void> {
  const frames = (opcode: number, count: number, isLast = true): Buffer =>
    Buffer.concat(Array.from({ length: count }, () => writeFrame({ opcode, payload: 'x', isLast })))
  const floods = [
    [frames(OPCODES.ping, 5_000)],
    [frames(OPCODES.pong, 5_000)],
    [frames(OPCODES.text, 5_000)],
    [writeFrame({ opcode: OPCODES.text, isLast: false }), frames(OPCODES.continuation, 5_000, false)],
    [writeFrame({ opcode: OPCODES.text, payload: 'x'.repeat(1_000_000) })],
  ]
  const viewers = Array.from({ length: 50 }, async (_, index) => {
    const { socket, ends } = await connectRawViewer(api.url, `/ws/polls/${pollId}`)
    for (const bytes of floods[index % floods.length] ?? []) socket.write(bytes)
    expect(await ends()).toBeOneOf([1008, 1009, null])
    socket.destroy()
  })
  const head = `POST /polls/${pollId}/vote HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n`
  const requests = [
    `${head}Content-Length: 3000000\r\n\r\n${'x'.repeat(3_000_000)}`,
    `${head}Transfer-Encoding: chunked\r\n\r\n${`8000\r\n${'['.repeat(32_768)}\r\n`.repeat(20)}`,
    `${head}X: ${'y'.repeat(1_000_000)}\r\n\r\n`,
    `POST /polls HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 130000\r\n\r\n${'['.repeat(130_000)}`,
    'nonsense\r\n'.repeat(100_000),
  ]
  const exchanges = Array.from({ length: 200 }, async (_, index) => {
    const { answers, rest } = await exchangeRaw(api.url, requests[index % requests.length] ?? '')
    expect([answers.filter(({ status }) => status < 400 || status >= 500), rest]).toEqual([[], ''])
  })
  await Promise.all([...viewers, ...exchanges])
}
