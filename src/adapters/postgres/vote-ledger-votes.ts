import { readFileSync } from 'node:fs'
import type pg from 'pg'
import type { Position } from '../../domain/position.ts'
import type { PositionedVote, SetAsideReason } from '../../domain/vote.ts'
import { NAMED_MAX, type NamedVote } from '../../ports/vote-ledger.ts'
import type { PreparedStatements } from './vote-ledger-prepared.ts'
import { recordFirstVotes } from './vote-ledger-first-votes.ts'

/** A paused owner loses its transaction after this long, and with it the hold on the checkpoint that a successor waits for. */
const pausedOwnerMs = 3_000

/**
 * READ COMMITTED, whatever the server's default: each statement has a snapshot of its own, so those behind the one that
 * waited for the checkpoint see what its last holder committed.
 */
export const BEGIN = `begin isolation level read committed; set local idle_in_transaction_session_timeout = ${pausedOwnerMs}`

/**
 * The same, in which prepared statements keep the plan that fits whatever they are asked. Left to itself PostgreSQL compares that plan's
 * cost, for the numbers of rows that it guesses, with those of plans for known ones, and plans anew for every batch. With a prepared
 * statement for the checkpoint a commit of 1, 10, 40 and 200 first votes takes 0.6, 0.7, 1.0 and 3.2 ms of PostgreSQL's time
 * instead of 1.6, 2.1, 2.2 and 4.0 (400 commits each, twice in turn, 2 cores).
 */
export const BEGIN_PLANNED = `${BEGIN}; set local plan_cache_mode = force_generic_plan`
/** For a statement whose plan depends on how much it is given. */
const PLAN_ANEW = 'set local plan_cache_mode = auto'

/** Does the work, a transaction, on a connection of its own. */
export async function onConnection<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  client.on('error', leaveToNextQuery)
  let broken: Error | undefined
  try {
    return await work(client)
  } catch (fault) {
    broken = fault instanceof Error ? fault : new Error(String(fault))
    throw fault
  } finally {
    client.off('error', leaveToNextQuery)
    // After a fault nobody knows whether a commit arrived. The connection goes, and with it whatever was not committed.
    client.release(broken)
  }
}

/** A connection that breaks between two queries says so here too, and unheard that would end the process. */
function leaveToNextQuery(): void {}

const RECORD_VOTES = readFileSync(new URL('./sql/record-votes.sql', import.meta.url), 'utf8')

export type VotesRecorded = {
  /** Polls whose tally changed. */
  readonly pollIds: readonly string[]
  readonly written: number
  /** Where those stand that were put aside and were not before, in their order. */
  readonly setAside: readonly Position[]
  /** Why, by position, also of those that had been put aside before. */
  readonly refused: Readonly<Record<string, SetAsideReason>>
}

type VotesRow = {
  readonly poll_ids: readonly string[]
  readonly written: number
  readonly set_aside: readonly Position[]
  readonly refused: VotesRecorded['refused']
}

/**
 * Records votes of this partition by the rule of the ledger, at most one per poll, round and voter, and no two at one position. Whoever calls it
 * MUST hold the partition's checkpoint in the same transaction: then nobody else writes the rows that it judges.
 */
export async function recordVotes(
  client: pg.PoolClient,
  prepared: PreparedStatements,
  partition: number,
  votes: readonly PositionedVote[],
  recordedAt: Date,
): Promise<Omit<VotesRecorded, 'refused'> & { readonly named: readonly NamedVote[] }> {
  const first = await recordFirstVotes(client, prepared, partition, votes, recordedAt)
  if (first.left.length > 0) await client.query(PLAN_ANEW)
  const judged = await judgeVotes(client, partition, first.left, recordedAt)
  return {
    pollIds: [...first.pollIds, ...judged.pollIds],
    written: first.written + judged.written,
    setAside: judged.setAside,
    named: nameFirst(first.left, judged.setAside),
  }
}

function nameFirst(votes: readonly PositionedVote[], positions: readonly Position[]): readonly NamedVote[] {
  const wanted = new Set(positions.slice(0, NAMED_MAX))
  if (wanted.size === 0) return []
  const named = votes.filter(({ position }) => wanted.has(position))
  return named.map(({ pollId, round, voter, position }) => ({ pollId, round, voter, position }))
}

/**
 * The rule of the ledger in full, for any vote; under the same conditions, but that two may claim one position.
 */
export async function judgeVotes(
  client: pg.PoolClient,
  partition: number,
  votes: readonly PositionedVote[],
  recordedAt: Date,
): Promise<VotesRecorded> {
  if (votes.length === 0) return { pollIds: [], written: 0, setAside: [], refused: {} }
  const { rows } = await client.query<VotesRow>(RECORD_VOTES, [
    votes.map((vote) => storable(vote.pollId)),
    votes.map((vote) => vote.round),
    votes.map((vote) => vote.voter),
    votes.map((vote) => vote.kind),
    // Arrays within an array would have to be of one length, so each goes in as text.
    votes.map((vote) => `{${vote.selection.join(',')}}`),
    votes.map((vote) => vote.position),
    partition,
    recordedAt,
  ])
  const row = rows[0]
  if (row === undefined) throw new Error('recording votes returned no row')
  return { pollIds: row.poll_ids, written: row.written, setAside: row.set_aside, refused: row.refused }
}

/** PostgreSQL keeps no U+0000 in a text. One such entry in the stream must not stop its partition for ever. */
export function storable(text: string): string {
  return text.replaceAll('\0', '\uFFFD')
}
