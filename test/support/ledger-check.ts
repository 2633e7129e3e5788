import type { Pool } from 'pg'
import { createSecretStore } from '../../src/adapters/postgres/secrets.ts'
import { createIdentifyVoter } from '../../src/application/cast-vote/identify-voter.ts'
import { createVoteIds } from '../../src/application/cast-vote/vote-id.ts'
import { isRefused } from '../../src/domain/refusal.ts'
import type { VoteOutcome, Voter } from './voter.ts'

/** One vote that somebody wanted to cast, however often it was sent. */
export type Attempt = {
  readonly voter: Pick<Voter, 'session'>
  readonly optionIds: readonly number[]
  readonly key: string
  readonly outcome: VoteOutcome
  /** When it was first sent (`performance.now`). */
  readonly beganAt: number
  /** When an answer to it was first lost on the way (milliseconds since 1970): it was sent again then. */
  readonly answerLostAt?: number | null
}

export type LedgerCheck = {
  readonly attempted: number
  readonly acknowledged: number
  readonly inLedger: number
  /** Acknowledged, and neither in the ledger as it was acknowledged nor replaced by a later vote of the voter. */
  readonly lost: number
  /** Counted more than once: several rows of one voter, or a tally above the rows. */
  readonly doubled: number
  /** In the ledger, and attempted by nobody. */
  readonly phantom: number
  /** Acknowledged, and placed before what the same voter was told earlier: the older choice would be the one that counts. */
  readonly outOfOrder: number
}

type Row = { readonly voter: string; readonly selection: readonly number[]; readonly position: string }

/**
 * Compares what clients were told with what the ledger holds of one round, voter by voter: whose vote a row is follows from
 * the client's session and the secrets of the installation.
 */
export const checkLedger = async (
  pool: Pool,
  pollId: string,
  round: number,
  attempts: readonly Attempt[],
): Promise<LedgerCheck> => {
  const { rows } = await pool.query<Row>(
    `select encode(voter, 'hex') as voter, selection, encode(position, 'hex') as position
     from vote where poll_id = $1 and round = $2`,
    [pollId, round],
  )
  const tally = await pool.query<{ total: number }>(
    'select coalesce(sum(total_votes), 0)::integer as total from tally where poll_id = $1 and round = $2',
    [pollId, round],
  )
  const secrets = await createSecretStore(pool).read()
  const voteIds = createVoteIds(secrets.service)
  const voters = await identifyAll(attempts, secrets, pollId)
  const rowOf = new Map(rows.map((row) => [row.voter, row]))
  const wanted = new Set(attempts.map((attempt) => `${voters.get(attempt)} ${attempt.optionIds.join()}`))

  const acknowledged = attempts.flatMap((attempt) => {
    const { outcome } = attempt
    return outcome.result === 'accepted' ? [{ attempt, receipt: voteIds.open(outcome.voteId) }] : []
  })
  const lost = acknowledged.filter(({ attempt, receipt }) => {
    if (receipt === null || receipt.voter !== voters.get(attempt)) return true
    const row = rowOf.get(receipt.voter)
    if (row === undefined || row.position < receipt.position) return true
    // A higher position: a later vote of the same voter counts instead. Whether anybody asked for that one is told by `phantom`.
    return row.position === receipt.position && row.selection.join() !== attempt.optionIds.join()
  })
  const recorded = new Set(rows.map(({ voter }) => voter))
  return {
    attempted: wanted.size,
    acknowledged: acknowledged.length,
    inLedger: rows.length,
    lost: lost.length,
    doubled: rows.length - recorded.size + Math.max(0, (tally.rows[0]?.total ?? 0) - recorded.size),
    phantom: rows.filter(({ voter, selection }) => !wanted.has(`${voter} ${selection.join()}`)).length,
    outOfOrder: countOutOfOrder(acknowledged.flatMap(({ receipt }) => receipt ?? [])),
  }
}

/** In the order in which they were answered. */
const countOutOfOrder = (receipts: readonly { readonly voter: string; readonly position: string }[]): number => {
  const newest = new Map<string, string>()
  return receipts.filter(({ voter, position }) => {
    const before = newest.get(voter) ?? position
    newest.set(voter, position)
    return position < before
  }).length
}

type Secrets = Awaited<ReturnType<ReturnType<typeof createSecretStore>['read']>>

/** By which name the ledger knows the voter of each attempt. */
const identifyAll = async (
  attempts: readonly Attempt[],
  { voterPepper, session, service }: Secrets,
  pollId: string,
): Promise<ReadonlyMap<Attempt, string>> => {
  const identifyVoter = createIdentifyVoter({ voterPepper, sessionSecrets: [session], service })
  const voters = new Map<Attempt, string>()
  for (const attempt of attempts) {
    const shown = { voterToken: attempt.voter.session(), sessionCookie: null, requestKey: attempt.key }
    const identified = await identifyVoter.identify({ id: pollId, voterIdentity: 'session' }, shown)
    if (isRefused(identified)) throw new Error(`the session of a voter is not taken: ${identified.detail}`)
    voters.set(attempt, identified.voter)
  }
  return voters
}

/** The line that a journey prints: what the check found. */
export const describeCheck = (check: LedgerCheck): string => {
  const { attempted, acknowledged, inLedger, lost, doubled, phantom, outOfOrder } = check
  return `attempted ${attempted} acknowledged ${acknowledged} in the ledger ${inLedger} -> lost ${lost} doubled ${doubled} phantom ${phantom} out of order ${outOfOrder}`
}

/** Votes per option, counted in the ledger itself. */
export const countLedger = async (pool: Pool, pollId: string, round: number): Promise<ReadonlyMap<number, number>> => {
  const { rows } = await pool.query<{ id: number; votes: number }>(
    `select option_id as id, count(*)::integer as votes from vote, unnest(selection) as option_id
     where poll_id = $1 and round = $2 group by option_id`,
    [pollId, round],
  )
  return new Map(rows.map(({ id, votes }) => [id, votes]))
}
