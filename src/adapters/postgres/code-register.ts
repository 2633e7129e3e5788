import pg from 'pg'
import type { AuditNote } from '../../domain/audit.ts'
import type { VoterKey } from '../../domain/vote.ts'
import type { CodeRegister } from '../../ports/code-register.ts'
import { appendNote, noteValues } from './audit-log.ts'
import { orUnavailable } from './faults.ts'

/** The register in PostgreSQL. The pool MUST lead to the primary. */
export function createCodeRegister(pool: pg.Pool): CodeRegister {
  return {
    enter: (pollId, voters, codesMax, note) =>
      orUnavailable('ledger', () => enterVoters(pool, pollId, voters, codesMax, note)),
  }
}

/**
 * Everything hangs on the poll's row: of two who ask at once the second waits for it, and is then judged by what the first has made of
 * it, also where that one closes or edits the poll. Rows of the register, which the statement sees as they were when it began, could not
 * be counted so. Status and identity as in `refuseCodes`.
 */
const ENTER = `
  with counted as (
    update poll set codes_made = codes_made + cardinality($2::text[])
    where id = $1 and codes_made + cardinality($2::text[]) <= $3
      and voter_identity = 'code' and status in ('draft', 'scheduled', 'open')
    returning id
  ), entered as (
    insert into vote_code (poll_id, voter)
    select counted.id, decode(v.voter, 'hex') from counted, unnest($2::text[]) as v (voter)
  ), noted as (${appendNote('counted', { pollId: 'counted.id' }, 4)}
  )
  select 1 from counted`

async function enterVoters(
  pool: pg.Pool,
  pollId: string,
  voters: readonly VoterKey[],
  codesMax: number,
  note: AuditNote | undefined,
): Promise<'entered' | 'taken' | 'refused'> {
  try {
    const { rowCount } = await pool.query(ENTER, [pollId, voters, codesMax, ...noteValues(note)])
    return rowCount === 1 ? 'entered' : 'refused'
  } catch (cause) {
    if (cause instanceof pg.DatabaseError && cause.constraint === 'one_code_per_voter') return 'taken'
    throw cause
  }
}
