// Viewers that do not read, do not answer, or all come back at once.
import { expect } from 'vitest'
import { createTallies } from '../../../src/adapters/postgres/tallies.ts'
import { readEvents } from '../event-reader.ts'
import { type Fault, type FaultScene, isRecorded, moreAccepted } from '../fault-case.ts'
import { connectLeanViewer } from '../lean-viewer.ts'
import { heldConnections, residentMiB } from '../process-figures.ts'
import { connectRawViewer, OPCODES, type RawViewer, writeFrame } from '../raw-frames.ts'
import type { ReadingRole } from '../reading-role.ts'
import { sumMetric } from '../sum-metric.ts'
import type { Member } from '../system.ts'
import { connectViewer, type TestViewer } from '../viewer.ts'
import { waitUntil } from '../wait-until.ts'
import { startWatchingCrowd } from '../watching-crowd.ts'
import { describeWaits, followWaits } from '../vote-waits.ts'

/** Promise G5. */
const newestWithinMs = 2_000
const recordedWithinMs = 10_000

const givenUp = async (apis: readonly Member[], cause: 'too_slow' | 'no_pong'): Promise<number> =>
  sumMetric(apis, 'tallycast_viewers_given_up_total', `cause="${cause}"`)

const slow = {
  count: 1_000,
  connectedAtOnce: 50,
  /** So many more votes come before the last ones connect: given up later, they can still read why. */
  votesBeforeLast: 800,
  healthy: 30,
  votesBefore: 800,
  /** To fill what the kernel holds for each connection, and the time that nobody may be behind. */
  givenUpWithinMs: 90_000,
  /** All metrics of a process with so many connections take it a moment. */
  lookedAtEveryMs: 500,
  /** A socket that does not answer the close is cut some seconds after it was given up. */
  letGoWithinMs: 30_000,
  memoryMaxMiB: 512,
  /** Who does not read hears no ping; a pong that nobody asked for shows all the same that it is there. */
  pongEveryMs: 10_000,
  /** What others do on the machine moves the 99th percentile by as much. */
  noiseMs: 200,
} as const
const tooSlow = 4508

/** They never read. Needs short buffers above the kernel's, and many updates a second. */
export const readNothing: Fault = {
  fact: '1,000 viewers that never read keep nobody waiting: they are skipped, then each is given up, and memory stays bounded',
  // What the kernel holds for a connection hides a slow viewer: long messages fill it sooner.
  plan: {
    definition: { options: Array.from({ length: 100 }, (_, number) => `Option ${number}`) },
    changeShare: 0,
    votesPerSecond: 320,
  },
  async inject(scene) {
    const { system, poll, load } = scene
    const { apis } = system
    // Of the api that has the slow viewers.
    const api = apis[0]!
    const waits = followWaits(api.url, poll.id, slow.healthy)
    const viewers: RawViewer[] = []
    const pong = writeFrame({ opcode: OPCODES.pong })
    const ponging = setInterval(() => {
      for (const { socket } of viewers) socket.write(pong)
    }, slow.pongEveryMs)
    let mostMiB = 0
    const givenUpBefore = await givenUp(apis, 'too_slow')
    try {
      const begunAt = performance.now()
      await moreAccepted(load, slow.votesBefore)
      const connectedFrom = performance.now()
      while (viewers.length < slow.count) {
        if (viewers.length + slow.connectedAtOnce >= slow.count) await moreAccepted(load, slow.votesBeforeLast)
        const more = Array.from({ length: slow.connectedAtOnce }, async () => {
          const viewer = await connectRawViewer(api.url, `/ws/polls/${poll.id}`)
          viewer.socket.pause()
          return viewer
        })
        viewers.push(...(await Promise.all(more)))
      }
      const connectedAt = performance.now()
      const ports = viewers.map(({ socket }) => socket.localPort ?? 0)
      let given = 0
      const allGivenUp = async (): Promise<boolean> => {
        mostMiB = Math.max(mostMiB, residentMiB(api.pid()))
        given = (await givenUp(apis, 'too_slow')) - givenUpBefore
        return given >= slow.count
      }
      const what = (): string => `each of ${slow.count} viewers is given up, not ${given}`
      await waitUntil(allGivenUp, { withinMs: slow.givenUpWithinMs, everyMs: slow.lookedAtEveryMs, what })
      const givenUpAt = performance.now()
      // Who reads now, before its connection is cut, learns why: the last ones, for all would be gigabytes.
      const readers = viewers.slice(-slow.connectedAtOnce)
      for (const { socket } of readers) socket.resume()
      await waitUntil(() => heldConnections(api.url, ports) === 0, {
        withinMs: slow.letGoWithinMs,
        what: 'the api has let go of each slow connection',
      })
      await waitUntil(() => readers.every((viewer) => viewer.isEnded()), { what: 'who reads has read it all' })
      const codes = readers.map((viewer) => viewer.closeCode())
      const told = codes.filter((code) => code === tooSlow).length
      await waits.allSeen(load)
      const before = describeWaits(waits.between(load, begunAt, connectedFrom))
      const during = describeWaits(waits.between(load, connectedAt, givenUpAt))
      console.log(
        `  vote to message: p50 ${before.p50} ms, p99 ${before.p99} ms before; p50 ${during.p50} ms, p99 ${during.p99} ms beside ${slow.count} viewers that do not read; ` +
          `connected within ${Math.round(connectedAt - connectedFrom)} ms, all given up ${Math.round(givenUpAt - connectedAt)} ms later; of ${readers.length} who read then ${told} read 4508; ${Math.round(mostMiB)} MiB at most`,
      )
      // Who reads too late is cut, and hears nothing; who hears why is told that it was too slow.
      expect([...new Set(codes)].filter((code) => code !== null && code !== tooSlow)).toEqual([])
      // Each of them, and none of the others.
      expect((await givenUp(apis, 'too_slow')) - givenUpBefore).toBe(slow.count)
      expect(waits.timesBack()).toBe(0)
      expect(during.p99).toBeLessThanOrEqual(Math.max(2 * before.p99, before.p99 + slow.noiseMs))
      expect(mostMiB).toBeLessThanOrEqual(slow.memoryMaxMiB)
      return {
        'viewers given up as too slow': given,
        'read why in time': told,
        'waits measured beside them': during.count,
      }
    } finally {
      clearInterval(ponging)
      waits.stop()
      for (const { socket } of viewers) socket.destroy()
    }
  },
}

const mute = { count: 200, good: 50 } as const

/** They read, and answer no ping. */
export const answerNoPing = (pingEveryMs: number): Fault => ({
  fact: 'viewers that answer no ping are ended within two intervals of the first one that they leave unanswered; others live on',
  async inject({ system, poll }) {
    const { apis, apiUrl } = system
    const url = apiUrl(0)
    const before = await givenUp(apis, 'no_pong')
    const good = Array.from({ length: mute.good }, () => watch(url, poll.id))
    const reader = await readEvents(`${url}/polls/${poll.id}/events`)
    const livedMs: number[] = []
    try {
      await Promise.all(good.map(async (viewer) => viewer.sees(() => true)))
      for (let number = 0; number < mute.count; number += 1) {
        let pingedAt = 0
        const isMute = true
        const listener = {
          onPing: (): void => {
            pingedAt ||= performance.now()
          },
          onEnd: () => livedMs.push(pingedAt === 0 ? Infinity : performance.now() - pingedAt),
        }
        connectLeanViewer(url, poll.id, listener, isMute)
      }
      await waitUntil(() => livedMs.length === mute.count, {
        withinMs: 10 * pingEveryMs,
        what: 'all mute viewers are gone',
      })
      console.log(
        `  ${mute.count} mute viewers were ended ${Math.round(Math.min(...livedMs))} to ${Math.round(Math.max(...livedMs))} ms after their first ping, of one per ${pingEveryMs} ms`,
      )
      // A third interval would be more than what a busy machine adds.
      expect(Math.max(...livedMs)).toBeLessThan(2.9 * pingEveryMs)
      const { version } = await poll.see()
      await Promise.all(
        good.map(async (viewer) => viewer.sees((seen) => (seen.version ?? 0) >= version, newestWithinMs)),
      )
      await reader.sees((seen) => (seen.version ?? 0) >= version)
      expect(good.filter((viewer) => viewer.closed() !== null)).toEqual([])
      // Streams have no pings; a comment in each interval tells proxies that they are in use.
      expect(reader.text()).toContain('\n\n:\n\n')
      const ended = (await givenUp(apis, 'no_pong')) - before
      expect(ended).toBe(mute.count)
      return { 'viewers given up for their silence': ended }
    } finally {
      for (const viewer of good) viewer.socket.terminate()
      reader.close()
    }
  },
})

const watch = (url: string, pollId: string): TestViewer =>
  connectViewer(`${url.replace('http', 'ws')}/ws/polls/${pollId}`)

const storm = { viewers: 5_000, backWithinMs: 15_000 } as const

/** All lose their connections: half of them in order, then everybody at once. Needs two apis with the reading role. */
export const loseAllViewers = (reader: ReadingRole): Fault => ({
  fact: '5,000 viewers who lose their connections at once are back with the state within 15 s, without a query to PostgreSQL, and see the newest within 2 s',
  async inject(scene) {
    const { database, apis } = scene.system
    const urls = apis.map(({ url }) => url)
    const crowd = startWatchingCrowd(urls, scene.poll.id, storm.viewers)
    try {
      await crowd.backAfter(0, 2 * storm.backWithinMs)
      // There are two.
      const first = apis[0]!
      await reader.emptyStatistics(database)
      let beganAt = performance.now()
      const lastDrops = crowd.seen().drops
      first.signal('SIGTERM')
      await crowd.backAfter(lastDrops + storm.viewers / 2, storm.backWithinMs)
      const askedBackMs = performance.now() - beganAt
      expect(await first.ended()).toEqual({ exitCode: 0, signal: null })
      expect(await reader.asked(database)).toEqual([])
      await first.restart()

      const dropsBefore = crowd.seen().drops
      await reader.emptyStatistics(database)
      beganAt = performance.now()
      for (const api of apis) api.signal('SIGKILL')
      await Promise.all(
        apis.map(async (api) => {
          await api.ended()
          await api.restart()
        }),
      )
      const startedMs = performance.now() - beganAt
      await crowd.backAfter(dropsBefore + storm.viewers, storm.backWithinMs)
      const backMs = performance.now() - beganAt
      // An api that starts asks for the secrets, the schema, its time limits and the number of partitions, and for the checkpoint when it takes its
      // first votes; viewers are no part of that.
      const ofTheStart = /from (?:secret|migration|checkpoint)\b|max\(partitions\)|current_setting\(name\)/
      const asked = (await reader.asked(database)).filter(({ query }) => !ofTheStart.test(query))
      console.log(
        `  ${storm.viewers / 2} viewers of an api that stopped were back after ${Math.round(askedBackMs)} ms; ` +
          `${storm.viewers} of two that were killed after ${Math.round(backMs)} ms (the apis served after ${Math.round(startedMs)} ms); ` +
          `${asked.length} queries`,
      )
      expect(backMs).toBeLessThan(storm.backWithinMs)
      expect(asked).toEqual([])

      const version = await settledVersion(scene)
      const seeNewest = (): boolean => (crowd.seen().oldest ?? 0) >= version
      await waitUntil(seeNewest, { withinMs: newestWithinMs, what: 'every viewer sees the newest vote' })
      expect(crowd.seen()).toMatchObject({ watching: storm.viewers, timesBack: 0 })
      return { 'connections lost': crowd.seen().drops }
    } finally {
      scene.load.resume()
      await crowd.stop()
    }
  },
})

/** Lets nobody come any more, and returns the version that has every vote. */
const settledVersion = async ({ system, poll, load }: FaultScene): Promise<number> => {
  load.pause()
  const isSettled = async (): Promise<boolean> => load.isIdle() && (await isRecorded(system))
  await waitUntil(isSettled, { withinMs: recordedWithinMs, what: 'everything is recorded' })
  const [tally] = await createTallies(system.database.pool).read([poll.id])
  return tally?.version ?? Infinity
}
