import { Redis } from 'ioredis'
import { describe, expect, test } from 'vitest'
import { type Attempt, checkLedger, countLedger, describeCheck } from '../support/ledger-check.ts'
import { organisePoll, type OrganisedPoll, type PollShown, send } from '../support/organiser.ts'
import { useSystem } from '../support/system.ts'
import { connectViewer } from '../support/viewer.ts'
import { createVoter } from '../support/voter.ts'
import { attemptVote, letVote, type Voters } from '../support/voters.ts'
import { waitUntil } from '../support/wait-until.ts'

const system = useSystem({ apis: 2, workers: 2, partitions: 4 })

const nothingWrong = { lost: 0, doubled: 0, phantom: 0 }
const votesBefore = 300
const votesAfter = 200

/** Voters who come until the test says stop, over both apis. */
const letVoteUntilStopped = (poll: OrganisedPoll): Voters & { readonly stop: () => Promise<void> } => {
  let isStopped = false
  const { apiUrl } = system()
  const voters = letVote({ pollId: poll.id, optionIds: poll.optionIds, apiUrl, goOn: () => !isStopped })
  const stop = async (): Promise<void> => {
    isStopped = true
    await voters.done
  }
  return { ...voters, stop }
}

const refusals = (attempts: readonly Attempt[]): readonly string[] => [
  ...new Set(attempts.flatMap(({ outcome }) => (outcome.result === 'refused' ? [outcome.code] : []))),
]

const watch = (poll: OrganisedPoll, number: number) =>
  connectViewer(`${system().apiUrl(number).replace('http', 'ws')}/ws/polls/${poll.id}`)

/** The final result, once every api shows it. */
const seeFinal = async (poll: OrganisedPoll): Promise<PollShown> => {
  for (const { url } of system().apis) {
    await waitUntil(async () => (await poll.see(url)).results_final, { what: 'each api shows the final result' })
  }
  return poll.see(system().apiUrl(1))
}

/** Ends every subscription: news that are published before a process has subscribed again never reach it. */
const cutNews = async (): Promise<void> => {
  const redis = new Redis(system().redisUrl)
  await redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
  redis.disconnect()
}

test('an api that has not heard of the close accepts no vote after it', async () => {
  const { apis, apiUrl, database } = system()
  const poll = await organisePoll(apiUrl(0))
  // It knows the poll as open, and cannot hear that this is over.
  const { voter: witness, outcome } = await attemptVote(createVoter(apiUrl(1), 'token'), poll.id, [1])
  expect(outcome.result).toBe('accepted')
  const voters = Array.from({ length: 20 }, () => createVoter(apiUrl(1), 'token'))
  // Their connections and sessions stand before it is paused.
  await Promise.all(voters.map(async (voter) => voter.begin()))
  const deaf = apis[1]
  deaf?.signal('SIGSTOP')
  await cutNews()
  const closed = await poll.step('close')
  // Who is told to come back, as by an api that has just stood still, asks again.
  const late = voters.map(async (voter) => attemptVote(voter, poll.id, [2]))
  // By the time another api has answered, they have been sent.
  await send(apiUrl(0), 'GET', '/health/live')
  deaf?.signal('SIGCONT')
  const attempts = await Promise.all(late)
  for (const voter of [witness, ...voters]) voter.close()

  expect(closed.status).toBe(200)
  expect(attempts.filter((attempt) => attempt.outcome.result !== 'refused')).toEqual([])
  expect(refusals(attempts)).toEqual(['poll_closed'])
  await waitUntil(async () => (await poll.see()).results_final, { what: 'the result is final' })
  expect(await countLedger(database.pool, poll.id, 1)).toEqual(new Map([[1, 1]]))
})

describe('closing a poll while votes arrive over both apis and four partitions', () => {
  test('every vote that was accepted counts, none is accepted once the close has answered, and the result is final', async () => {
    const { apiUrl, database } = system()
    const poll = await organisePoll(apiUrl(0))
    const viewers = [watch(poll, 0), watch(poll, 1)]
    const voters = letVoteUntilStopped(poll)
    await waitUntil(() => voters.accepted() >= votesBefore, { withinMs: 20_000, what: 'votes are in flight' })

    const closed = await poll.step('close')
    const closedAt = performance.now()
    expect(closed.status).toBe(200)
    const answeredAtClose = voters.attempts.length
    await waitUntil(() => voters.attempts.length >= answeredAtClose + votesAfter, {
      withinMs: 20_000,
      what: 'votes come too late',
    })
    await voters.stop()

    const late = voters.attempts.filter(({ beganAt }) => beganAt > closedAt)
    expect(late.length).toBeGreaterThan(0)
    expect(late.filter(({ outcome }) => outcome.result === 'accepted')).toEqual([])
    expect(refusals(voters.attempts)).toEqual(['poll_closed'])

    const final = await seeFinal(poll)
    const check = await checkLedger(database.pool, poll.id, 1, voters.attempts)
    console.log(`closed with ${voters.attempts.length - answeredAtClose} votes after it: ${describeCheck(check)}`)
    expect(check).toMatchObject(nothingWrong)
    expect(final).toMatchObject({ status: 'closed', results_final: true, total_votes: check.acknowledged })
    const counted = await countLedger(database.pool, poll.id, 1)
    expect(final.options.map(({ votes }) => votes)).toEqual(poll.optionIds.map((id) => counted.get(id) ?? 0))
    for (const viewer of viewers) {
      const last = await viewer.sees((message) => message.results_final)
      expect(last).toMatchObject({ status: 'closed', version: final.version, total_votes: check.acknowledged })
    }

    // Nothing moves it any more: not another vote, not a worker that starts over.
    const voter = createVoter(apiUrl(0), 'token')
    const tooLate = await attemptVote(voter, poll.id, [poll.optionIds[0] ?? 0])
    voter.close()
    expect(tooLate.outcome).toMatchObject({ result: 'refused', status: 409, code: 'poll_closed' })
    for (const worker of system().workers) {
      worker.signal('SIGKILL')
      await worker.ended()
      await worker.restart()
    }
    await waitUntil(async () => (await ownedPartitions()) === 4, { withinMs: 15_000, what: 'the workers are back' })
    expect(await poll.see()).toEqual(final)
    expect(await countLedger(database.pool, poll.id, 1)).toEqual(counted)
    for (const viewer of viewers) viewer.socket.terminate()
  })

  const ownedPartitions = async (): Promise<number> => {
    const { rows } = await system().database.pool.query(
      'select partition from checkpoint where lease_until > clock_timestamp()',
    )
    return rows.length
  }
})

/** Longer than a machine that stands still for a moment needs for what is done before. */
const untilMs = 4_000
const withinMs = 2 * untilMs

test('opens_at and closes_at take effect within a second, though nobody asks', async () => {
  const { apiUrl, database } = system()
  const opensAt = Date.now() + untilMs
  const closesAt = opensAt + untilMs
  const poll = await organisePoll(apiUrl(0), {
    opens_at: new Date(opensAt).toISOString(),
    closes_at: new Date(closesAt).toISOString(),
  })
  const voter = createVoter(apiUrl(0), 'token')
  const early = await attemptVote(voter, poll.id, [1], 0)
  expect(early.outcome).toMatchObject({ result: 'refused', code: 'poll_not_open' })

  // Looks into the database, so that no request can be what moves the poll. Its clock and the stream's are this machine's.
  const statusIs = async (...statuses: readonly string[]): Promise<boolean> => {
    const { rows } = await database.pool.query<{ status: string }>('select status from poll where id = $1', [poll.id])
    return statuses.includes(rows[0]?.status ?? '')
  }
  await waitUntil(async () => statusIs('open'), { withinMs, what: 'the poll opens by itself' })
  const openLateMs = Date.now() - opensAt
  // The api hears of it a moment later.
  const isAccepted = async (): Promise<boolean> =>
    (await attemptVote(voter, poll.id, [1], 0)).outcome.result === 'accepted'
  await waitUntil(isAccepted, { withinMs: untilMs / 2, what: 'a vote is accepted' })
  voter.close()
  await waitUntil(async () => statusIs('closing', 'closed'), { withinMs, what: 'the poll closes by itself' })
  const closeLateMs = Date.now() - closesAt
  const latecomer = createVoter(apiUrl(1), 'token')
  const late = await attemptVote(latecomer, poll.id, [1])
  latecomer.close()
  expect(late.outcome).toMatchObject({ result: 'refused', code: 'poll_closed' })

  console.log(`opened ${openLateMs} ms after opens_at, closed ${closeLateMs} ms after closes_at`)
  for (const lateMs of [openLateMs, closeLateMs]) {
    expect(lateMs).toBeGreaterThanOrEqual(0)
    expect(lateMs).toBeLessThan(1_000)
  }
  // The api hears of the end a moment later, too.
  await waitUntil(async () => (await poll.see()).results_final, { what: 'the api shows the final result' })
  expect(await poll.see()).toMatchObject({ status: 'closed', results_final: true, total_votes: 1 })
})

test('a reset with votes in flight keeps them in the ledger under their round, out of the tally, and lets voters vote anew', async () => {
  const { apiUrl, database } = system()
  const poll = await organisePoll(apiUrl(0))
  const viewer = watch(poll, 1)
  const voters = letVoteUntilStopped(poll)
  await waitUntil(() => voters.accepted() >= votesBefore, { withinMs: 20_000, what: 'votes are in flight' })
  const before = await poll.see()
  expect((await poll.step('reset')).status).toBe(200)
  const answeredAtReset = voters.attempts.length
  await waitUntil(() => voters.attempts.length >= answeredAtReset + votesAfter, {
    withinMs: 20_000,
    what: 'votes come too late',
  })
  await voters.stop()

  expect(refusals(voters.attempts).filter((code) => !['poll_not_open', 'poll_closed'].includes(code))).toEqual([])
  const isRecorded = async (): Promise<boolean> =>
    (await checkLedger(database.pool, poll.id, 1, voters.attempts)).inLedger >= voters.accepted()
  await waitUntil(isRecorded, { what: 'the votes of the first round are recorded' })
  const check = await checkLedger(database.pool, poll.id, 1, voters.attempts)
  console.log(`reset with ${voters.attempts.length - answeredAtReset} votes after it: ${describeCheck(check)}`)
  expect(check).toMatchObject(nothingWrong)

  const empty = await poll.see()
  expect(empty).toMatchObject({ status: 'draft', round: 2, total_votes: 0, results_final: false })
  expect(empty.version).toBeGreaterThan(before.version)
  expect((await poll.step('open')).status).toBe(200)
  // The voter may be one of the other api.
  await waitUntil(async () => (await poll.see(apiUrl(1))).status === 'open', { what: 'the other api has heard of it' })
  const { voter } = voters.attempts[0] ?? {}
  const anew = await voter?.vote({ pollId: poll.id, optionIds: [poll.optionIds[2] ?? 0] })
  voter?.close()
  expect(anew?.result).toBe('accepted')
  await viewer.sees((message) => message.round === 2 && message.total_votes === 1)
  const versions = viewer.messages.map(({ version }) => version ?? Number.NaN)
  expect(versions).toEqual(versions.toSorted((a, b) => a - b))
  expect(await countLedger(database.pool, poll.id, 2)).toEqual(new Map([[poll.optionIds[2], 1]]))
  viewer.socket.terminate()
})

test('a poll that is deleted with votes in flight is 404 everywhere, and its viewers are closed with 4404', async () => {
  const { apiUrl } = system()
  const poll = await organisePoll(apiUrl(0))
  const viewers = [watch(poll, 0), watch(poll, 1)]
  await waitUntil(() => viewers.every((viewer) => viewer.last() !== undefined), { what: 'the viewers see the poll' })
  const voters = letVoteUntilStopped(poll)
  await waitUntil(() => voters.accepted() >= votesBefore, { withinMs: 20_000, what: 'votes are in flight' })
  expect((await poll.remove()).status).toBe(204)
  const deletedAt = performance.now()
  const answeredThen = voters.attempts.length
  await waitUntil(() => voters.attempts.length >= answeredThen + votesAfter, {
    withinMs: 20_000,
    what: 'votes come too late',
  })
  await voters.stop()

  const late = voters.attempts.filter(({ beganAt }) => beganAt > deletedAt)
  expect(late.filter(({ outcome }) => outcome.result === 'accepted')).toEqual([])
  for (const viewer of viewers) expect(await viewer.ends()).toMatchObject({ code: 4404 })
  for (const url of [apiUrl(0), apiUrl(1)]) {
    const calls = [
      ['GET', ''],
      ['GET', '/results'],
      ['GET', '/vote'],
      ['POST', '/vote'],
      ['POST', '/open'],
      ['POST', '/close'],
      ['DELETE', ''],
    ] as const
    for (const [method, path] of calls) {
      const headers = { authorization: `Bearer ${system().adminToken}` }
      const asked = path === '/vote' ? { ...(method === 'POST' && { body: { option_ids: [1] } }) } : { headers }
      const answer = await send(url, method, `/polls/${poll.id}${path}`, asked)
      expect([method, path, answer.status, answer.body]).toMatchObject([method, path, 404, { code: 'poll_not_found' }])
    }
    const newcomer = connectViewer(`${url.replace('http', 'ws')}/ws/polls/${poll.id}`)
    expect(await newcomer.ends()).toMatchObject({ code: 4404 })
  }
})
