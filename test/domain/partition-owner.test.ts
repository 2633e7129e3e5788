import fc from 'fast-check'
import { expect, test } from 'vitest'
import { initialOwner, stepOwner } from '../../src/domain/partition-owner.ts'
import type { EntryId } from '../../src/domain/position.ts'
import type { LedgerVote, VoteKind, VoterKey } from '../../src/domain/vote.ts'
import { SimulatedPipeline } from '../simulation/simulated-pipeline.ts'

type Command = { readonly name: string; readonly apply: (pipeline: SimulatedPipeline) => void }
type Shape = { readonly partitions: number; readonly workers: number }

const VOTERS = 12

function commands({ partitions, workers }: Shape, isLossy: boolean): fc.Arbitrary<Command[]> {
  const owner = fc.nat(partitions * workers - 1)
  const partition = fc.nat(partitions - 1)
  const kind = fc.constantFrom<VoteKind>('cast', 'cast', 'cast', 'change', 'retract')
  const vote = fc.tuple(fc.nat(VOTERS - 1), kind, fc.integer({ min: 1, max: 3 })).map(([voter, how, optionId]) => ({
    name: `vote ${voter} ${how} ${optionId}`,
    apply: (pipeline: SimulatedPipeline) => pipeline.vote(voter % partitions, voter, how, optionId),
  }))
  const advance = fc.tuple(owner, fc.nat(3)).map(([index, which]) => ({
    name: `advance ${index} ${which}`,
    apply: (pipeline: SimulatedPipeline) => {
      pipeline.start(index)
      pipeline.advance(index, which)
    },
  }))
  const ghost = fc.nat(5).map((which) => ({
    name: `ghost ${which}`,
    apply: (pipeline: SimulatedPipeline) => pipeline.advanceGhost(which),
  }))
  const crash = owner.map((index) => ({
    name: `crash ${index}`,
    apply: (pipeline: SimulatedPipeline) => pipeline.crash(index),
  }))
  const expire = partition.map((index) => ({
    name: `expire ${index}`,
    apply: (pipeline: SimulatedPipeline) => pipeline.expireLease(index),
  }))
  const close = partition.map((index) => ({
    name: `close ${index}`,
    apply: (pipeline: SimulatedPipeline) => pipeline.close(index),
  }))
  const fallBack = fc.tuple(partition, fc.integer({ min: 1, max: 4 })).map(([index, entries]) => ({
    name: `fall back ${index} ${entries}`,
    apply: (pipeline: SimulatedPipeline) => pipeline.fallBack(index, entries),
  }))
  const flush = partition.map((index) => ({
    name: `flush ${index}`,
    apply: (pipeline: SimulatedPipeline) => pipeline.flush(index),
  }))
  const restore = partition.map((index) => ({
    name: `restore checkpoint ${index}`,
    apply: (pipeline: SimulatedPipeline) => pipeline.restoreCheckpoint(index),
  }))
  return fc.array(
    fc.oneof(
      { weight: 12, arbitrary: vote },
      { weight: 40, arbitrary: advance },
      { weight: 4, arbitrary: ghost },
      { weight: 2, arbitrary: crash },
      { weight: 3, arbitrary: expire },
      { weight: isLossy ? 6 : 1, arbitrary: close },
      { weight: isLossy ? 4 : 0, arbitrary: fallBack },
      { weight: isLossy ? 1 : 0, arbitrary: flush },
      { weight: isLossy ? 1 : 0, arbitrary: restore },
    ),
    { minLength: 20, maxLength: 250 },
  )
}

function play(shape: Shape, sequence: readonly Command[]): SimulatedPipeline {
  const pipeline = new SimulatedPipeline(shape.partitions, shape.workers)
  const atClose = new Map<number, string>()
  for (const command of sequence) {
    command.apply(pipeline)
    expectTallyEqualsLedger(pipeline)
    expectClosedToStay(pipeline, atClose)
  }
  pipeline.heal()
  expectTallyEqualsLedger(pipeline)
  expectClosedToStay(pipeline, atClose)
  return pipeline
}

/** Where the close marker is recorded, the partition's rows stay as they were then, whatever comes. */
function expectClosedToStay(pipeline: SimulatedPipeline, atClose: Map<number, string>): void {
  for (const [partition, { isMarkerRecorded }] of pipeline.partitions.entries()) {
    if (!isMarkerRecorded) continue
    const ofPartition = [...pipeline.ledger].filter(
      ([voter]) => Number.parseInt(voter, 16) % pipeline.partitions.length === partition,
    )
    const rows = JSON.stringify(ofPartition)
    if (!atClose.has(partition)) atClose.set(partition, rows)
    expect(rows).toBe(atClose.get(partition))
  }
}

function expectTallyEqualsLedger(pipeline: SimulatedPipeline): void {
  const recount = new Map<number, number>()
  for (const { selection } of pipeline.ledger.values()) {
    for (const optionId of selection) recount.set(optionId, (recount.get(optionId) ?? 0) + 1)
  }
  for (const optionId of [1, 2, 3]) expect(pipeline.counts.get(optionId) ?? 0).toBe(recount.get(optionId) ?? 0)
}

/** The plain model: a map of voter to last accepted vote. */
function lastAccepted(pipeline: SimulatedPipeline): Map<VoterKey, LedgerVote> {
  const model = new Map<VoterKey, LedgerVote>()
  for (const { vote, position } of pipeline.accepted) model.set(vote.voter, { selection: vote.selection, position })
  return model
}

const shapes: readonly Shape[] = [
  { partitions: 1, workers: 1 },
  { partitions: 1, workers: 2 },
  { partitions: 4, workers: 2 },
]
const runs = Number(process.env['SIMULATED_RUNS'] ?? 300)

for (const shape of shapes) {
  const where = `${shape.partitions} partition${shape.partitions > 1 ? 's' : ''}, ${shape.workers} worker${shape.workers > 1 ? 's' : ''}`

  test(`every accepted vote is recorded once, in order, through crashes, takeovers and zombies (${where})`, () => {
    let takeovers = 0
    let fencedCommits = 0
    fc.assert(
      fc.property(commands(shape, false), (sequence) => {
        const pipeline = play(shape, sequence)
        expect(pipeline.ledger).toEqual(lastAccepted(pipeline))
        expect(pipeline.setAside.size).toBe(0)
        for (const { door, isMarkerRecorded } of pipeline.partitions) expect(isMarkerRecorded).toBe(door?.isShut)
        takeovers += pipeline.takeovers
        fencedCommits += pipeline.fencedCommits
      }),
      { numRuns: runs },
    )
    // The faults did happen, or the runs above prove nothing.
    if (shape.workers > 1) expect(takeovers).toBeGreaterThan(runs / 10)
    if (shape.workers > 1) expect(fencedCommits).toBeGreaterThan(0)
  })

  test(`when the stream loses its log, what was recorded stays and nobody counts twice (${where})`, () => {
    let epochsRaised = 0
    let lateVoters = 0
    fc.assert(
      fc.property(commands(shape, true), (sequence) => {
        const pipeline = play(shape, sequence)
        expect(pipeline.ledger).toEqual(pipeline.ledgerOneByOne)
        const attempted = new Set(pipeline.accepted.map(({ vote }) => `${vote.voter} ${vote.selection.join()}`))
        for (const [voter, row] of pipeline.ledger) expect(attempted).toContain(`${voter} ${row.selection.join()}`)
        for (const { entries } of pipeline.partitions) {
          for (const { content } of entries) {
            if (content.type !== 'votes') continue
            // Whatever is still in the stream was recorded or explained: its voter has a row, or came after the close.
            for (const { voter } of content.votes) {
              expect(pipeline.ledger.has(voter) || pipeline.lateVoters.has(voter)).toBe(true)
            }
          }
        }
        epochsRaised += pipeline.epochsRaised
        lateVoters += pipeline.lateVoters.size
      }),
      { numRuns: runs },
    )
    expect(epochsRaised).toBeGreaterThan(0)
    // Over four partitions so few come late that a run may see none.
    if (shape.partitions === 1) expect(lateVoters).toBeGreaterThan(0)
  })
}

test('an answer to a question of an earlier term changes nothing', () => {
  const limits = { entriesMax: 3 }
  const [waiting] = stepOwner({ ...initialOwner(), phase: 'acquiring' }, { type: 'lost', term: 0 }, limits)
  const late = { type: 'acquired', term: 0, checkpoint: { partition: 0, epoch: 1, recorded: '0-0' } } as const
  expect(stepOwner(waiting, late, limits)).toEqual([waiting, []])
})

test.each([
  ['no longer has what was read last', { end: '9-0', hasEntry: false }],
  ['ends before what was read last', { end: '4-0', hasEntry: true }],
] as const)(
  'a log that %s is lost: the epoch is raised, and what was read with it is not recorded',
  (_what, inspected) => {
    const limits = { entriesMax: 3 }
    const checkpoint = { partition: 0, epoch: 1, recorded: '5-0' } as const
    const [acquiring] = stepOwner<{ readonly id: EntryId }>(initialOwner(), { type: 'start' }, limits)
    const [reading] = stepOwner(acquiring, { type: 'acquired', term: 0, checkpoint }, limits)
    const read = { type: 'read', term: 0, entries: [{ id: '9-0' }], inspected } as const
    expect(stepOwner(reading, read, limits)).toMatchObject([
      { phase: 'raising', gathered: [] },
      [{ type: 'raise_epoch', term: 1, checkpoint }],
    ])
  },
)
