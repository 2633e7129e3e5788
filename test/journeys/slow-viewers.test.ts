import { expect, test } from 'vitest'
import { createHttpClient } from '../../src/demo/http-client.ts'
import { createViewer } from '../../src/demo/viewer.ts'
import { sleep } from '../../src/runtime/stop-signal.ts'
import { sessionMint } from '../support/load.ts'
import { organisePoll } from '../support/organiser.ts'
import { connectRawViewer, OPCODES, type RawViewer, writeFrame } from '../support/raw-frames.ts'
import { residentMiB } from '../support/process-figures.ts'
import { sumMetric } from '../support/sum-metric.ts'
import { useSystem } from '../support/system.ts'
import { waitUntil } from '../support/wait-until.ts'

const slowCount = 1_000
const connectedAtOnce = 50
const healthyCount = 40
const voteEveryMs = 40
const votesBefore = 100
const votesMax = 2_000
/** So much later than the others the last ones come: given up later, they can still read why when the first ones are cut. */
const votesBeforeLast = 50
const memoryMaxMiB = 512
/** Who does not read hears no ping; a pong that nobody asked for shows all the same that it is there. */
const pongEveryMs = 10_000
/** What others do on the machine moves the 99th percentile of so few votes by as much. */
const noiseMs = 150
const tooSlow = 4508

// What the kernel holds for a connection hides a slow viewer: long messages, and little that waits above it.
const system = useSystem({ workers: 1, env: { VIEWER_BUFFER_BYTES_MAX: '4096', UPDATE_INTERVAL_MS: '20' } })
const manyOptions = Array.from({ length: 100 }, (_, number) => `Option ${number}`)

/** What is measured on a machine that others may use at the same moment is measured once more; a vote that is lost is lost at once. */
const measured = { timeout: 240_000, retry: { count: 1, condition: /to be (?:less|greater) than/ } }

test(
  '1,000 viewers that never read keep nobody waiting: they are skipped, then given up, and memory stays bounded',
  measured,
  async () => {
    const { apis, database, apiUrl } = system()
    // Planned with one.
    const api = apis[0]!
    const poll = await organisePoll(apiUrl(0), { options: manyOptions })
    const identifyVoter = await sessionMint(database.pool)
    const client = createHttpClient(apiUrl(0))
    /** When each vote, counted from 1, was sent; and how long each healthy viewer then waited for a message that counts it. */
    const sentAt: number[] = [0]
    let waits: number[] = []
    const healthy = Array.from({ length: healthyCount }, () => {
      let seen = 0
      return createViewer(api.url, poll.id, ({ total_votes: total }, at) => {
        for (; seen < (total ?? 0); seen += 1) waits.push(at - (sentAt[seen + 1] ?? at))
      })
    })
    const slow: RawViewer[] = []
    let mostMiB = 0
    const pong = writeFrame({ opcode: OPCODES.pong })
    const ponging = setInterval(() => {
      for (const { socket } of slow) socket.write(pong)
    }, pongEveryMs)

    const vote = async (): Promise<void> => {
      const session = identifyVoter.session({ voterToken: null, sessionCookie: null })
      if ('refused' in session) throw new Error(session.detail)
      sentAt.push(performance.now())
      const answer = await client.send('POST', `/polls/${poll.id}/vote`, {
        body: { option_id: poll.optionIds[0] },
        headers: { 'voter-token': session.token },
      })
      expect(answer.status).toBe(202)
      mostMiB = Math.max(mostMiB, residentMiB(api.pid()))
      await sleep(voteEveryMs)
    }
    const seeAll = async (): Promise<void> =>
      waitUntil(() => healthy.every((viewer) => viewer.newest()?.total_votes === sentAt.length - 1), {
        withinMs: 10_000,
        what: 'each healthy viewer sees each vote',
      })
    const viewersNow = async (): Promise<number> => sumMetric(apis, 'tallycast_viewers')

    try {
      await waitUntil(() => healthy.every((viewer) => viewer.newest() !== null))
      for (let n = 0; n < votesBefore; n += 1) await vote()
      await seeAll()
      const before = describeWaits(waits)
      waits = []

      while (slow.length < slowCount) {
        const isLast = slow.length + connectedAtOnce >= slowCount
        for (let n = 0; isLast && n < votesBeforeLast; n += 1) await vote()
        const more = Array.from({ length: connectedAtOnce }, async () => {
          const viewer = await connectRawViewer(api.url, `/ws/polls/${poll.id}`)
          viewer.socket.pause()
          return viewer
        })
        slow.push(...(await Promise.all(more)))
      }
      await waitUntil(async () => (await viewersNow()) === healthyCount + slowCount, {
        what: 'all viewers are counted',
      })
      const beganAt = performance.now()
      // A socket that does not answer the close is gone some seconds after it was given up.
      for (let n = 0; (await viewersNow()) === healthyCount + slowCount; n += 1) {
        expect(n).toBeLessThan(votesMax)
        await vote()
      }
      const firstGoneMs = performance.now() - beganAt
      // Who reads now, before its connection is cut, learns why.
      for (const viewer of slow) viewer.socket.resume()
      await waitUntil(async () => (await viewersNow()) === healthyCount, {
        withinMs: 30_000,
        what: 'each slow viewer is closed',
      })
      await waitUntil(() => slow.every((viewer) => viewer.isEnded()), { what: 'each slow connection has ended' })
      await seeAll()
      const during = describeWaits(waits)
      const codes = slow.map((viewer) => viewer.closeCode())
      const told = codes.filter((code) => code === tooSlow).length
      console.log(
        `vote to message: p50 ${before.p50} ms, p99 ${before.p99} ms before; p50 ${during.p50} ms, p99 ${during.p99} ms beside ${slowCount} viewers that do not read; the first was gone after ${Math.round(firstGoneMs)} ms; ${told} read 4508, ${slowCount - told} were cut; ${Math.round(mostMiB)} MiB at most`,
      )
      // Who reads too late is cut, and hears nothing; who hears why is told that it was too slow.
      expect([...new Set(codes)].filter((code) => code !== null && code !== tooSlow)).toEqual([])
      expect(during.p99).toBeLessThanOrEqual(Math.max(2 * before.p99, before.p99 + noiseMs))
      expect(mostMiB).toBeLessThanOrEqual(memoryMaxMiB)
      for (const viewer of healthy) expect(viewer.timesBack()).toBe(0)
    } finally {
      clearInterval(ponging)
      for (const viewer of healthy) viewer.close()
      for (const { socket } of slow) socket.destroy()
      client.close()
    }
  },
)

const describeWaits = (waits: readonly number[]): { readonly p50: number; readonly p99: number } => {
  const sorted = waits.toSorted((a, b) => a - b)
  const at = (share: number): number => Math.round(sorted[Math.floor(sorted.length * share)] ?? 0)
  return { p50: at(0.5), p99: at(0.99) }
}
