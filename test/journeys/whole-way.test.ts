import { Redis } from 'ioredis'
import { beforeAll, describe, expect, test } from 'vitest'
import { createKeys } from '../../src/adapters/redis/keys.ts'
import { checkLedger, countLedger, describeCheck } from '../support/ledger-check.ts'
import { type OrganisedPoll, organisePoll } from '../support/organiser.ts'
import { useSystem } from '../support/system.ts'
import { connectViewer, type TestViewer } from '../support/viewer.ts'
import { letVote, type VoterAttempt } from '../support/voters.ts'
import { waitUntil } from '../support/wait-until.ts'

const votersCount = 2_000
const viewersCount = 200
/** Of so many voters one clicks twice, the next one repeats its post later, and the one after that votes for another option. */
const oneIn = 40

const system = useSystem({ apis: 2, workers: 2, partitions: 4 })

describe('2,000 voters and 200 viewers of one poll, over two apis, two workers and four partitions', () => {
  let poll: OrganisedPoll
  let viewers: readonly TestViewer[]
  let attempts: readonly VoterAttempt[]
  const repeated: { first: string; again: string }[] = []
  const secondVotes: string[] = []

  beforeAll(async () => {
    const { apiUrl } = system()
    poll = await organisePoll(apiUrl(0))
    viewers = Array.from({ length: viewersCount }, (_, number) =>
      connectViewer(`${apiUrl(number).replace('http', 'ws')}/ws/polls/${poll.id}`),
    )
    await waitUntil(() => viewers.every((viewer) => viewer.last() !== undefined), { what: 'each viewer sees the poll' })

    const beganAt = performance.now()
    const voters = letVote({
      pollId: poll.id,
      optionIds: poll.optionIds,
      apiUrl,
      goOn: (number) => number < votersCount,
      afterwards: insist,
    })
    await voters.done
    const votedMs = performance.now() - beganAt
    attempts = voters.attempts
    await waitUntil(() => viewers.every((viewer) => viewer.last()?.total_votes === votersCount), {
      withinMs: 10_000,
      what: 'each viewer sees all votes',
    })
    const seenMs = performance.now() - beganAt
    console.log(
      `${Math.round((voters.accepted() / votedMs) * 1000)} votes per second; the last viewer saw the last vote ${Math.round(seenMs - votedMs)} ms after its answer`,
    )
  })

  /** What impatient people do after their vote. */
  async function insist(number: number, { voter, optionIds, key, outcome }: VoterAttempt): Promise<void> {
    if (outcome.result !== 'accepted') return
    const call = { pollId: poll.id, optionIds }
    const calls =
      number % oneIn === 0
        ? [call, call]
        : number % oneIn === 1
          ? [{ ...call, key }]
          : number % oneIn === 2
            ? [call]
            : []
    const answers = await Promise.all(calls.map(async (again) => voter.vote(again)))
    for (const answer of answers) {
      repeated.push({ first: outcome.voteId, again: answer.result === 'accepted' ? answer.voteId : answer.result })
    }
    if (number % oneIn !== 3) return
    const other = poll.optionIds.filter((id) => !optionIds.includes(id)).slice(0, 1)
    const second = await voter.vote({ pollId: poll.id, optionIds: other })
    secondVotes.push(second.result === 'refused' ? second.code : second.result)
  }

  test('every acknowledged vote is in the ledger once, and nothing else is', async () => {
    const check = await checkLedger(system().database.pool, poll.id, 1, attempts)
    console.log(describeCheck(check))
    expect(check).toEqual({
      attempted: votersCount,
      acknowledged: votersCount,
      inLedger: votersCount,
      lost: 0,
      doubled: 0,
      phantom: 0,
      outOfOrder: 0,
    })
  })

  test('each viewer’s last message is what the ledger counts', async () => {
    const counted = await countLedger(system().database.pool, poll.id, 1)
    const options = poll.optionIds.map((id) => ({ id, votes: counted.get(id) ?? 0 }))
    for (const viewer of viewers) expect(viewer.last()).toMatchObject({ options, total_votes: votersCount })
    expect(await poll.see()).toMatchObject({ total_votes: votersCount })
  })

  test('no viewer saw a version go back, and none was closed', () => {
    for (const viewer of viewers) {
      const versions = viewer.messages.map(({ version }) => version ?? Number.NaN)
      expect(versions).toEqual(versions.toSorted((a, b) => a - b))
      expect(viewer.closed()).toBeNull()
    }
    const messages = viewers.reduce((sum, viewer) => sum + viewer.messages.length, 0)
    console.log(`${messages} messages to ${viewers.length} viewers, none older than the one before it`)
  })

  test('a double click and a repeated post are answered as the first time', () => {
    expect(repeated.length).toBeGreaterThanOrEqual((votersCount / oneIn) * 4)
    expect(repeated.filter(({ first, again }) => first !== again)).toEqual([])
  })

  test('a second vote for another option is refused', () => {
    expect(secondVotes).toEqual(Array.from({ length: votersCount / oneIn }, () => 'already_voted'))
  })

  test('the votes went through every partition, and the workers share the partitions', async () => {
    const { pool } = system().database
    const tallies = await pool.query('select partition from tally where poll_id = $1 and total_votes > 0', [poll.id])
    expect(tallies.rows).toHaveLength(4)
    const shares = async (): Promise<string> => {
      const owners = await pool.query<{ owned: number }>(
        'select count(*)::int as owned from checkpoint where lease_until > clock_timestamp() group by owner',
      )
      return owners.rows.map(({ owned }) => owned).join()
    }
    // A worker that was kept waiting may have lost its share, and has it again soon.
    await waitUntil(async () => (await shares()) === '2,2', { withinMs: 15_000, what: 'each worker has two' })
  })

  test('each api process has one subscription to the poll, whatever the number of its viewers', async () => {
    const { redisUrl, redisPrefix } = system()
    const redis = new Redis(redisUrl)
    try {
      const channel = createKeys(redisPrefix).pollUpdates(poll.id)
      expect(await redis.pubsub('NUMSUB', channel)).toEqual([channel, 2])
    } finally {
      redis.disconnect()
    }
  })
})
