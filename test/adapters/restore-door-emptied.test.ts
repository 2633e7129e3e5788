import { afterEach, describe, expect, test } from 'vitest'
import { createPartitionLease } from '../../src/adapters/postgres/partition-lease.ts'
import { createPollStore } from '../../src/adapters/postgres/poll-store.ts'
import { createVoteLedger } from '../../src/adapters/postgres/vote-ledger.ts'
import { createRestoreDoor } from '../../src/application/cast-vote/restore-door.ts'
import { type Adapters, adapters } from '../support/adapters.ts'
import { createTestDatabase } from '../support/postgres.ts'
import { ask, readEntries, someCall, someDoor } from '../support/some-calls.ts'
import { somePoll } from '../support/some-poll.ts'
import { waitUntil } from '../support/wait-until.ts'
import { startWorker } from '../support/worker.ts'

const withinMs = 20_000
const undo: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step()
})

describe.each(adapters)('a stream that somebody takes entries out of by hand, on $name', ({ create }) => {
  /** A poll with a door, a worker, and three votes that are recorded. */
  async function start() {
    const database = await createTestDatabase()
    undo.push(database.drop)
    const { pool } = database
    const ports: Adapters = await create()
    undo.push(ports.stop)
    const poll = somePoll({ closesAt: null })
    await createPollStore(pool).create(poll)
    await ports.stream.raiseEpoch(0, 1)
    await ports.door.open(0, someDoor(poll.id))
    const calls = Array.from({ length: 3 }, () => someCall({ pollId: poll.id }))
    for (const call of calls) expect(await ask(ports.door, call)).toMatchObject({ answer: 'accepted' })
    const worker = startWorker(pool, ports, { name: 'ann', partitions: [0] })
    undo.push(worker.stop)
    const lease = createPartitionLease(pool)
    const entries = (await readEntries(ports.stream)).map(({ id }) => id)
    await waitUntil(async () => (await lease.read(0)).recorded === entries.at(-1), { withinMs })
    const stopping = new AbortController()
    undo.push(async () => stopping.abort())
    const { signal } = stopping
    const { door, restoration } = ports
    const polls = createPollStore(pool)
    const doors = createRestoreDoor({ restoration, door, ledger: createVoteLedger(pool), lease, polls, signal })
    return { ports, poll, calls, entries, lease, doors }
  }

  test.each([
    ['all of them', 0],
    ['the last one', 2],
  ])('%s: its doors come back with all who voted, though nothing is appended meanwhile', async (_, first) => {
    const { ports, poll, calls, entries, lease, doors } = await start()
    await ports.takeOut(0, entries.slice(first))
    await waitUntil(async () => (await lease.read(0)).epoch === 2, { withinMs, what: 'the log counts as lost' })
    const [known] = calls
    if (known === undefined) throw new Error('there are three')
    const again = { ...known, selection: [2] }
    await waitUntil(async () => (await ask(ports.door, again)).answer === 'door_missing', { withinMs })
    expect(await doors.restore(0, poll.id)).toBe('restored')
    for (const call of calls) expect((await ask(ports.door, { ...call, selection: [2] })).answer).toBe('already_voted')
    expect(await ask(ports.door, someCall({ pollId: poll.id }))).toMatchObject({ answer: 'accepted' })
  })
})
