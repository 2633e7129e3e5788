import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createPollStore } from '../../src/adapters/postgres/poll-store.ts'
import { createTallies } from '../../src/adapters/postgres/tallies.ts'
import { createKeepGrowing } from '../../src/application/announce-tallies/keep-growing.ts'
import type { Tally } from '../../src/domain/tally.ts'
import type { Tallies } from '../../src/ports/tallies.ts'
import { type Adapters, adapters } from '../support/adapters.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { somePoll } from '../support/some-poll.ts'
import { createLedgerOwner, someVoter, voteAt } from '../support/some-votes.ts'

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

  const start = async () => {
    const fellBack: string[] = []
    const poll = somePoll({ partitions: 2 })
    await createPollStore(database.pool).create(poll)
    const growing = createKeepGrowing({ tallies, cache: ports.cache }, (pollId) => fellBack.push(pollId))
    const readTally = async (): Promise<Tally> => {
      const [tally] = await growing.read([poll.id])
      if (tally === undefined) throw new Error('no tally')
      return tally
    }
    return { poll, growing, readTally, fellBack }
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

  test('a version is raised also where the first partition has recorded votes', async () => {
    const { poll, readTally } = await start()
    const owner = await createLedgerOwner(database.pool, 0)
    await owner.record(1, { votes: [voteAt(1, { pollId: poll.id, voter: someVoter(), selection: [2] })] })
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
