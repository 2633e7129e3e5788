import { createHash } from 'node:crypto'
import type { Pool } from 'pg'
import { type EntryId, parsePosition, positionOf } from '../../domain/position.ts'
import { DependencyUnavailable } from '../../ports/unavailable.ts'
import type { DoorAnswer, DoorCall, VoteDoor } from '../../ports/vote-door.ts'
import { BATCH_CALLS_MAX, decodeSelection, ENTRY_FORMAT_VERSION, encodeSelection, encodeVote } from '../vote-entry.ts'
import { orUnavailable } from './faults.ts'
import { toDate } from './rows.ts'

type AppendRow = {
  readonly entry_number: string
  readonly entry_epoch: number
  readonly answers: readonly (Exclude<DoorAnswer['answer'], 'accepted'> | 'accepted' | 'repeated')[]
  readonly repeated_positions: readonly (string | null)[]
}

export type VoteDoorOptions = {
  /** Votes of a partition that may wait to be recorded; beyond them no more are accepted. */
  readonly unrecordedVotesMax?: number
}

/** The door in PostgreSQL. Its rules stand in the functions of the migrations, where the lock of the partition is. */
export function createVoteDoor(
  pool: Pool,
  { unrecordedVotesMax = Number.MAX_SAFE_INTEGER }: VoteDoorOptions = {},
): VoteDoor {
  return {
    append: async (partition, calls) => {
      if (calls.length === 0) return []
      if (calls.length > BATCH_CALLS_MAX) throw new RangeError(`${calls.length} calls in one batch`)
      return orUnavailable('stream', () => append(pool, unrecordedVotesMax, partition, calls))
    },
    look: (partition, pollId, round, voter) =>
      orUnavailable('stream', async () => {
        const { rows } = await pool.query<LookRow>(lookStatement, [partition, pollId, round, toBytes(voter)])
        const row = rows[0]
        if (row === undefined) return 'door_missing'
        if (row.selection === null || row.position === null) return null
        return { voter, selection: decodeSelection(row.selection), position: parsePosition(row.position) }
      }),
    open: async (partition, { pollId, round, revision, closesAt }) =>
      orUnavailable('stream', async () => {
        const values = [partition, pollId, round, revision, toDate(closesAt)]
        await pool.query('select vote_door_open($1, $2, $3, $4, $5)', values)
      }),
    revise: async (partition, { pollId, round, revision, closesAt }) =>
      orUnavailable('stream', async () => {
        const values = [partition, pollId, round, revision, toDate(closesAt)]
        const statement = 'select vote_door_revise($1, $2, $3, $4, $5) as is_shut'
        const { rows } = await pool.query<{ is_shut: boolean }>(statement, values)
        return rows[0]?.is_shut === true ? 'shut' : 'done'
      }),
    shut: async (partition, pollId, round, isRepeat) =>
      orUnavailable('stream', async () => {
        const values = [partition, pollId, round, isRepeat]
        const { rows } = await pool.query<{ done: boolean }>('select vote_door_shut($1, $2, $3, $4) as done', values)
        if (rows[0]?.done === true) return
        throw new DependencyUnavailable('stream', `partition ${partition} has no epoch until a worker takes it`)
      }),
    remove: async (partition, pollId) =>
      orUnavailable('stream', async () => {
        await pool.query('select vote_door_remove($1, $2)', [partition, pollId])
      }),
    // Stream and ledger are one database: neither comes back without the other.
    interruptions: () => 0,
    now: () =>
      orUnavailable('stream', async () => {
        const { rows } = await pool.query<{ now: number }>(
          'select floor(extract(epoch from clock_timestamp()) * 1000)::float8 as now',
        )
        // One row, because the statement has no FROM.
        return rows[0]!.now
      }),
  }
}

type LookRow = { readonly selection: Buffer | null; readonly position: string | null }

/** No row: no door. A row of nulls: a door that does not know the voter. */
const lookStatement = `
  select v.selection, encode(v.position, 'hex') as position
    from door d
    join stream_head h on h.partition = d.partition and h.epoch = d.epoch and h.epoch > 0
    left join door_voter v on v.door_id = d.door_id and v.voter = $4
   where d.partition = $1 and d.poll_id = $2 and d.round = $3 and d.door_id is not null`

async function append(
  pool: Pool,
  unrecordedVotesMax: number,
  partition: number,
  calls: readonly DoorCall[],
): Promise<readonly DoorAnswer[]> {
  const { rows } = await pool.query<AppendRow>(
    'select * from vote_door_append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)',
    [
      partition,
      calls.map((call) => call.pollId),
      calls.map((call) => call.round),
      calls.map((call) => call.revision),
      calls.map((call) => call.kind),
      calls.map((call) => toBytes(call.voter)),
      calls.map((call) => encodeSelection(call.selection)),
      calls.map(requestOf),
      areAgain(calls),
      calls.map(encodeVote),
      ENTRY_FORMAT_VERSION,
      unrecordedVotesMax,
    ],
  )
  // One row, because the function has OUT parameters and returns no set.
  const { entry_number, entry_epoch, answers, repeated_positions } = rows[0]!
  // The cast is of a number that the database wrote.
  const entryId = `${entry_number}-0` as EntryId
  let accepted = 0
  return answers.map((answer, at) => {
    // Written by the function wherever it answers 'repeated'.
    if (answer === 'repeated') {
      return { answer: 'accepted', position: parsePosition(repeated_positions[at]!), isRepeated: true }
    }
    if (answer !== 'accepted') return { answer }
    const position = positionOf(entry_epoch, entryId, accepted)
    accepted += 1
    return { answer, position, isRepeated: false }
  })
}

/** Per call: whether the batch may have met its voter before. No voter key is that of two polls; if one were, this does no harm. */
function areAgain(calls: readonly DoorCall[]): readonly boolean[] {
  const met = new Set<string>()
  return calls.map(({ voter }) => {
    const isAgain = met.has(voter)
    met.add(voter)
    return isAgain
  })
}

/** The request's key and a hash of what it asks for, 8 bytes each. */
function requestOf(call: DoorCall): Buffer | null {
  if (call.requestKey === null) return null
  const asked = createHash('sha256').update(call.kind).update(encodeSelection(call.selection)).digest()
  return Buffer.concat([toBytes(call.requestKey), asked.subarray(0, 8)])
}

function toBytes(hex: string): Buffer {
  return Buffer.from(hex, 'hex')
}
