import { randomBytes } from 'node:crypto'
import type pg from 'pg'
import { type Checkpoint, type EntryId, type Position, positionOf } from '../../src/domain/position.ts'
import type { PositionedVote, Vote, VoterKey } from '../../src/domain/vote.ts'
import { createPartitionLease } from '../../src/adapters/postgres/partition-lease.ts'
import { createVoteLedger } from '../../src/adapters/postgres/vote-ledger.ts'
import type { LedgerBatch, Recorded } from '../../src/ports/vote-ledger.ts'

const longMs = 60_000

// The casts brand 32 hexadecimal digits that were just made.
export const someVoter = (): VoterKey => randomBytes(16).toString('hex') as VoterKey
/** A voter who is the same for the same number, and lies in partition `number % partitions`. */
export const voterNumber = (number: number): VoterKey =>
  number.toString(16).padStart(8, '0').padEnd(32, '0') as VoterKey

/** A vote that stands first in the entry with this number. */
export const voteAt = (
  entry: number,
  vote: Pick<Vote, 'pollId' | 'selection'> & Partial<Vote>,
  epoch = 1,
): PositionedVote => ({
  round: 1,
  voter: voterNumber(1),
  kind: 'cast',
  position: positionAt(entry, epoch),
  ...vote,
})

export const positionAt = (entry: number, epoch = 1): Position => positionOf(epoch, entryNumber(entry), 0)
export const entryNumber = (entry: number): EntryId => `${entry}-0`

export type LedgerOwner = {
  readonly name: string
  readonly checkpoint: () => Checkpoint
  /** The batch that this owner would record next, up to the entry with this number. */
  readonly batch: (to: number, content?: Partial<LedgerBatch>) => LedgerBatch
  /** Records it; fails where it is fenced. */
  readonly record: (to: number, content?: Partial<LedgerBatch>) => Promise<Recorded>
  readonly raiseEpoch: () => Promise<void>
  /** Takes the checkpoint from where it is kept, as after a commit whose answer was lost. */
  readonly lookAgain: () => Promise<void>
}

/** An owner of a partition who knows its checkpoint, as a worker does. */
export const createLedgerOwner = async (pool: pg.Pool, partition: number, leaseMs = longMs): Promise<LedgerOwner> => {
  const name = `owner ${randomBytes(4).toString('hex')}`
  const lease = createPartitionLease(pool)
  const ledger = createVoteLedger(pool)
  let checkpoint = mustBeThere(await lease.acquire(partition, name, leaseMs))
  const batch: LedgerOwner['batch'] = (to, content = {}) => ({
    owner: name,
    from: checkpoint,
    to: entryNumber(to),
    votes: [],
    markers: [],
    setAside: [],
    announcedUntil: 0,
    ...content,
  })
  return {
    name,
    checkpoint: () => checkpoint,
    batch,
    record: async (to, content) => {
      const recorded = await ledger.record(batch(to, content))
      if (recorded === 'fenced') throw new Error(`fenced at ${checkpoint.recorded}`)
      checkpoint = recorded.checkpoint
      return recorded
    },
    raiseEpoch: async () => {
      checkpoint = mustBeThere(await lease.raiseEpoch(checkpoint, name))
    },
    lookAgain: async () => {
      checkpoint = mustBeThere(await lease.acquire(partition, name, leaseMs))
    },
  }
}

/** As it is before the first vote, with partitions that nobody ever owned. Polls stay. */
export const emptyLedger = async (pool: pg.Pool): Promise<void> => {
  await pool.query('truncate checkpoint, vote, tally, set_aside')
}

const mustBeThere = (checkpoint: Checkpoint | null): Checkpoint => {
  if (checkpoint === null) throw new Error('the partition belongs to somebody else')
  return checkpoint
}
