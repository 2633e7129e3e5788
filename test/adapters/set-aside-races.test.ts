import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPollStore } from '../../src/adapters/postgres/poll-store.ts'
import { createSetAsideVotes } from '../../src/adapters/postgres/set-aside.ts'
import { createTallies } from '../../src/adapters/postgres/tallies.ts'
import type { Poll } from '../../src/domain/poll.ts'
import { type Position, positionOf } from '../../src/domain/position.ts'
import type { PositionedVote } from '../../src/domain/vote.ts'
import type { SetAsidePlace } from '../../src/ports/set-aside.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { somePoll } from '../support/some-poll.ts'
import { createLedgerOwner, entryNumber, type LedgerOwner, voterNumber } from '../support/some-votes.ts'

const rounds = 20
const partitions = [0, 1] as const
const votersPerPartition = 12
/** Fewer than voters: the others keep their first vote. */
const changesPerPartition = 6

type Round = { readonly closing: Poll; readonly open: Poll; readonly places: readonly SetAsidePlace[] }

let database: TestDatabase
let owners: readonly LedgerOwner[]
const lastEntries = [0, 0]

beforeAll(async () => {
  database = await createTestDatabase()
  owners = await Promise.all(partitions.map(async (partition) => createLedgerOwner(database.pool, partition)))
})
afterAll(() => database.drop())

test('replays, the commits of both owners and the close of a poll at once: nobody waits for another in a circle, and every voter counts once', async () => {
  let recordedByReplays = 0
  let refusedAsClosed = 0
  for (let round = 0; round < rounds; round += 1) {
    const begun = await beginRound()
    const { closing, open, places } = begun
    const replayInPieces = async (some: readonly SetAsidePlace[], pieces: number): Promise<void> => {
      for (let piece = 0; piece < pieces; piece += 1) {
        const outcomes = await replay(some.filter((_, index) => index % pieces === piece))
        recordedByReplays += outcomes.filter((outcome) => outcome === 'recorded').length
        refusedAsClosed += outcomes.filter((outcome) => outcome === 'poll_closed' || outcome === 'poll_final').length
      }
    }
    const late = places.filter((_, index) => index % 3 === 0)
    const others = places.filter((_, index) => index % 3 !== 0)
    const firstIsClosed = Promise.withResolvers<void>()
    await Promise.all([
      recordAndClose(begun, firstIsClosed.resolve),
      replayInPieces(others, 8),
      replayInPieces(others, 5),
      replayInPieces(others, 1),
      firstIsClosed.promise.then(async () => replayInPieces(late, 4)),
    ])
    await expectSound(open, votersPerPartition * partitions.length)
    await expectSound(closing)
    await expectFinal(begun)
  }
  // It did happen: replays recorded votes while the owners did, and met polls that had closed under them.
  console.log(`recorded by replays ${recordedByReplays}, refused behind a close ${refusedAsClosed}`)
  expect(recordedByReplays).toBeGreaterThan(rounds * votersPerPartition)
  expect(refusedAsClosed).toBeGreaterThan(0)
})

/** Everybody's first vote was set aside for want of the poll's row; now the rows are there. */
async function beginRound(): Promise<Round> {
  const polls = [0, 1].map(() => somePoll({ closesAt: null, partitions: partitions.length }))
  const places: SetAsidePlace[] = []
  for (const partition of partitions) {
    const votes = Array.from({ length: votersPerPartition }, (_, number) => number).flatMap((number) =>
      votesOfBoth(partition, polls, number, { kind: 'cast', selection: [1] }),
    )
    expect(await record(partition, { votes })).toMatchObject({ written: 0, setAside: votes.length })
    places.push(...votes.map(({ position }) => ({ partition, position })))
  }
  for (const poll of polls) await createPollStore(database.pool).create(poll)
  const [closing, open] = polls
  if (closing === undefined || open === undefined) throw new Error('there are two')
  return { closing, open, places }
}

/** One voter's vote in each poll, in the next entry. */
function votesOfBoth(
  partition: number,
  polls: readonly Poll[],
  number: number,
  said: Pick<PositionedVote, 'kind' | 'selection'>,
): readonly PositionedVote[] {
  const entry = nextEntry(partition)
  const voter = voterNumber(partitions.length * number + partition)
  return polls.map(({ id }, index) => ({ pollId: id, round: 1, voter, position: placeOf(entry, index), ...said }))
}

/** Some change their vote or take it back, batch by batch; then one poll closes, at each partition, and becomes final. */
async function recordAndClose({ closing, open }: Round, onClosedAtOne: () => void): Promise<void> {
  await createPollStore(database.pool).save({ ...closing, status: 'closing', revision: 2 }, 1)
  const recordAt = async (partition: number): Promise<void> => {
    for (let number = 0; number < changesPerPartition; number += 1) {
      const said =
        number % 3 === 0 ? ({ kind: 'retract', selection: [] } as const) : ({ kind: 'change', selection: [2] } as const)
      await record(partition, { votes: votesOfBoth(partition, [closing, open], number, said) })
    }
    const position = placeOf(nextEntry(partition), 0)
    await record(partition, { markers: [{ pollId: closing.id, round: 1, position }] })
    onClosedAtOne()
  }
  await Promise.all(partitions.map(recordAt))
  expect(await createTallies(database.pool).finalise(closing.id)).toBe(true)
}

async function replay(places: readonly SetAsidePlace[]) {
  return (await createSetAsideVotes(database.pool).replay(places)).map(({ outcome }) => outcome)
}

async function record(partition: number, content: Parameters<LedgerOwner['record']>[1]) {
  const owner = owners[partition]
  if (owner === undefined) throw new Error(`nobody owns ${partition}`)
  return owner.record(lastEntries[partition] ?? 0, content)
}

/** The tally equals the ledger, and each voter's row shows the last thing that the voter asked for. */
async function expectSound({ id }: Poll, rowsExpected?: number): Promise<void> {
  expect((await createTallies(database.pool).recount(id))?.differences).toEqual([])
  const { rows } = await database.pool.query<{ voter: string; selection: number[] }>(
    `select encode(voter, 'hex') as voter, selection from vote where poll_id = $1`,
    [id],
  )
  if (rowsExpected !== undefined) expect(rows).toHaveLength(rowsExpected)
  for (const { voter, selection } of rows) {
    const number = Math.floor(Number.parseInt(voter.slice(0, 8), 16) / partitions.length)
    const asked = number >= changesPerPartition ? [1] : number % 3 === 0 ? [] : [2]
    expect(selection).toEqual(asked)
  }
}

/** A further replay of everything answers as it stands and changes nothing. */
async function expectFinal({ closing, open, places }: Round): Promise<void> {
  const tallies = createTallies(database.pool)
  const read = async () => {
    const both = await tallies.read([closing.id, open.id])
    return new Map(both.map(({ asOf: _asOf, ...tally }) => [tally.pollId, tally]))
  }
  const before = await read()
  for (const outcome of await replay(places)) expect(['recorded', 'superseded', 'poll_final']).toContain(outcome)
  expect(await read()).toEqual(before)
}

function nextEntry(partition: number): number {
  const entry = (lastEntries[partition] ?? 0) + 1
  lastEntries[partition] = entry
  return entry
}

function placeOf(entry: number, index: number): Position {
  return positionOf(1, entryNumber(entry), index)
}
