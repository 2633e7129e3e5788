import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createReplicaSnapshots } from '../../src/adapters/postgres/poll-snapshots-of-replica.ts'
import { createPollSnapshots } from '../../src/adapters/postgres/poll-snapshots.ts'
import { createReplicaLag } from '../../src/adapters/postgres/replica-lag.ts'
import type { Poll } from '../../src/domain/poll.ts'
import { connectAdapters } from '../../src/main/adapters.ts'
import type { Shown } from '../../src/ports/poll-snapshots.ts'
import { readConfig } from '../../src/runtime/config.ts'
import { createLog } from '../../src/runtime/log.ts'
import { sleep } from '../../src/runtime/stop-signal.ts'
import { startTestPostgres, type TestPostgres } from '../support/own-postgres.ts'
import type { Standby } from '../support/postgres-standby.ts'
import { runProgram } from '../support/run-program.ts'
import { somePoll } from '../support/some-poll.ts'
import { createLedgerOwner, type LedgerOwner, someVoter, voteAt } from '../support/some-votes.ts'
import { waitUntil } from '../support/wait-until.ts'

let primary: TestPostgres
let standby: Standby
let adapters: Awaited<ReturnType<typeof connectAdapters>>
let env: { readonly DATABASE_URL: string; readonly DATABASE_REPLICA_URL: string }
let owner: LedgerOwner
let entry = 0
let poll: Poll
const lines: string[] = []

beforeAll(async () => {
  primary = await startTestPostgres()
  standby = await primary.followedBy()
  env = { DATABASE_URL: primary.databaseUrl, DATABASE_REPLICA_URL: standby.databaseUrl }
  const log = createLog({ name: 'test', level: 'warn', destination: { write: (line) => void lines.push(line) } })
  adapters = await connectAdapters(readConfig(env, 'api'), log)
  owner = await createLedgerOwner(primary.pool, 0)
})
afterAll(async () => {
  await adapters[Symbol.asyncDispose]()
  await standby.stop()
  await primary.drop()
})

/** One vote that both have. From then on the replica gets no news. */
beforeEach(async () => {
  await standby.pool.query('select pg_wal_replay_resume()')
  poll = somePoll()
  await adapters.polls.create(poll)
  await vote()
  await waitUntil(
    async () => (await standby.pool.query('select from vote where poll_id = $1', [poll.id])).rowCount === 1,
  )
  await standby.pool.query('select pg_wal_replay_pause()')
  await waitUntil(async () => {
    const { rows } = await standby.pool.query<{ state: string }>('select pg_get_wal_replay_pause_state() as state')
    return rows[0]?.state === 'paused'
  })
  lines.length = 0
})

const vote = async (): Promise<void> => {
  entry += 1
  await owner.record(entry, { votes: [voteAt(entry, { pollId: poll.id, voter: someVoter(), selection: [1] })] })
}

const shownNow = async (): Promise<Shown> => (await adapters.tallies.read([poll.id]))[0]! // the poll was just made

/** How many votes whoever was shown this is handed. */
const readAt = async (shown: Shown): Promise<number | undefined> =>
  adapters.snapshots.read(poll.id, shown, async (snapshot) => snapshot?.tally.totalVotes)

const saidPassedOver = (): boolean => lines.some((line) => line.includes('reading from the primary'))

describe('a snapshot, where there is a replica', () => {
  test('is read from the replica where that has what was shown', async () => {
    const shown = await shownNow()
    await vote()
    expect(await readAt(shown)).toBe(1)
    expect(saidPassedOver()).toBe(false)
  })

  test('waits for a replica that catches up', async () => {
    await vote()
    let passedOver = 0
    const hooks = { sleep, onPassedOver: () => (passedOver += 1) }
    // A process of ours is content with a second, which the machine may take for itself.
    const patient = createReplicaSnapshots(createPollSnapshots(standby.pool), adapters.snapshots, hooks, 20_000)
    const reading = patient.read(poll.id, await shownNow(), async (snapshot) => snapshot?.tally.totalVotes)
    await standby.pool.query('select pg_wal_replay_resume()')
    expect([await reading, passedOver]).toEqual([2, 0])
  })

  test('is read from the primary where the replica stays behind what was shown, or does not know the poll', async () => {
    await vote()
    expect(await readAt(await shownNow())).toBe(2)
    expect(saidPassedOver()).toBe(true)
    poll = somePoll()
    await adapters.polls.create(poll)
    expect(await readAt(await shownNow())).toBe(0)
  })

  test('is read from the primary where the replica has an older definition, though as many votes', async () => {
    const shown = await shownNow()
    await adapters.polls.save({ ...poll, question: 'Anew?', revision: 2 }, 1)
    const read = adapters.snapshots.read(
      poll.id,
      { ...shown, revision: 2 },
      async (snapshot) => snapshot?.poll.question,
    )
    expect(await read).toBe('Anew?')
  })

  test('that was begun on the replica fails with it, and is not begun anew', async () => {
    let begun = 0
    const fault = new Error('broken')
    const read = adapters.snapshots.read(poll.id, await shownNow(), async () => {
      begun += 1
      throw fault
    })
    await expect(read).rejects.toBe(fault)
    expect(begun).toBe(1)
  })
})

test('the lag is the time for which the replica has lacked something', async () => {
  const lag = adapters.replicaLag! // there is a replica
  await vote()
  expect(await lag()).toBeGreaterThan(0)
  const begun = performance.now()
  await waitUntil(() => performance.now() - begun > 100)
  expect(await lag()).toBeGreaterThan(100)
  await standby.pool.query('select pg_wal_replay_resume()')
  await waitUntil(async () => (await lag()) === 0)
})

test('recounts are those of the replica, in the background and by command', async () => {
  await primary.pool.query('update tally set total_votes = 7 where poll_id = $1', [poll.id])
  expect((await adapters.recounts.recount(poll.id))?.differences).toEqual([])
  expect((await runProgram('recount', [poll.id], env)).exitCode).toBe(0)
  await standby.pool.query('select pg_wal_replay_resume()')
  await waitUntil(async () => (await adapters.recounts.recount(poll.id))?.differences.length === 1)
  expect((await runProgram('recount', [poll.id], env)).exitCode).toBe(1)
})

// The last one: the replica is gone afterwards.
test('a replica that has become a primary of its own lies behind nobody; one that is away is passed over, and its lag is not known', async () => {
  await standby.pool.query('select pg_promote(true, 30)')
  const lagOfItself = createReplicaLag(standby.pool, standby.pool)
  await standby.pool.query("comment on table poll is 'written by itself'")
  expect(await lagOfItself()).toBe(0)
  await standby.stop()
  expect(await readAt(await shownNow())).toBe(1)
  expect(saidPassedOver()).toBe(true)
  const lag = adapters.replicaLag! // it was there
  await expect(lag()).rejects.toThrow('PostgreSQL cannot serve now')
})
