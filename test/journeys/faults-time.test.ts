import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createSecretStore } from '../../src/adapters/postgres/secrets.ts'
import { createKeys } from '../../src/adapters/redis/keys.ts'
import { createVoteIds } from '../../src/application/cast-vote/vote-id.ts'
import { compareEntryIds, type EntryId } from '../../src/domain/position.ts'
import { moreAccepted, survive } from '../support/fault-case.ts'
import { textIn } from '../support/keep-alive-client.ts'
import { type Attempt, checkLedger, describeCheck } from '../support/ledger-check.ts'
import { type Load, sessionMint, startLoad } from '../support/load.ts'
import { organisePoll, type OrganisedPoll, send } from '../support/organiser.ts'
import { clockOffBy, createSettableClock, type SettableClock } from '../support/other-clock.ts'
import { type System, useSystem } from '../support/system.ts'
import { connectViewer, type TestViewer } from '../support/viewer.ts'
import { createVoter } from '../support/voter.ts'
import { attemptVote } from '../support/voters.ts'
import { waitUntil } from '../support/wait-until.ts'

const hourMs = 3_600_000
const secondMs = 1_000
/** Somebody votes so shortly before the end, on a machine that is slow to ask. */
const votesUntilMs = 3_000
const fetchedWithinMs = 180_000
const sharedWithinMs = 15_000
const nothingWrong = { lost: 0, doubled: 0, phantom: 0 }
/** How far a clock may seem from where it was set, on a machine that is slow to answer. */
const clockSlackMs = 60_000

/** The stream's clock, which judges opening and closing. */
const streamNow = async ({ redisUrl }: System): Promise<number> => {
  const redis = new Redis(redisUrl)
  const [seconds, microseconds] = await redis.time()
  redis.disconnect()
  return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000)
}

const loadOn = async (system: System, poll: OrganisedPoll): Promise<Load> =>
  startLoad({
    pollId: poll.id,
    optionIds: poll.optionIds,
    urls: system.apis.map(({ url }) => url),
    identifyVoter: await sessionMint(system.database.pool),
    votesPerSecond: 400,
  })

/** When accepted votes were appended, by the stream's clock. */
const acceptanceTimes = async (system: System, attempts: readonly Attempt[]): Promise<readonly number[]> => {
  const voteIds = createVoteIds((await createSecretStore(system.database.pool).read()).service)
  return attempts.flatMap(({ outcome }) => {
    const position = outcome.result === 'accepted' ? voteIds.open(outcome.voteId)?.position : undefined
    // Epoch, milliseconds, number, index, in hexadecimal digits.
    return position === undefined ? [] : [Number.parseInt(position.slice(8, 20), 16)]
  })
}

const readLife = async ({ database }: System, { id }: OrganisedPoll) => {
  const { rows } = await database.pool.query<{ status: string; lateMs: number | null }>(
    `select status, extract(epoch from closed_at - closes_at)::float * 1000 as "lateMs" from poll where id = $1`,
    [id],
  )
  return rows[0]
}

const watch = (system: System, poll: OrganisedPoll): readonly TestViewer[] =>
  system.apis.map(({ url }) => connectViewer(`${url.replace('http', 'ws')}/ws/polls/${poll.id}`))

/** What viewers saw never went back, neither the version nor the time that it is of. */
const expectNothingWentBack = (viewers: readonly TestViewer[]): void => {
  for (const { messages } of viewers) {
    expect(messages.length).toBeGreaterThan(2)
    const versions = messages.map(({ version }) => version ?? Number.NaN)
    expect(versions).toEqual(versions.toSorted((a, b) => a - b))
    const times = messages.map(({ as_of: asOf }) => Date.parse(asOf ?? ''))
    expect(times).toEqual(times.toSorted((a, b) => a - b))
  }
}

describe.each([
  ['ahead of', 1],
  ['behind', -1],
] as const)('one api and one worker whose clocks are an hour %s the others', (_what, hours) => {
  let env: Readonly<Record<string, string>>
  beforeAll(async () => {
    env = await clockOffBy(hours)
  }, fetchedWithinMs)
  const system = useSystem({
    apis: 2,
    workers: 2,
    partitions: 4,
    prepare: async () => ({ envOfMember: { 'api 1': env, 'worker 1': env } }),
  })

  /** By how much their clocks are off, as they say themselves. */
  const readClocks = async (): Promise<readonly number[]> => {
    const answer = await send(system().apiUrl(1), 'GET', '/health/live')
    const logged = [...(system().workers[1]?.output() ?? '').matchAll(/"time":"([^"]+)"/g)].at(-1)?.[1]
    return [answer.headers.date, logged].map((text) => Date.parse(text ?? '') - Date.now())
  }

  /** How many partitions the worker owns whose clock is off, of those in which something is recorded. */
  const recordedByTheOther = async (): Promise<number> => {
    const { rows } = await system().database.pool.query<{ partitions: number }>(
      `select count(*)::integer as partitions from checkpoint where owner ~ $1 and recorded <> '0-0'`,
      [`-${system().workers[1]?.pid()}-`],
    )
    return rows[0]?.partitions ?? 0
  }

  test('every vote counts once, recorded by either worker, and no version goes back', async () => {
    await survive(system(), {
      fact: `the clocks of one api and one worker are ${hours} h off`,
      async inject({ load }) {
        for (const offByMs of await readClocks()) {
          expect(Math.abs(offByMs - hours * hourMs)).toBeLessThan(clockSlackMs)
        }
        await moreAccepted(load, 400)
        // Who came first may have all of them for a while.
        await waitUntil(async () => (await recordedByTheOther()) > 0, {
          withinMs: sharedWithinMs,
          what: 'the worker that is off records its share',
        })
        return {
          'clocks that are off': 2,
          'partitions recorded by the worker that is off': await recordedByTheOther(),
        }
      },
    })
  })

  test('closes_at is kept to within a second by the stream’s clock, over both apis', async () => {
    const closesAt = (await streamNow(system())) + 6_000
    const poll = await organisePoll(system().apiUrl(1), { closes_at: new Date(closesAt).toISOString() })
    const viewers = watch(system(), poll)
    const load = await loadOn(system(), poll)
    await waitUntil(async () => (await readLife(system(), poll))?.status === 'closed', { withinMs: 20_000 })
    await waitUntil(async () => (await poll.see()).results_final, { what: 'the result is final' })
    await load.stop()

    const times = await acceptanceTimes(system(), load.attempts)
    const latest = Math.max(...times)
    const { lateMs } = (await readLife(system(), poll)) ?? {}
    const check = await checkLedger(system().database.pool, poll.id, 1, load.attempts)
    console.log(
      `clocks ${hours} h off: the last of ${times.length} votes came ${closesAt - latest} ms before closes_at, final ${lateMs} ms after it: ${describeCheck(check)}`,
    )
    expect(check).toMatchObject(nothingWrong)
    expect(times.length).toBeGreaterThan(1_000)
    expect(latest).toBeLessThan(closesAt)
    expect(latest).toBeGreaterThan(closesAt - votesUntilMs)
    expect(lateMs).toBeGreaterThanOrEqual(0)
    expect(lateMs).toBeLessThan(secondMs)
    const refused = load.attempts.flatMap(({ outcome }) => (outcome.result === 'refused' ? [outcome.code] : []))
    expect(new Set(refused)).toEqual(new Set(['poll_closed']))
    for (const viewer of viewers) await viewer.sees((message) => message.results_final)
    expectNothingWentBack(viewers)
    for (const viewer of viewers) viewer.socket.terminate()
  })

  test('a session and a ticket of one api are good at the other, and end by the stream’s clock', async () => {
    const poll = await organisePoll(system().apiUrl(0))
    for (const [from, to] of [
      [0, 1],
      [1, 0],
    ] as const) {
      const voter = createVoter(system().apiUrl(from), 'token')
      expect((await attemptVote(voter, poll.id, [1])).outcome.result).toBe('accepted')
      voter.close()
      const headers = { 'voter-token': voter.session() ?? '' }
      const again = await send(system().apiUrl(to), 'POST', `/polls/${poll.id}/vote`, {
        headers,
        body: { option_ids: [2] },
      })
      expect([from, to, again.status, again.body]).toMatchObject([from, to, 409, { code: 'already_voted' }])

      const issued = await send(system().apiUrl(from), 'POST', `/polls/${poll.id}/ticket`, { headers })
      const endsAt = Date.parse(textIn(issued.body, 'expires_at') ?? '')
      expect(Math.abs(endsAt - (await streamNow(system())) - 600_000)).toBeLessThan(clockSlackMs)
      const ticket = textIn(issued.body, 'ticket') ?? ''
      const viewer = connectViewer(`${system().apiUrl(to).replace('http', 'ws')}/ws/polls/${poll.id}?ticket=${ticket}`)
      await waitUntil(() => viewer.messages.length > 0 || viewer.closed() !== null)
      expect([from, to, viewer.closed()]).toEqual([from, to, null])
      viewer.socket.terminate()
    }
  })
})

describe('a Redis whose clock is set back an hour', () => {
  let clock: SettableClock
  beforeAll(async () => {
    clock = await createSettableClock()
  }, fetchedWithinMs)
  // Undone in the reverse order: Redis ends before its clock is taken away.
  afterAll(() => clock.remove())
  const system = useSystem(() => ({
    apis: 2,
    workers: 2,
    partitions: 2,
    redis: 'own',
    redisUnder: clock.under,
  }))
  afterEach(() => clock.set(0))

  const setBack = async (): Promise<number> => {
    const before = await streamNow(system())
    clock.set(-hourMs)
    await waitUntil(async () => (await streamNow(system())) < before - hourMs / 2)
    return (await streamNow(system())) - before
  }

  const readIds = async (): Promise<readonly (readonly EntryId[])[]> => {
    const redis = new Redis(system().redisUrl)
    const keys = createKeys(system().redisPrefix)
    const entries = await Promise.all([0, 1].map(async (partition) => redis.xrange(keys.stream(partition), '-', '+')))
    redis.disconnect()
    // Redis makes ids of this form.
    return entries.map((found) => found.map(([id]) => id as EntryId))
  }

  /** Stands still over a clock that was set back; one that falls would have made the log count as lost. */
  const readEpochs = async (): Promise<readonly number[]> => {
    const { rows } = await system().database.pool.query<{ epoch: number }>(
      'select epoch from checkpoint order by partition',
    )
    return rows.map(({ epoch }) => epoch)
  }

  test('every vote counts once, ids only grow, also over a restart and when the clock is set right again', async () => {
    let epochs: readonly number[] = []
    await survive(system(), {
      fact: 'the clock of Redis is set back an hour, Redis is restarted, and the clock is set right',
      async inject({ load }) {
        // People have voted: each partition has an owner by now.
        epochs = await readEpochs()
        const setBackMs = await setBack()
        await moreAccepted(load, 400)
        await system().redis?.restart()
        await moreAccepted(load, 400)
        const stillBackMs = (await streamNow(system())) - Date.now()
        clock.set(0)
        await moreAccepted(load, 400)
        return {
          'clocks set back': setBackMs < -hourMs / 2 ? 1 : 0,
          'restarts on the clock that is back': stillBackMs < -hourMs / 2 ? 1 : 0,
        }
      },
    })
    expect(epochs).toHaveLength(2)
    expect(await readEpochs()).toEqual(epochs)
    for (const ids of await readIds()) {
      expect(ids.length).toBeGreaterThan(20)
      expect(ids).toEqual(ids.toSorted(compareEntryIds))
      expect(new Set(ids).size).toBe(ids.length)
    }
  })

  test('a poll that has reached its closes_at stays closed and its result final, whatever the clock says after that', async () => {
    const closesAt = (await streamNow(system())) + 5_000
    const poll = await organisePoll(system().apiUrl(0), { closes_at: new Date(closesAt).toISOString() })
    const viewers = watch(system(), poll)
    const load = await loadOn(system(), poll)
    const isRefused = ({ outcome }: Attempt): boolean => outcome.result === 'refused'
    await waitUntil(() => load.attempts.some(isRefused), { withinMs: 15_000, what: 'a door has shut' })
    // Whether or not the poll is closing by now: from here on the clock says that there is an hour left.
    await setBack()
    for (const { url } of system().apis) {
      await waitUntil(async () => (await poll.see(url)).results_final, {
        withinMs: 10_000,
        what: 'each api shows the final result',
      })
    }
    const final = await poll.see(system().apiUrl(1))
    await waitUntil(() => load.attempts.slice(-200).every(isRefused), {
      withinMs: 10_000,
      what: '200 votes in a row are refused',
    })
    await system().redis?.restart()
    const restartedAt = load.attempts.length
    await waitUntil(() => load.attempts.length > restartedAt + 200, { withinMs: 20_000 })
    clock.set(0)
    await load.stop()

    const times = await acceptanceTimes(system(), load.attempts)
    const check = await checkLedger(system().database.pool, poll.id, 1, load.attempts)
    console.log(
      `closed, then the clock set back: the last of ${times.length} votes came ${closesAt - Math.max(...times)} ms before closes_at: ${describeCheck(check)}`,
    )
    expect(check).toMatchObject(nothingWrong)
    expect(times.length).toBeGreaterThan(400)
    expect(Math.max(...times)).toBeLessThan(closesAt)
    expect(load.attempts.slice(restartedAt).filter(({ outcome }) => outcome.result === 'accepted')).toEqual([])
    expect(await poll.see()).toEqual(final)
    expect(final).toMatchObject({ status: 'closed', total_votes: check.acknowledged })
    expectNothingWentBack(viewers)
    for (const viewer of viewers) viewer.socket.terminate()
  })

  test('a poll whose closes_at has not come stays open as long as the clock says so, and closes once it has', async () => {
    const closesAt = (await streamNow(system())) + 6_000
    const poll = await organisePoll(system().apiUrl(0), { closes_at: new Date(closesAt).toISOString() })
    await setBack()
    const load = await loadOn(system(), poll)
    // By every other clock it is over.
    await waitUntil(() => Date.now() > closesAt + 500, { withinMs: 20_000 })
    await moreAccepted(load, 400)
    expect((await readLife(system(), poll))?.status).toBe('open')
    clock.set(0)
    await waitUntil(async () => (await poll.see()).results_final, { withinMs: 5_000, what: 'the result is final' })
    const isRefused = (): boolean => load.attempts.slice(-100).every(({ outcome }) => outcome.result === 'refused')
    await waitUntil(isRefused, { withinMs: 10_000, what: 'votes are refused' })
    await load.stop()
    const check = await checkLedger(system().database.pool, poll.id, 1, load.attempts)
    console.log(`the clock set back before closes_at, then set right: ${describeCheck(check)}`)
    expect(check).toMatchObject(nothingWrong)
    expect(await poll.see()).toMatchObject({ status: 'closed', total_votes: check.acknowledged })
  })
})
