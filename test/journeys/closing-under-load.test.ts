import { Redis } from 'ioredis'
import { describe, expect, test } from 'vitest'
import { createSecretStore } from '../../src/adapters/postgres/secrets.ts'
import { createTallies } from '../../src/adapters/postgres/tallies.ts'
import { createKeys } from '../../src/adapters/redis/keys.ts'
import { createVoteIds } from '../../src/application/cast-vote/vote-id.ts'
import { isRecorded } from '../support/fault-case.ts'
import { isOwned } from '../support/faults/worker-faults.ts'
import { type Attempt, checkLedger, countLedger, describeCheck } from '../support/ledger-check.ts'
import { type Load, sessionMint, startLoad } from '../support/load.ts'
import { organisePoll, type OrganisedPoll, type PollShown } from '../support/organiser.ts'
import { useSystem } from '../support/system.ts'
import { createVoter } from '../support/voter.ts'
import { attemptVote } from '../support/voters.ts'
import { waitUntil } from '../support/wait-until.ts'

const voters = 10_000
/** Faster than they can be answered here, so that thousands wait at any time. */
const votersPerSecond = 5_000
/** Where a time ends it: so long before they begin to come, at a rate at which the last ones come behind it, also on a machine that was slow to begin. */
const untilEnd = { ms: 3_000, votersPerSecond: 2_500 }
/** So many are accepted when the poll is closed; all others are on their way or about to start. */
const acceptedBefore = 200
const nothingWrong = { lost: 0, doubled: 0, phantom: 0 }
const waitMs = { votes: 60_000, final: 20_000 }

describe('closing while 10,000 vote as fast as they can, over two apis, four partitions and two workers', () => {
  const system = useSystem({ apis: 2, workers: 2, partitions: 4, redis: 'own' })

  const letAllVote = async (poll: OrganisedPoll, votesPerSecond = votersPerSecond): Promise<Load> => {
    const { database, apis } = system()
    return startLoad({
      pollId: poll.id,
      optionIds: poll.optionIds,
      urls: apis.map(({ url }) => url),
      identifyVoter: await sessionMint(database.pool),
      votesPerSecond,
      votersMax: voters,
    })
  }

  const refusedCodes = (attempts: readonly Attempt[]): readonly string[] => [
    ...new Set(attempts.flatMap(({ outcome }) => (outcome.result === 'refused' ? [outcome.code] : []))),
  ]

  /** Every 202 is recorded and makes up the final tally; everything else is `poll_closed`. */
  const expectCutCleanly = async (poll: OrganisedPoll, load: Load): Promise<PollShown> => {
    const { pool } = system().database
    const final = await waitForFinal(poll)
    const check = await checkLedger(pool, poll.id, 1, load.attempts)
    console.log(
      `${load.accepted()} accepted, ${load.attempts.length - load.accepted()} refused; ${describeCheck(check)}\n` +
        `  answers: ${[...load.answers].map(([what, times]) => `${what} ${times}`).join(', ')}`,
    )
    expect(load.attempts.length).toBe(voters)
    expect(load.attempts.filter(({ outcome }) => outcome.result === 'unknown')).toEqual([])
    expect(refusedCodes(load.attempts)).toEqual(['poll_closed'])
    expect(load.withoutRetryAfter()).toBe(0)
    expect(check).toMatchObject({ ...nothingWrong, inLedger: load.accepted() })
    const counted = await countLedger(pool, poll.id, 1)
    expect(final.total_votes).toBe(load.accepted())
    expect(final.options.map(({ votes }) => votes)).toEqual(poll.optionIds.map((id) => counted.get(id) ?? 0))
    return final
  }

  const waitForFinal = async (poll: OrganisedPoll): Promise<PollShown> => {
    for (const { url } of system().apis) {
      const isFinal = async (): Promise<boolean> => (await poll.see(url)).results_final
      await waitUntil(isFinal, { withinMs: waitMs.final, what: 'each api shows the final result' })
    }
    return poll.see()
  }

  /** Nothing that happens to the system afterwards, and nobody who votes, moves the result. */
  const expectFinalForGood = async (poll: OrganisedPoll, final: PollShown): Promise<void> => {
    const { database, redisUrl, workers, apiUrl, apis } = system()
    const before = await countLedger(database.pool, poll.id, 1)
    const redis = new Redis(redisUrl)
    const keys = createKeys()
    const partitions = [0, 1, 2, 3]
    const happenings = {
      'the workers are killed and start over': async () => {
        for (const worker of workers) {
          worker.signal('SIGKILL')
          await worker.ended()
          await worker.restart()
        }
      },
      'the doors are removed': async () => {
        const doors = partitions.flatMap((p) => [keys.door(p, poll.id), keys.voters(p, poll.id)])
        expect(await redis.del(...doors)).toBeGreaterThan(0)
      },
      'Redis loses everything': async () => {
        await redis.flushall()
      },
    }
    try {
      for (const [what, happen] of Object.entries(happenings)) {
        await happen()
        await waitUntil(async () => isOwned(system()), { withinMs: waitMs.final, what: 'every partition is owned' })
        for (const [number] of apis.entries()) {
          const voter = createVoter(apiUrl(number), 'token')
          const { outcome } = await attemptVote(voter, poll.id, [poll.optionIds[0] ?? 0])
          voter.close()
          expect([what, outcome]).toMatchObject([what, { result: 'refused', status: 409, code: 'poll_closed' }])
          const seen = async (): Promise<boolean> => (await poll.see(apiUrl(number))).version === final.version
          await waitUntil(seen, { what: 'the api shows the final result' })
          expect([what, await poll.see(apiUrl(number))]).toEqual([what, final])
        }
        expect([what, await countLedger(database.pool, poll.id, 1)]).toEqual([what, before])
        expect((await createTallies(database.pool).recount(poll.id))?.differences).toEqual([])
      }
    } finally {
      redis.disconnect()
    }
  }

  test('every vote that was accepted is recorded, all others are told that the poll is closed, and the result stays for good', async () => {
    const poll = await organisePoll(system().apiUrl(0))
    const load = await letAllVote(poll)
    await waitUntil(() => load.accepted() >= acceptedBefore, { withinMs: waitMs.votes, what: 'votes are in flight' })

    const underWay = load.started() - load.attempts.length
    const closed = await poll.step('close')
    const closedAt = performance.now()
    expect(closed.status).toBe(200)
    await waitUntil(() => load.started() === voters, { withinMs: waitMs.votes, what: 'everybody has come' })
    await load.stop()

    const late = load.attempts.filter(({ beganAt }) => beganAt > closedAt)
    console.log(`closed with ${underWay} votes under way; ${late.length} voters came after it had answered`)
    expect(underWay).toBeGreaterThan(0)
    expect(late.filter(({ outcome }) => outcome.result === 'accepted')).toEqual([])
    const final = await expectCutCleanly(poll, load)
    await expectFinalForGood(poll, final)
  })

  test('closes_at cuts as cleanly: no accepted vote stands behind it, and all accepted ones count', async () => {
    const { apiUrl, database } = system()
    const closesAt = Date.now() + 4_000
    const poll = await organisePoll(apiUrl(0), { closes_at: new Date(closesAt).toISOString() })
    // Some come before the end, some after it.
    await waitUntil(() => Date.now() >= closesAt - untilEnd.ms, { what: 'the end is near' })
    const load = await letAllVote(poll, untilEnd.votersPerSecond)
    await waitUntil(() => load.started() === voters, { withinMs: waitMs.votes, what: 'everybody has come' })
    await load.stop()

    const voteIds = createVoteIds((await createSecretStore(database.pool).read()).service)
    // The stream's own clock says when an entry was appended: milliseconds, the 12 digits behind the epoch.
    const appendedAt = load.attempts.flatMap(({ outcome }) => {
      const vote = outcome.result === 'accepted' ? voteIds.open(outcome.voteId) : null
      return vote === null ? [] : [Number.parseInt(vote.position.slice(8, 20), 16)]
    })
    const last = appendedAt.reduce((latest, at) => Math.max(latest, at), 0)
    console.log(`the last vote was accepted ${closesAt - last} ms before closes_at`)
    expect(appendedAt).toHaveLength(load.accepted())
    expect(last).toBeGreaterThan(0)
    expect(last).toBeLessThan(closesAt)
    const final = await expectCutCleanly(poll, load)
    await waitUntil(async () => isRecorded(system()), { withinMs: waitMs.final, what: 'everything is recorded' })
    expect(await poll.see(apiUrl(1))).toEqual(final)
  })
})
