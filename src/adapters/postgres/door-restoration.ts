import type { Pool } from 'pg'
import type { EntryId } from '../../domain/position.ts'
import { type DoorRestoration, RESTORATION_LIFE_MS } from '../../ports/door-restoration.ts'
import { encodeSelection } from '../vote-entry.ts'
import { orUnavailable } from './faults.ts'
import { toDate } from './rows.ts'

const ABANDON = 'select door_restoration_abandon($1, $2, $3)'
const life = `${RESTORATION_LIFE_MS} milliseconds`

/** Restores doors in PostgreSQL. The voters are written under the number of a door that does not exist yet, so nobody sees half of them. */
export function createDoorRestoration(pool: Pool): DoorRestoration {
  return {
    begin: (partition, pollId, round) =>
      orUnavailable('stream', async () => {
        const { rows } = await pool.query<{ token: string; epoch: number }>(
          'select token, epoch from door_restoration_begin($1, $2, $3, $4)',
          [partition, pollId, round, life],
        )
        const [begun] = rows
        if (begun === undefined) return null
        try {
          return { ...begun, partition, pollId, end: await readEnd(pool, partition) }
        } catch (fault) {
          // Else nobody could begin another one before this one's life is over.
          await pool.query(ABANDON, [partition, pollId, begun.token]).catch(() => undefined)
          throw fault
        }
      }),
    putVoters: ({ partition, pollId, token }, round, voters) =>
      answer(pool, 'select door_restoration_put_voters($1, $2, $3, $4, $5, $6, $7, $8) as done', [
        partition,
        pollId,
        token,
        life,
        round,
        voters.map(({ voter }) => Buffer.from(voter, 'hex')),
        voters.map(({ selection }) => encodeSelection(selection)),
        voters.map(({ position }) => Buffer.from(position, 'hex')),
      ]),
    finish: ({ partition, pollId, token }, { round, revision, closesAt }, epoch) =>
      answer(pool, 'select door_restoration_finish($1, $2, $3, $4, $5, $6, $7) as done', [
        partition,
        pollId,
        token,
        round,
        revision,
        toDate(closesAt),
        epoch,
      ]),
    abandon: async ({ partition, pollId, token }) =>
      orUnavailable('stream', async () => {
        await pool.query(ABANDON, [partition, pollId, token])
      }),
  }
}

/** In a statement of its own, whose snapshot is from after the beginning: so it misses nothing that was appended before. */
async function readEnd(pool: Pool, partition: number): Promise<EntryId> {
  const { rows } = await pool.query<{ number: string }>(
    'select coalesce(max(number), 0) as number from vote_event where partition = $1',
    [partition],
  )
  // One row, because an aggregate without GROUP BY always has one. The cast is of a number that the database wrote.
  return `${rows[0]!.number}-0` as EntryId
}

function answer(pool: Pool, statement: string, values: readonly unknown[]): Promise<boolean> {
  return orUnavailable('stream', async () => {
    const { rows } = await pool.query<{ done: boolean }>(statement, [...values])
    // One row, because each statement is a function that returns no set.
    return rows[0]!.done
  })
}
