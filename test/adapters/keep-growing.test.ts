import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createPollStore } from '../../src/adapters/postgres/poll-store.ts'
import { createTallies } from '../../src/adapters/postgres/tallies.ts'
import { createKeepGrowing } from '../../src/application/announce-tallies/keep-growing.ts'
import type { Tally } from '../../src/domain/tally.ts'
import type { Tallies } from '../../src/ports/tallies.ts'
import type { TallyCache } from '../../src/ports/tally-cache.ts'
import { type Adapters, adapters } from '../support/adapters.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { somePoll } from '../support/some-poll.ts'
import { createLedgerOwner, voteAt, voterNumber } from '../support/some-votes.ts'

describe.each(adapters)('versions over a failover of the ledger, with the cache on $name', ({ create }) => {
  let database: TestDatabase
  let ports: Adapters
  let tallies: Tallies
  beforeAll(async () => {
    database = await createTestDatabase()
    ports = await create()
    tallies = createTallies(database.pool)
  })
  afterAll(async () => {
    await ports.stop()
    await database.drop()
  })

  /** `through`: what the parts under test see of the ledger and the cache. */
  const start = async (through: { readonly tallies?: Partial<Tallies>; readonly cache?: Partial<TallyCache> } = {}) => {
    const fellBack: string[] = []
    const faults: unknown[] = []
    const poll = somePoll({ partitions: 2 })
    await createPollStore(database.pool).create(poll)
    const growing = createKeepGrowing(
      { tallies: { ...tallies, ...through.tallies }, cache: { ...ports.cache, ...through.cache } },
      { onFellBack: (pollId) => fellBack.push(pollId), onError: (fault) => faults.push(fault) },
    )
    const readTally = async (): Promise<Tally> => {
      const [tally] = await growing.read([poll.id])
      if (tally === undefined) throw new Error('no tally')
      return tally
    }
    return { poll, growing, readTally, fellBack, faults }
  }

  test('a ledger that fell back behind what viewers have seen goes on above that, with the same counts', async () => {
    const { poll, growing, readTally, fellBack } = await start()
    const tally = await readTally()
    await ports.cache.putTally({ ...tally, version: tally.version + 50, counts: [50, 0, 0], totalVotes: 50 })
    expect(await growing.check()).toEqual([poll.id])
    expect(fellBack).toEqual([poll.id])
    expect(await readTally()).toMatchObject({ version: tally.version + 51, counts: [0, 0, 0], totalVotes: 0 })
    expect((await tallies.recount(poll.id))?.differences).toEqual([])
    // Once is enough.
    await ports.cache.putTally(await readTally())
    expect(await growing.check()).toEqual([])
  })

  test('a ledger that came back to the same version with other counts goes on above it', async () => {
    const { poll, growing, readTally, fellBack } = await start()
    const tally = await readTally()
    await ports.cache.putTally({ ...tally, counts: [1, 0, 0], totalVotes: 1 })
    expect(await growing.check()).toEqual([poll.id])
    expect(fellBack).toEqual([poll.id])
    const after = await readTally()
    expect(after).toMatchObject({ version: tally.version + 1, counts: [0, 0, 0], totalVotes: 0 })
    // The same version with the same counts, read at another moment, is the same.
    await ports.cache.putTally({ ...after, asOf: after.asOf - 1_000 })
    expect(await growing.check()).toEqual([])
  })

  test('a poll that could not be looked after, because ledger or cache failed, is looked after the next time', async () => {
    let failing: 'read' | 'cache' | 'nothing' = 'nothing'
    const failIf = (what: typeof failing): void => {
      if (failing === what) throw new Error(`no ${what}`)
    }
    const { poll, growing, readTally, fellBack } = await start({
      tallies: { read: async (pollIds) => (failIf('read'), tallies.read(pollIds)) },
      cache: { getTally: async (pollId) => (failIf('cache'), ports.cache.getTally(pollId)) },
    })
    const tally = await readTally()
    await ports.cache.putTally({ ...tally, version: tally.version + 50 })
    failing = 'cache'
    await expect(growing.check()).rejects.toThrow('no cache')
    failing = 'read'
    await expect(growing.check()).rejects.toThrow('no read')
    failing = 'nothing'
    expect(await growing.check()).toEqual([poll.id])
    expect(fellBack).toEqual([poll.id])
  })

  test('where one poll of several cannot be raised, the others are, and it is raised the next time', async () => {
    let broken: string | null = null
    const { poll, growing, readTally, fellBack, faults } = await start({
      tallies: {
        raiseVersion: async (pollId, seen) => {
          if (pollId === broken) throw new Error('the ledger is away')
          await tallies.raiseVersion(pollId, seen)
        },
      },
    })
    const another = somePoll()
    await createPollStore(database.pool).create(another)
    for (const tally of [await readTally(), ...(await growing.read([another.id]))]) {
      await ports.cache.putTally({ ...tally, version: tally.version + 50 })
    }
    broken = poll.id
    expect(await growing.check()).toContain(another.id)
    expect(fellBack).toEqual([another.id])
    expect(faults).toHaveLength(1)
    broken = null
    expect(await growing.check()).toEqual([poll.id])
    expect(fellBack).toEqual([another.id, poll.id])
  })

  test('a version is raised also where the first partition has recorded votes', async () => {
    const { poll, readTally } = await start()
    const owner = await createLedgerOwner(database.pool, 0)
    await owner.record(1, { votes: [voteAt(1, { pollId: poll.id, voter: voterNumber(0), selection: [2] })] })
    await tallies.raiseVersion(poll.id, 1_000)
    expect(await readTally()).toMatchObject({ version: 1_001, counts: [0, 1, 0], totalVotes: 1 })
    await tallies.raiseVersion(poll.id, 1_000)
    expect(await readTally()).toMatchObject({ version: 1_001 })
  })

  test('a cache that is ahead because somebody else has announced meanwhile is no sign of it', async () => {
    const { poll, growing, readTally, fellBack } = await start()
    const before = await readTally()
    await tallies.raiseVersion(poll.id, before.version) // as a vote would
    const [after] = await tallies.read([poll.id])
    if (after === undefined) throw new Error('no tally')
    await ports.cache.putTally(after)
    expect(await growing.check()).toEqual([])
    expect(fellBack).toEqual([])
    expect((await readTally()).version).toBe(before.version + 1)
  })
})
