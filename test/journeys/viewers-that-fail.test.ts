import { describe, expect, onTestFinished, test } from 'vitest'
import { createVoter } from '../../src/demo/voter.ts'
import { readEvents } from '../support/event-reader.ts'
import { connectLeanViewer } from '../support/lean-viewer.ts'
import { organisePoll, type OrganisedPoll } from '../support/organiser.ts'
import { useReadingRole } from '../support/reading-role.ts'
import { useSystem } from '../support/system.ts'
import { connectViewer } from '../support/viewer.ts'
import { attemptVote } from '../support/voters.ts'
import { waitUntil } from '../support/wait-until.ts'
import { startWatchingCrowd } from '../support/watching-crowd.ts'

/** Promise G5. */
const newestWithinMs = 2_000

const voteOnce = async (poll: OrganisedPoll, url: string): Promise<number> => {
  const before = await poll.see()
  const voter = createVoter(url, 'token')
  const { outcome } = await attemptVote(voter, poll.id, [poll.optionIds[0] ?? 0])
  voter.close()
  expect(outcome.result).toBe('accepted')
  await waitUntil(async () => (await poll.see()).version > before.version, { what: 'the vote is counted' })
  return (await poll.see()).version
}

describe('5,000 viewers who lose their connections at once', () => {
  const viewersCount = 5_000
  const backWithinMs = 15_000
  const reader = useReadingRole()
  const system = useSystem({ apis: 2, workers: 1, prepare: reader.prepare })

  test('are back with the state within 15 s, without a query to PostgreSQL, and see the next vote within 2 s', async () => {
    const { apis, database, apiUrl } = system()
    const poll = await organisePoll(apiUrl(0))
    await voteOnce(poll, apiUrl(0))
    const crowd = startWatchingCrowd(
      apis.map(({ url }) => url),
      poll.id,
      viewersCount,
    )
    onTestFinished(async () => crowd.stop())
    await crowd.backAfter(0, 2 * backWithinMs)

    const [first] = apis
    if (first === undefined) throw new Error('there are two apis')
    await reader.emptyStatistics(database)
    let beganAt = performance.now()
    const lastDrops = crowd.seen().drops
    first.signal('SIGTERM')
    await crowd.backAfter(lastDrops + viewersCount / 2, backWithinMs)
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
    await crowd.backAfter(dropsBefore + viewersCount, backWithinMs)
    const backMs = performance.now() - beganAt
    // A process that starts asks for the secrets; its viewers are no part of that.
    const asked = (await reader.asked(database)).filter(({ query }) => !query.includes('from secret'))
    console.log(
      `${viewersCount / 2} viewers of an api that stopped were back after ${Math.round(askedBackMs)} ms; ` +
        `${viewersCount} of two that were killed after ${Math.round(backMs)} ms (the apis served after ${Math.round(startedMs)} ms); ` +
        `${asked.length} queries`,
    )
    expect(backMs).toBeLessThan(backWithinMs)
    expect(asked).toEqual([])

    const version = await voteOnce(poll, apiUrl(0))
    const seeNewest = (): boolean => (crowd.seen().oldest ?? 0) >= version
    await waitUntil(seeNewest, { withinMs: newestWithinMs, what: 'every viewer sees the next vote' })
    expect(crowd.seen()).toMatchObject({ watching: viewersCount, timesBack: 0 })
  })
})

describe('viewers that answer no ping', () => {
  const pingEveryMs = 1_500
  const muteCount = 200
  const goodCount = 50
  /** What a busy machine may add; a third interval would be more. */
  const slackMs = 1_400
  const system = useSystem({ env: { VIEWER_PING_MS: String(pingEveryMs) } })

  test('are ended within two intervals of the first ping that they leave unanswered; others live on', async () => {
    const { apiUrl } = system()
    const url = apiUrl(0)
    const poll = await organisePoll(url)
    const good = Array.from({ length: goodCount }, () =>
      connectViewer(`${url.replace('http', 'ws')}/ws/polls/${poll.id}`),
    )
    const reader = await readEvents(`${url}/polls/${poll.id}/events`)
    onTestFinished(() => {
      for (const viewer of good) viewer.socket.terminate()
      reader.close()
    })
    await Promise.all(good.map(async (viewer) => viewer.sees(() => true)))

    const livedMs: number[] = []
    for (let number = 0; number < muteCount; number += 1) {
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
    await waitUntil(() => livedMs.length === muteCount, { withinMs: 15_000, what: 'all mute viewers are gone' })
    console.log(
      `${muteCount} mute viewers were ended ${Math.round(Math.min(...livedMs))} to ${Math.round(Math.max(...livedMs))} ms after their first ping, of one per ${pingEveryMs} ms`,
    )
    expect(Math.max(...livedMs)).toBeLessThan(2 * pingEveryMs + slackMs)

    const version = await voteOnce(poll, url)
    await Promise.all(good.map(async (viewer) => viewer.sees((message) => message.version === version, newestWithinMs)))
    await reader.sees((message) => message.version === version)
    expect(good.filter((viewer) => viewer.closed() !== null)).toEqual([])
    // Streams have no pings; a comment in each interval tells proxies that they are in use.
    expect(reader.text()).toContain('\n\n:\n\n')
  })
})
