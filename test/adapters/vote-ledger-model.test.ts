import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPollStore } from '../../src/adapters/postgres/poll-store.ts'
import { createTallies } from '../../src/adapters/postgres/tallies.ts'
import { createVoteLedger } from '../../src/adapters/postgres/vote-ledger.ts'
import type { Poll } from '../../src/domain/poll.ts'
import { type Position, positionOf } from '../../src/domain/position.ts'
import {
  judgeVote,
  type LedgerVote,
  partitionOf,
  type PositionedVote,
  type SetAsideReason,
  type Vote,
  type VoteKind,
} from '../../src/domain/vote.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { somePoll } from '../support/some-poll.ts'
import { createLedgerOwner, emptyLedger, entryNumber, voterNumber } from '../support/some-votes.ts'

const partitions = 2
const pollCount = 3
const roundCount = 2
/** Few, so that they meet again and again. */
const voterCount = 6
const runs = 80
const withinMs = 60_000

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

type Intent = {
  readonly poll: number
  readonly round: number
  readonly voter: number
  readonly kind: VoteKind
  readonly options: readonly number[]
  /** Written by hand: it stays where it is also where that is not its voter's partition. */
  readonly isByHand: boolean
}
/** `again` delivers earlier votes of the partition a second time, named by their number from the end. */
type Step =
  | {
      readonly type: 'batch'
      readonly partition: number
      readonly votes: readonly Intent[]
      readonly again: readonly number[]
    }
  | { readonly type: 'raise_epoch'; readonly partition: number }
  | { readonly type: 'reset'; readonly poll: number }
  | { readonly type: 'close'; readonly partition: number; readonly poll: number; readonly round: number }

const intent: fc.Arbitrary<Intent> = fc.record({
  // The last poll is unknown to the ledger.
  poll: fc.nat({ max: pollCount }),
  round: fc.integer({ min: 1, max: roundCount }),
  voter: fc.nat({ max: voterCount - 1 }),
  kind: fc.constantFrom('cast', 'cast', 'change', 'retract'),
  // Option 5 is none.
  options: fc.uniqueArray(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3 }),
  isByHand: fc.nat({ max: 9 }).map((number) => number === 9),
})
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      type: fc.constant('batch' as const),
      partition: fc.nat({ max: partitions - 1 }),
      votes: fc.array(intent, { maxLength: 12 }),
      again: fc.array(fc.nat({ max: 20 }), { maxLength: 4 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('raise_epoch' as const), partition: fc.nat({ max: partitions - 1 }) }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('reset' as const), poll: fc.nat({ max: pollCount - 1 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('close' as const),
      partition: fc.nat({ max: partitions - 1 }),
      poll: fc.nat({ max: pollCount }),
      round: fc.integer({ min: 1, max: roundCount }),
    }),
  },
)

const keyOf = (vote: Vote): string => `${vote.pollId} ${vote.round} ${vote.voter}`

/** The ledger as a plain Map: the rule of the domain, one vote after the other. */
const createModel = (isKnown: (pollId: string) => boolean) => {
  const rows = new Map<string, LedgerVote>()
  const written = new Map<string, number>()
  const setAside = new Map<string, SetAsideReason>()
  const closed = new Set<string>()
  const judge = (partition: number, vote: PositionedVote): 'write' | 'ignore' | SetAsideReason => {
    if (!isKnown(vote.pollId)) return 'poll_unknown'
    if (partitionOf(vote.voter, partitions) !== partition) return 'partition_wrong'
    if (vote.selection.some((optionId) => optionId > 4)) return 'selection_unknown'
    const verdict = judgeVote(rows.get(keyOf(vote)), vote)
    if (verdict === 'write' && closed.has(`${partition} ${vote.pollId} ${vote.round}`)) return 'poll_closed'
    return verdict === 'set_aside' ? 'already_voted' : verdict
  }
  return {
    rows,
    setAside,
    versionOf: (pollId: string) => written.get(pollId) ?? 0,
    close(partition: number, pollId: string, round: number) {
      closed.add(`${partition} ${pollId} ${round}`)
    },
    record(partition: number, vote: PositionedVote) {
      const verdict = judge(partition, vote)
      if (verdict === 'ignore') return
      if (verdict === 'write') {
        rows.set(keyOf(vote), { selection: vote.selection, position: vote.position })
        written.set(vote.pollId, (written.get(vote.pollId) ?? 0) + 1)
        return
      }
      const place = `${partition} ${vote.position}`
      if (!setAside.has(place)) setAside.set(place, verdict)
    },
  }
}

/** What is new gets the next positions; what is delivered again keeps its own. At most one vote of a voter, as the port says. */
const createPartition = (number: number) => {
  const delivered: PositionedVote[] = []
  let entry = 0
  return {
    number,
    restart: () => {
      entry = 0
    },
    deliver(epoch: number, votes: readonly Vote[], again: readonly number[]): { votes: PositionedVote[]; to: number } {
      entry += 1
      const fresh = votes.map((vote, index) => ({ ...vote, position: positionOf(epoch, entryNumber(entry), index) }))
      const old = again.flatMap((back) => delivered.at(-1 - back) ?? [])
      delivered.push(...fresh)
      const distinct = new Map([...fresh, ...old].map((vote) => [keyOf(vote), vote]))
      return { votes: [...distinct.values()], to: entry }
    },
  }
}

const readRows = async (pollIds: readonly string[]): Promise<Map<string, LedgerVote>> => {
  const { rows } = await database.pool.query<{ key: string; selection: number[]; position: Position }>(
    `select poll_id || ' ' || round || ' ' || encode(voter, 'hex') as key, selection, encode(position, 'hex') as position
     from vote where poll_id = any ($1)`,
    [pollIds],
  )
  return new Map(rows.map(({ key, selection, position }) => [key, { selection, position }]))
}

const readSetAside = async (pollIds: readonly string[]): Promise<Map<string, SetAsideReason>> => {
  const { rows } = await database.pool.query<{ place: string; reason: SetAsideReason }>(
    `select partition || ' ' || encode(position, 'hex') as place, reason from set_aside where poll_id = any ($1)`,
    [pollIds],
  )
  return new Map(rows.map(({ place, reason }) => [place, reason]))
}

const sumOf = (rows: ReadonlyMap<string, LedgerVote>, { id, round }: Poll, optionIds: readonly number[]) => {
  const selections = [...rows].filter(([key]) => key.startsWith(`${id} ${round} `)).map(([, row]) => row.selection)
  return {
    counts: optionIds.map((optionId) => selections.filter((selection) => selection.includes(optionId)).length),
    totalVotes: selections.filter((selection) => selection.length > 0).length,
  }
}

/** Of all plays. */
const found = { rows: 0, reasons: new Set<SetAsideReason>() }

const play = async (steps: readonly Step[]): Promise<void> => {
  await emptyLedger(database.pool)
  const store = createPollStore(database.pool)
  const options = [1, 2, 3, 4].map((id) => ({ id, text: `Option ${id}`, position: 4 - id }))
  const polls = Array.from({ length: pollCount }, () =>
    somePoll({ type: 'multiple', maxChoices: 3, options, nextOptionId: 5, partitions }),
  )
  for (const poll of polls) await store.create(poll)
  const pollIds = [...polls.map((poll) => poll.id), `no ${polls[0]?.id}`]
  const model = createModel((pollId) => pollId !== pollIds.at(-1))
  const owned = []
  for (let number = 0; number < partitions; number += 1) {
    const owner = await createLedgerOwner(database.pool, number)
    owned.push({ owner, partition: createPartition(number) })
  }

  const versions = new Map<string, number>()
  for (const one of steps) {
    if (one.type === 'reset') {
      const poll = polls[one.poll]!
      const next = { ...poll, round: poll.round + 1, revision: poll.revision + 1 }
      expect(await store.save(next, poll.revision)).toBe(true)
      polls[one.poll] = next
    } else {
      const { owner, partition } = owned[one.partition]!
      if (one.type === 'raise_epoch') {
        await owner.raiseEpoch()
        partition.restart()
      } else if (one.type === 'close') {
        const pollId = pollIds[one.poll]!
        const { to } = partition.deliver(owner.checkpoint().epoch, [], [])
        const position = positionOf(owner.checkpoint().epoch, entryNumber(to), 0)
        await owner.record(to, { markers: [{ pollId, round: one.round, position }] })
        model.close(owner.checkpoint().partition, pollId, one.round)
      } else {
        const votes = one.votes
          .filter(({ voter, isByHand }) => isByHand || partitionOf(voterNumber(voter), partitions) === one.partition)
          .map(({ poll, round, voter, kind, options: chosen }) => ({
            pollId: pollIds[poll]!,
            round,
            voter: voterNumber(voter),
            kind,
            selection: kind === 'retract' ? [] : chosen.toSorted((a, b) => a - b),
          }))
        const batch = partition.deliver(owner.checkpoint().epoch, votes, one.again)
        await owner.record(batch.to, { votes: batch.votes })
        for (const vote of batch.votes) model.record(owner.checkpoint().partition, vote)
      }
    }
    for (const tally of await createTallies(database.pool).read(pollIds)) {
      expect(tally.version).toBeGreaterThanOrEqual(versions.get(tally.pollId) ?? 0)
      versions.set(tally.pollId, tally.version)
    }
  }

  const [rows, setAside] = [await readRows(pollIds), await readSetAside(pollIds)]
  expect(rows).toEqual(model.rows)
  expect(setAside).toEqual(model.setAside)
  found.rows += rows.size
  for (const reason of setAside.values()) found.reasons.add(reason)
  const tallies = createTallies(database.pool)
  for (const poll of polls) {
    const [tally] = await tallies.read([poll.id])
    const { counts, totalVotes } = sumOf(model.rows, poll, tally?.optionIds ?? [])
    expect(tally).toMatchObject({ counts, totalVotes, version: model.versionOf(poll.id) + poll.revision })
    const equal = { differences: [], unregisteredVotes: 0, prunedVotes: null }
    expect(await tallies.recount(poll.id)).toEqual({ pollId: poll.id, round: poll.round, totalVotes, ...equal })
  }
}

/** Drawn in one play of fifteen, and so in none of all at times. */
const behindClose: Step[] = [
  { type: 'close', partition: 0, poll: 0, round: 1 },
  {
    type: 'batch',
    partition: 0,
    votes: [{ poll: 0, round: 1, voter: 0, kind: 'cast', options: [1], isByHand: false }],
    again: [],
  },
]

test(
  'any sequence of batches gives what judging one vote after the other gives, and a recount finds no difference',
  async () => {
    await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), play), {
      numRuns: runs,
      examples: [[behindClose]],
    })
  },
  withinMs,
)

test('the ledger that the model was held against is the one in the database', async () => {
  expect(found.rows).toBeGreaterThan(runs)
  expect(found.reasons.size).toBe(5)
  expect(await createVoteLedger(database.pool).find('unknown', 1, voterNumber(1))).toBeNull()
})
