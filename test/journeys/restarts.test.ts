import { connect } from 'node:net'
import { afterEach, describe, expect, onTestFinished, test } from 'vitest'
import { sleep } from '../../src/runtime/stop-signal.ts'
import { readEvents } from '../support/event-reader.ts'
import { type Fault, moreAccepted, survive } from '../support/fault-case.ts'
import { killAdmin, restartAdmin, restartApis, restartWorkers } from '../support/faults/restart-faults.ts'
import { createHook } from '../support/hooks.ts'
import { type Load, sessionMint, startLoad } from '../support/load.ts'
import { organisePoll, type OrganisedPoll } from '../support/organiser.ts'
import { startServerProcess } from '../support/server-process.ts'
import { useSystem } from '../support/system.ts'
import { connectViewer, type TestViewer } from '../support/viewer.ts'
import { waitUntil } from '../support/wait-until.ts'

const votesPerSecond = 400
/** SHUTDOWN_TIMEOUT_MS as it is by default, after which a process ends itself with status 1. */
const shutdownTimeoutMs = 10_000
const inOrder = { exitCode: 0, signal: null }

const hook = createHook()
const system = useSystem({
  apis: 2,
  workers: 2,
  partitions: 4,
  programOf: { admin: 'programs/hooked-admin.ts' },
  env: hook.env,
})
afterEach(() => hook.clear())

describe('planned restarts while 400 people vote in each second, each of whom asks at most once more', () => {
  const faults: readonly Fault[] = [restartApis, restartWorkers, restartAdmin, killAdmin(hook)]
  test.each(faults)('$fact', async (fault) => {
    const { load } = await survive(system(), fault, { votesPerSecond, retriesMax: 1 })
    expect(load.attempts.filter(({ outcome }) => outcome.result !== 'accepted')).toEqual([])
  })
})

/** Votes that arrive until the test has ended. */
const letVote = async (poll: OrganisedPoll): Promise<Load> => {
  const { database, apis } = system()
  const urls = apis.map(({ url }) => url)
  const identifyVoter = await sessionMint(database.pool)
  const load = startLoad({ pollId: poll.id, optionIds: poll.optionIds, urls, identifyVoter, votesPerSecond })
  onTestFinished(async () => load.stop())
  return load
}

const socketsCount = 300
const streamsCount = 30
/** With so few viewers they are asked to come back within the shortest spread. */
const spreadMs = 1_000
const backWithinMs = 3_000

test('an api that stops asks its viewers to come back, spread over time, and each sees the newest state elsewhere', async () => {
  const [leaving, staying] = system().apis
  if (leaving === undefined || staying === undefined) throw new Error('there are two apis')
  const poll = await organisePoll(staying.url)
  const load = await letVote(poll)
  const view = (url: string): TestViewer => connectViewer(`${url.replace('http', 'ws')}/ws/polls/${poll.id}`)
  const follow = async (url: string) => readEvents(`${url}/polls/${poll.id}/events`)
  const viewers = Array.from({ length: socketsCount }, () => view(leaving.url))
  const readers = await Promise.all(Array.from({ length: streamsCount }, async () => follow(leaving.url)))
  await Promise.all(viewers.map(async (viewer) => viewer.sees(() => true)))
  // What keeps a careless server from ending: a connection with half a request on it.
  const half = connect(Number(new URL(leaving.url).port), '127.0.0.1')
  half.on('error', () => undefined)
  half.write('POST /session HTTP/1.1\r\nHost: half')
  await moreAccepted(load, 100)

  const stoppedAt = performance.now()
  leaving.signal('SIGTERM')
  await waitUntil(() => viewers.every((viewer) => viewer.closed() !== null), { what: 'every viewer was told' })
  await waitUntil(() => readers.every((reader) => reader.isEnded()), { what: 'every stream has ended' })
  expect(new Set(viewers.map((viewer) => viewer.closed()?.code))).toEqual(new Set([1012]))
  const askedOfSockets = viewers.map((viewer) => Number(/^retry_ms=(\d+)$/.exec(viewer.closed()?.reason ?? '')?.[1]))
  const askedOfStreams = readers.map((reader) => Number(/\nretry: (\d+)\n\n$/.exec(reader.text())?.[1]))
  console.log(`asked to come back within ms: ${describeSpread([...askedOfSockets, ...askedOfStreams])}`)
  for (const asked of [askedOfSockets, askedOfStreams]) expectSpread(asked)

  const comeBack = async (lastVersion: number, afterMs: number): Promise<void> => {
    await sleep(afterMs)
    const viewer = view(staying.url)
    const first = await viewer.sees(() => true, backWithinMs)
    viewer.socket.terminate()
    expect(first.version).toBeGreaterThanOrEqual(lastVersion)
  }
  await Promise.all([
    ...viewers.map(async (viewer, number) => comeBack(viewer.last()?.version ?? Infinity, askedOfSockets[number]!)),
    ...readers.map(async (reader, number) =>
      comeBack(reader.events.at(-1)?.message.version ?? Infinity, askedOfStreams[number]!),
    ),
  ])
  expect(await leaving.ended()).toEqual(inOrder)
  const tookMs = performance.now() - stoppedAt
  console.log(`ended in order after ${Math.round(tookMs)} ms at most, half a request on a connection notwithstanding`)
  expect(tookMs).toBeLessThan(shutdownTimeoutMs)
  half.destroy()
  await leaving.restart()
})

/** How many values lie in each fifth of the spread. */
const fifths = (values: readonly number[]): readonly number[] =>
  [0, 1, 2, 3, 4].map((fifth) => values.filter((ms) => Math.min(4, Math.floor((ms / spreadMs) * 5)) === fifth).length)

const describeSpread = (values: readonly number[]): string =>
  fifths(values)
    .map((count, fifth) => `${(fifth * spreadMs) / 5}+: ${count}`)
    .join(', ')

/** Nobody at another time, and in no fifth of it so many that they come together. */
const expectSpread = (values: readonly number[]): void => {
  expect(values.filter((ms) => !(ms >= 0 && ms <= spreadMs))).toEqual([])
  expect(Math.max(...fifths(values))).toBeLessThan(values.length * 0.7)
}

test('an admin whose watching client has stopped reading and answering ends in order all the same', async () => {
  const { apis, admins } = system()
  const [admin] = admins
  if (admin === undefined) throw new Error('there is an admin')
  const poll = await organisePoll(apis[0]?.url ?? '')
  const watcher = startServerProcess({
    name: 'watcher',
    program: 'programs/poll-watcher.ts',
    // So many that what they are sent fills the connection within a second or two.
    env: { GRPC_ADDRESS: new URL(admin.url).host, POLL_ID: poll.id, STREAMS: '100' },
  })
  onTestFinished(async () => watcher.stop())
  const load = await letVote(poll)
  await waitUntil(() => watcher.output().length >= 200, { withinMs: 15_000, what: 'the streams carry updates' })
  watcher.signal('SIGSTOP')
  // What it wrote before that may still be on its way to us; votes come all the time.
  let heard = 0
  await waitUntil(
    async () => {
      const before = watcher.output().length
      await moreAccepted(load, votesPerSecond)
      heard = watcher.output().length
      return heard === before
    },
    { withinMs: 15_000, what: 'the watcher says nothing any more' },
  )
  await moreAccepted(load, 3 * votesPerSecond)
  const stoppedAt = performance.now()
  admin.signal('SIGTERM')
  expect(await admin.ended()).toEqual(inOrder)
  const tookMs = performance.now() - stoppedAt
  console.log(`the admin ended ${Math.round(tookMs)} ms after SIGTERM, with a client that had stopped reading`)
  expect(tookMs).toBeLessThan(shutdownTimeoutMs)
  expect(watcher.output().length).toBe(heard)
  await admin.restart()
})
