import type pg from 'pg'
import { afterEach, describe, expect, test } from 'vitest'
import { createPartitionLease } from '../../src/adapters/postgres/partition-lease.ts'
import { createPollStore } from '../../src/adapters/postgres/poll-store.ts'
import { createTallies } from '../../src/adapters/postgres/tallies.ts'
import { createVoteLedger } from '../../src/adapters/postgres/vote-ledger.ts'
import { ledgerBatch } from '../../src/application/record-votes/ledger-batch.ts'
import type { Poll } from '../../src/domain/poll.ts'
import type { Tally } from '../../src/domain/tally.ts'
import { partitionOf, type VoteKind, type VoterKey } from '../../src/domain/vote.ts'
import { type AdapterOptions, type Adapters, adapters } from '../support/adapters.ts'
import { createTestDatabase } from '../support/postgres.ts'
import { somePoll } from '../support/some-poll.ts'
import { someVoter, voterNumber } from '../support/some-votes.ts'
import { waitUntil } from '../support/wait-until.ts'
import { startWorker, type TestWorker, type WorkerOptions } from '../support/worker.ts'

const withinMs = 10_000
/** What does not come true in time is told as such, not as a test that took too long. */
const timeoutMs = 3 * withinMs

/** A pool of the same connections; the next transaction in which votes are written stops before its commit. */
function holdNextCommit(pool: pg.Pool): { pool: pg.Pool; reached: Promise<void>; goOn: () => void } {
  const reached = Promise.withResolvers<void>()
  const resumed = Promise.withResolvers<void>()
  let isHeld = false
  const connect = async (): Promise<pg.PoolClient> => {
    const client = await pool.connect()
    // The casts leave the many overloads of `query` aside: all are passed on as they come.
    const query = client.query.bind(client) as (...values: unknown[]) => Promise<unknown>
    let hasVotes = false
    const holdingQuery = async (...values: unknown[]): Promise<unknown> => {
      // Either the text, or a prepared statement with its text.
      const said = values[0] as string | { readonly text: string }
      const text = typeof said === 'string' ? said : said.text
      hasVotes ||= text.includes('insert into vote ')
      if (text === 'commit' && hasVotes && !isHeld) {
        isHeld = true
        reached.resolve()
        await resumed.promise
      }
      return query(...values)
    }
    client.query = holdingQuery as typeof client.query
    return client
  }
  return {
    pool: Object.assign(Object.create(pool) as pg.Pool, { connect, query: pool.query.bind(pool) }),
    reached: reached.promise,
    goOn: resumed.resolve,
  }
}

const undo: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step()
})

describe.each(adapters)('$name', { timeout: timeoutMs }, ({ create }) => {
  async function start(options: AdapterOptions = {}) {
    const database = await createTestDatabase()
    undo.push(database.drop)
    const { pool } = database
    const ports = await create(options)
    undo.push(ports.stop)
    const polls = createPollStore(pool)
    const tallies = createTallies(pool)
    const work = (
      name: string,
      partitions: readonly number[],
      { through = pool, ...more }: Partial<WorkerOptions> & { readonly through?: pg.Pool } = {},
    ) => {
      const worker = startWorker(through, ports, { ...more, name, partitions })
      undo.push(worker.stop)
      return worker
    }
    return { pool, ports, polls, tallies, work }
  }

  async function openPoll(system: Awaited<ReturnType<typeof start>>, said: Partial<Poll> = {}): Promise<Poll> {
    const poll = somePoll({ closesAt: null, ...said })
    await system.polls.create(poll)
    for (let partition = 0; partition < poll.partitions; partition++) {
      await system.ports.stream.raiseEpoch(partition, 1)
      await system.ports.door.open(partition, {
        pollId: poll.id,
        round: poll.round,
        revision: poll.revision,
        closesAt: null,
      })
    }
    return poll
  }

  async function vote(ports: Adapters, poll: Poll, voter: VoterKey, optionId: number, kind: VoteKind = 'cast') {
    const partition = partitionOf(voter, poll.partitions)
    const call = { pollId: poll.id, round: poll.round, revision: poll.revision, voter, requestKey: null }
    const [answer] = await ports.door.append(partition, [{ ...call, kind, selection: [optionId] }])
    expect(answer?.answer).toBe('accepted')
  }

  test('votes are recorded, cached and announced', async () => {
    const system = await start()
    const poll = await openPoll(system)
    const seen: number[] = []
    await system.ports.feed.subscribe(poll.id, {
      onTally: (tally) => seen.push(tally.totalVotes),
      onGap: () => undefined,
    })
    system.work('ann', [0])
    for (const optionId of [1, 2, 2]) await vote(system.ports, poll, someVoter(), optionId)
    await waitUntil(async () => (await system.ports.cache.getTally(poll.id))?.totalVotes === 3, { withinMs })
    await waitUntil(() => seen.at(-1) === 3, { withinMs })
    expect((await system.ports.cache.getTally(poll.id))?.counts).toEqual([1, 2, 0])
    expect((await system.tallies.recount(poll.id))?.differences).toEqual([])
  })

  test('votes keep coming in while each is recorded soon, however few may wait', async () => {
    const [unrecordedVotesMax, votes] = [10, 150]
    const system = await start({ unrecordedVotesMax })
    const poll = await openPoll(system)
    system.work('ann', [0])
    await vote(system.ports, poll, someVoter(), 1)
    await waitUntil(async () => (await system.tallies.read([poll.id]))[0]?.totalVotes === 1, { withinMs })
    const call = { pollId: poll.id, round: 1, revision: 1, kind: 'cast' as const, selection: [1], requestKey: null }
    const startedAt = performance.now()
    let accepted = 0
    await waitUntil(
      async () => {
        const answers = await system.ports.door.append(0, [{ ...call, voter: someVoter() }])
        if (answers[0]?.answer === 'accepted') accepted += 1
        return accepted === votes
      },
      { withinMs: 25_000, what: 'as many votes are accepted' },
    )
    // Were the stream told once a second, it would take 14 seconds.
    expect(performance.now() - startedAt).toBeLessThan(9_000)
  })

  test('two workers share four partitions, and one takes over all when the other stops', async () => {
    const system = await start()
    const poll = await openPoll(system, { partitions: 4 })
    const workers: TestWorker[] = ['ann', 'ben'].map((name) => system.work(name, [0, 1, 2, 3]))
    const lease = createPartitionLease(system.pool)
    const ownedBy = async (name: string) =>
      [...(await lease.owners()).values()].filter((owner) => owner === name).length
    await waitUntil(async () => (await ownedBy('ann')) === 2 && (await ownedBy('ben')) === 2, { withinMs })
    for (let voter = 0; voter < 40; voter++) await vote(system.ports, poll, someVoter(), 1)
    await workers[0]?.stop()
    await waitUntil(async () => [...(await lease.owners()).values()].filter((name) => name === 'ben').length === 4, {
      withinMs,
    })
    for (let voter = 0; voter < 40; voter++) await vote(system.ports, poll, someVoter(), 2)
    await waitUntil(async () => (await system.ports.cache.getTally(poll.id))?.totalVotes === 80, { withinMs })
    expect(workers.flatMap(({ faults }) => faults)).toEqual([])
  })

  test('a worker that ends has given its partitions back by then, however long its leases', async () => {
    const system = await start()
    await openPoll(system, { partitions: 4 })
    const lease = createPartitionLease(system.pool)
    const worker = system.work('ann', [0, 1, 2, 3], { leaseMs: 600_000 })
    await waitUntil(async () => (await lease.owners()).size === 4, { withinMs })
    await worker.stop()
    expect([...(await lease.owners())]).toEqual([])
  })

  test('a worker that comes later gets its share', async () => {
    const system = await start()
    const poll = await openPoll(system, { partitions: 4 })
    const lease = createPartitionLease(system.pool)
    const ownedBy = async (name: string) =>
      [...(await lease.owners()).values()].filter((owner) => owner === name).length
    const first = system.work('ann', [0, 1, 2, 3])
    await waitUntil(async () => (await ownedBy('ann')) === 4, { withinMs })
    const later = system.work('ben', [0, 1, 2, 3])
    for (let voter = 0; voter < 40; voter++) await vote(system.ports, poll, someVoter(), 1)
    await waitUntil(async () => (await ownedBy('ann')) === 2 && (await ownedBy('ben')) === 2, { withinMs })
    await waitUntil(async () => (await system.ports.cache.getTally(poll.id))?.totalVotes === 40, { withinMs })
    expect([...first.faults, ...later.faults]).toEqual([])
  })

  test('what a worker recorded and did not announce is announced by whoever takes over', async () => {
    const system = await start()
    const poll = await openPoll(system)
    const mute = system.work('mute', [0], { announces: false })
    await vote(system.ports, poll, someVoter(), 1)
    await waitUntil(async () => (await system.tallies.read([poll.id]))[0]?.totalVotes === 1, { withinMs })
    await mute.stop()
    expect(await system.ports.cache.getTally(poll.id)).toBeNull()
    system.work('heir', [0])
    await waitUntil(async () => (await system.ports.cache.getTally(poll.id))?.totalVotes === 1, { withinMs })
    // And it is remembered: nobody has to announce it again.
    await waitUntil(async () => (await system.tallies.unannounced(0, '', 10)).length === 0, { withinMs })
  })

  test('what a worker left unannounced in more polls than one step takes is announced step by step', async () => {
    const system = await start()
    const polls: Poll[] = []
    for (let number = 0; number < 5; number += 1) polls.push(await openPoll(system))
    const ids = polls.map(({ id }) => id)
    const mute = system.work('mute', [0], { announces: false })
    for (const poll of polls) await vote(system.ports, poll, someVoter(), 1)
    const votesRecorded = async () => (await system.tallies.read(ids)).map(({ totalVotes }) => totalVotes)
    await waitUntil(async () => (await votesRecorded()).every((votes) => votes === 1), { withinMs })
    await mute.stop()
    system.work('heir', [0], { announceLimits: { sweptPollsMax: 2 } })
    const isShown = async ({ id }: Poll) => (await system.ports.cache.getTally(id))?.totalVotes === 1
    await waitUntil(async () => (await Promise.all(polls.map(isShown))).every(Boolean), { withinMs })
    await waitUntil(async () => (await system.tallies.unannounced(0, '', 10)).length === 0, { withinMs })
  })

  test('polls that change while more of them wait for their news than may wait are announced all the same', async () => {
    const system = await start()
    const polls: Poll[] = []
    for (let number = 0; number < 5; number += 1) polls.push(await openPoll(system))
    for (const poll of polls) await vote(system.ports, poll, someVoter(), 1)
    system.work('ann', [0], { announceLimits: { waitingPollsMax: 2 } })
    const isShown = async ({ id }: Poll) => (await system.ports.cache.getTally(id))?.totalVotes === 1
    await waitUntil(async () => (await Promise.all(polls.map(isShown))).every(Boolean), { withinMs })
  })

  test('what is not committed yet is news only after its commit', async () => {
    const system = await start()
    const slow = await openPoll(system)
    const quick = await openPoll(system, { partitions: 2 })
    const held = holdNextCommit(system.pool)
    undo.push(async () => held.goOn())
    system.work('ann', [0, 1], { through: held.pool })
    await vote(system.ports, slow, someVoter(), 1)
    await held.reached
    await vote(system.ports, quick, voterNumber(1), 1)
    // All that was to be told before this has been told.
    await waitUntil(async () => (await system.ports.cache.getTally(quick.id))?.totalVotes === 1, { withinMs })
    held.goOn()
    await waitUntil(async () => (await system.ports.cache.getTally(slow.id))?.totalVotes === 1, { withinMs })
  })

  test('of partitions that commit at the same time the last news has the votes of all', async () => {
    const system = await start()
    const poll = await openPoll(system, { partitions: 2 })
    // As viewers do: news of two workers may overtake each other, and older ones are passed over.
    let newest: Tally | null = null
    await system.ports.feed.subscribe(poll.id, {
      onTally: (tally) => {
        if (newest === null || tally.version > newest.version) newest = tally
      },
      onGap: () => undefined,
    })
    const held = holdNextCommit(system.pool)
    undo.push(async () => held.goOn())
    system.work('ann', [0], { through: held.pool })
    system.work('ben', [1])
    await vote(system.ports, poll, voterNumber(0), 1)
    await held.reached
    await vote(system.ports, poll, voterNumber(1), 1)
    // What ann has written and not committed is in nobody's news; ben's votes are in hers when she tells of them.
    await waitUntil(async () => (await system.ports.cache.getTally(poll.id))?.totalVotes === 1, { withinMs })
    held.goOn()
    await waitUntil(async () => (await system.ports.cache.getTally(poll.id))?.totalVotes === 2, { withinMs })
    await waitUntil(() => newest?.totalVotes === 2, { withinMs })
  })

  test('votes that are counted anew by a ledger that lost commits are shown at once, above what was seen before', async () => {
    const system = await start()
    const poll = await openPoll(system)
    const worker = system.work('ann', [0])
    await vote(system.ports, poll, someVoter(), 1)
    await waitUntil(async () => (await system.ports.cache.getTally(poll.id))?.totalVotes === 1, { withinMs })
    const seen = await system.ports.cache.getTally(poll.id)
    if (seen === null) throw new Error('just seen')
    // What the lost primary had announced.
    await system.ports.cache.putTally({ ...seen, version: 1_000, totalVotes: 998 })
    await vote(system.ports, poll, someVoter(), 1)
    await waitUntil(async () => (await system.tallies.read([poll.id]))[0]?.totalVotes === 2, { withinMs })
    await waitUntil(
      async () => {
        worker.sweep()
        return (await system.ports.cache.getTally(poll.id))?.totalVotes === 2
      },
      { withinMs },
    )
    expect((await system.ports.cache.getTally(poll.id))?.version).toBeGreaterThan(1_000)
  })

  test('a ledger that is too slow for all that waits gets it in smaller parts', async () => {
    const system = await start()
    const poll = await openPoll(system)
    // As the server says of a statement that takes too long.
    await system.pool.query(`
      create function too_slow() returns trigger language plpgsql as $$
      begin
        if (select count(*) from added) > 4 then
          raise exception 'canceling statement due to statement timeout' using errcode = '57014';
        end if;
        return null;
      end $$;
      create trigger too_slow after insert on vote referencing new table as added
        for each statement execute function too_slow()`)
    for (let voter = 0; voter < 40; voter++) await vote(system.ports, poll, someVoter(), 1)
    const worker = system.work('ann', [0])
    await waitUntil(async () => (await system.tallies.read([poll.id]))[0]?.totalVotes === 40, { withinMs: 25_000 })
    expect(worker.faults.length).toBeGreaterThan(0)
  })

  test('a worker whose lease ran out is replaced, and what it commits late is fenced', async () => {
    const system = await start()
    const poll = await openPoll(system)
    const lease = createPartitionLease(system.pool)
    const zombie = await lease.acquire(0, 'zombie', 300)
    if (zombie === null) throw new Error('nobody else owns the partition')
    system.work('heir', [0])
    await vote(system.ports, poll, someVoter(), 1)
    await waitUntil(async () => (await system.ports.cache.getTally(poll.id))?.totalVotes === 1, { withinMs })
    const late = ledgerBatch('zombie', zombie, { entries: [], to: '999-0' }, 0)
    expect(await createVoteLedger(system.pool).record(late)).toBe('fenced')
  })

  test('a worker whose partition was taken meanwhile begins anew, though it finds the checkpoint that it knows', async () => {
    const system = await start()
    const poll = await openPoll(system)
    const worker = system.work('ann', [0])
    await waitUntil(() => worker.takenOver() > 0, { withinMs })
    const before = worker.takenOver()
    // What the other has recorded and not announced is ours to announce, however it left the checkpoint.
    await system.pool.query(`update checkpoint set owner = 'ben', lease_until = clock_timestamp() where partition = 0`)
    await waitUntil(() => worker.takenOver() > before, { withinMs, what: 'it is taken over anew' })
    await vote(system.ports, poll, someVoter(), 1)
    await waitUntil(async () => (await system.ports.cache.getTally(poll.id))?.totalVotes === 1, { withinMs })
    expect(worker.faults).toEqual([])
  })

  test('the last close marker of the round makes a closing poll final and says so', async () => {
    const system = await start()
    const poll = await openPoll(system, { partitions: 2 })
    const changes: number[] = []
    await system.ports.feed.subscribePollChanges({
      onChange: ({ pollId, revision }) => pollId === poll.id && changes.push(revision),
      onGap: () => undefined,
    })
    system.work('ann', [0, 1])
    for (let voter = 0; voter < 10; voter++) await vote(system.ports, poll, someVoter(), 3)
    await system.polls.save({ ...poll, status: 'closing', revision: 2 }, 1)
    await system.ports.door.shut(0, poll.id, 1, false)
    await waitUntil(async () => (await system.ports.cache.getTally(poll.id))?.totalVotes === 10, { withinMs })
    expect((await system.polls.find(poll.id))?.status).toBe('closing')
    await system.ports.door.shut(1, poll.id, 1, false)
    await waitUntil(async () => (await system.polls.find(poll.id))?.status === 'closed', { withinMs })
    await waitUntil(async () => (await system.ports.cache.getTally(poll.id))?.resultsFinal === true, { withinMs })
    await waitUntil(() => changes.includes(3), { withinMs })
    expect((await system.ports.cache.getPoll(poll.id))?.status).toBe('closed')
  })
})
