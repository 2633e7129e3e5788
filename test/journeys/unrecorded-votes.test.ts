import { expect, test } from 'vitest'
import { isRecorded, moreAccepted } from '../support/fault-case.ts'
import { createKeepAliveClient, textIn } from '../support/keep-alive-client.ts'
import { checkLedger, describeCheck } from '../support/ledger-check.ts'
import { sessionMint, startLoad } from '../support/load.ts'
import { organisePoll } from '../support/organiser.ts'
import { sumMetric } from '../support/sum-metric.ts'
import { useSystem } from '../support/system.ts'
import { waitUntil } from '../support/wait-until.ts'

const partitions = 2
const unrecordedVotesMax = 250
const budget = partitions * unrecordedVotesMax
const refusedMin = 200
/** What "at once" means on a machine that everything shares. */
const atOnceMs = 1_000

const system = useSystem({
  workers: 2,
  partitions,
  env: { UNRECORDED_VOTES_MAX: String(unrecordedVotesMax), LEASE_MS: '1000' },
})

test('with all workers stopped votes are accepted up to UNRECORDED_VOTES_MAX of each partition, then refused at once; with a worker back all goes on, and everything accepted is recorded', async () => {
  const { apis, workers, database, apiUrl } = system()
  const poll = await organisePoll(apiUrl(0))
  for (const worker of workers) worker.signal('SIGTERM')
  await Promise.all(workers.map(async (worker) => worker.ended()))

  const client = createKeepAliveClient(apiUrl(0))
  const key = crypto.randomUUID()
  const voter = { 'idempotency-key': key }
  const vote = async (headers: Record<string, string>) =>
    client.send('POST', `/polls/${poll.id}/vote`, { body: { option_ids: [1] }, headers })
  const first = await vote(voter)
  expect(first.status).toBe(202)
  const voteId = textIn(first.body, 'vote_id') ?? ''
  const lone = { voter: { session: () => null }, optionIds: [1], key, beganAt: 0 }

  const load = startLoad({
    pollId: poll.id,
    optionIds: poll.optionIds,
    urls: apis.map(({ url }) => url),
    identifyVoter: await sessionMint(database.pool),
    votesPerSecond: 300,
    retryWithinMs: 60_000,
  })
  try {
    await waitUntil(() => (load.answers.get('503') ?? 0) >= refusedMin && load.accepted() + 1 >= budget, {
      withinMs: 30_000,
      what: () => `votes are refused; answers: ${[...load.answers].join(' ')}`,
    })
    expect(load.accepted() + 1).toBe(budget)

    const askedAt = performance.now()
    const refused = await vote({ 'idempotency-key': crypto.randomUUID() })
    const answeredMs = performance.now() - askedAt
    expect([refused.status, textIn(refused.body, 'code')]).toEqual([503, 'overloaded'])
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
    expect(answeredMs).toBeLessThan(atOnceMs)
    // The same request again is answered as the first time.
    const again = await vote(voter)
    expect([again.status, textIn(again.body, 'vote_id')]).toEqual([202, voteId])
    expect((await poll.see()).status).toBe('open')
    const refusedBefore = await sumMetric(apis, 'tallycast_votes_refused_total')

    const backAt = performance.now()
    await workers[0]?.restart()
    await moreAccepted(load, budget)
    const resumedMs = performance.now() - backAt
    await load.stop()
    await waitUntil(async () => isRecorded(system()), { withinMs: 15_000, what: 'everything is recorded' })
    const attempts = [...load.attempts, { ...lone, outcome: { result: 'accepted' as const, voteId } }]
    const check = await checkLedger(database.pool, poll.id, 1, attempts)
    console.log(
      `${budget} votes waited, ${refusedBefore} were refused, one in ${Math.round(answeredMs)} ms; as many again were accepted ${Math.round(resumedMs)} ms after the worker was started\n${describeCheck(check)}`,
    )
    expect(load.withoutRetryAfter()).toBe(0)
    expect(check).toMatchObject({ acknowledged: attempts.length, lost: 0, doubled: 0, phantom: 0 })
  } finally {
    await load.stop()
    client.close()
  }
})
