import { expect, test } from 'vitest'
import { checkLedger, describeCheck } from '../support/ledger-check.ts'
import { organisePoll, type OrganisedPoll } from '../support/organiser.ts'
import { type Member, useSystem } from '../support/system.ts'
import { connectViewer } from '../support/viewer.ts'
import { letVote, type Voters } from '../support/voters.ts'
import { waitUntil } from '../support/wait-until.ts'

const system = useSystem({ apis: 2, workers: 2, partitions: 4 })

const replacedWithinMs = 10_000
const votesMin = 200
const nothingWrong = { lost: 0, doubled: 0, phantom: 0 }

/** The partitions whose lease this process holds; an owner bears its process id in its name. */
const partitionsOf = async ({ pid }: Member): Promise<readonly number[]> => {
  const { rows } = await system().database.pool.query<{ partition: number }>(
    'select partition from checkpoint where lease_until > clock_timestamp() and owner ~ $1 order by partition',
    [`-${pid()}-`],
  )
  return rows.map(({ partition }) => partition)
}

/** Some worker that owns a partition, and the other one. */
const findOwner = async (): Promise<{ readonly owner: Member; readonly other: Member }> => {
  const [first, second] = system().workers
  // The system was planned with two.
  const pair = [first!, second!] as const
  await waitUntil(async () => (await partitionsOf(pair[0])).length + (await partitionsOf(pair[1])).length === 4, {
    withinMs: 15_000,
    what: 'each partition has an owner',
  })
  const isFirst = (await partitionsOf(pair[0])).length >= (await partitionsOf(pair[1])).length
  return isFirst ? { owner: pair[0], other: pair[1] } : { owner: pair[1], other: pair[0] }
}

type Crowd = Voters & { readonly stop: () => Promise<void>; readonly moreVotes: () => Promise<void> }

const letVoteUntilStopped = (poll: OrganisedPoll): Crowd => {
  let isStopped = false
  const { apiUrl } = system()
  const voters = letVote({
    pollId: poll.id,
    optionIds: poll.optionIds,
    apiUrl,
    goOn: () => !isStopped,
    atOnce: 20,
  })
  return {
    ...voters,
    async stop() {
      isStopped = true
      await voters.done
    },
    async moreVotes() {
      const before = voters.accepted()
      await waitUntil(() => voters.accepted() >= before + votesMin, { withinMs: 20_000, what: 'votes are accepted' })
    },
  }
}

/** Everything that was accepted is recorded and counted once, and a viewer has seen it all. */
const expectNothingWrong = async (poll: OrganisedPoll, voters: Voters, what: string): Promise<void> => {
  const viewer = connectViewer(`${system().apiUrl(1).replace('http', 'ws')}/ws/polls/${poll.id}`)
  await viewer.sees((message) => message.total_votes === voters.accepted(), 15_000)
  viewer.socket.terminate()
  const check = await checkLedger(system().database.pool, poll.id, 1, voters.attempts)
  console.log(`${what}: ${describeCheck(check)}`)
  expect(check).toMatchObject({ ...nothingWrong, acknowledged: voters.attempts.length })
}

test('a worker that is killed under votes is replaced within 10 s, and no vote is lost or doubled', async () => {
  const poll = await organisePoll(system().apiUrl(0))
  const { owner, other } = await findOwner()
  const voters = letVoteUntilStopped(poll)
  await voters.moreVotes()
  owner.signal('SIGKILL')
  const killedAt = performance.now()
  await waitUntil(async () => (await partitionsOf(other)).length === 4, {
    withinMs: replacedWithinMs,
    what: 'the other worker owns every partition',
  })
  console.log(`replaced after ${Math.round(performance.now() - killedAt)} ms`)
  await voters.moreVotes()
  await voters.stop()
  await expectNothingWrong(poll, voters, 'killed')
  await owner.restart()
})

test('a worker that is paused in the middle of a transaction is replaced within 10 s, and what it was about to write counts for nothing', async () => {
  const poll = await organisePoll(system().apiUrl(0))
  const { owner, other } = await findOwner()
  const voters = letVoteUntilStopped(poll)
  await voters.moreVotes()
  await pauseInTransaction(owner)
  const pausedAt = performance.now()
  await waitUntil(async () => (await partitionsOf(other)).length === 4, {
    withinMs: replacedWithinMs,
    what: 'the other worker owns every partition',
  })
  console.log(`replaced after ${Math.round(performance.now() - pausedAt)} ms`)
  await voters.moreVotes()
  owner.signal('SIGCONT')
  await voters.moreVotes()
  // What it woke up with counts for nothing; as a worker that is there again it gets its share.
  await waitUntil(async () => (await partitionsOf(owner)).length === 2 && (await partitionsOf(other)).length === 2, {
    withinMs: 15_000,
    what: 'the workers share the partitions again',
  })
  await voters.moreVotes()
  await voters.stop()
  await expectNothingWrong(poll, voters, 'paused in a transaction')
})

/** Transactions that wait for their client; of our processes only workers leave any while nobody changes a poll. */
const openTransactions = async (): Promise<number> => {
  const { rows } = await system().database.pool.query(
    "select 1 from pg_stat_activity where datname = current_database() and state = 'idle in transaction'",
  )
  return rows.length
}

/** Pauses the worker again and again until it stands between two statements of a transaction. */
const pauseInTransaction = async (worker: Member): Promise<void> => {
  const isCaught = async (): Promise<boolean> => {
    worker.signal('SIGSTOP')
    // Whatever a statement was doing when its client was stopped has ended by the second look.
    if ((await openTransactions()) > 0 && (await openTransactions()) > 0) return true
    worker.signal('SIGCONT')
    return false
  }
  await waitUntil(isCaught, { withinMs: 20_000, what: 'the worker is paused in the middle of a transaction' })
}

test('while all workers are down votes are accepted, and recorded when one is back', async () => {
  const poll = await organisePoll(system().apiUrl(0))
  await findOwner()
  for (const worker of system().workers) worker.signal('SIGKILL')
  await Promise.all(system().workers.map(async (worker) => worker.ended()))
  const voters = letVoteUntilStopped(poll)
  await voters.moreVotes()
  await voters.stop()
  expect(voters.attempts.filter(({ outcome }) => outcome.result !== 'accepted')).toEqual([])
  const before = await checkLedger(system().database.pool, poll.id, 1, voters.attempts)
  expect(before.inLedger).toBe(0)

  await system().workers[0]?.restart()
  await expectNothingWrong(poll, voters, 'all down')
  await system().workers[1]?.restart()
})
