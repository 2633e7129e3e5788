import type pg from 'pg'
import { isBeyondReach, parsePosition, type Position, withIndex } from '../../domain/position.ts'
import type { ReplayOutcome } from '../../domain/replay.ts'
import type { PositionedVote } from '../../domain/vote.ts'
import { decodeEntry } from '../vote-entry.ts'
import { readPayload } from './set-aside-payload.ts'

/** One vote, or what is none, on its way to an outcome. */
export type Candidate = {
  /** The place that was asked for; another one than its own for the later votes of an entry that was unpacked. */
  readonly asked: Position
  readonly position: Position
  readonly pollId: string | null
  readonly vote: PositionedVote | null
  /** Null until it is known. */
  outcome: ReplayOutcome | null
}

const FIND = `
  select encode(position, 'hex') as position, poll_id, payload, replay_outcome
  from set_aside
  where partition = $1 and position = any (select decode(p, 'hex') from unnest($2::text[]) as p)
  order by position`

type FoundRow = {
  readonly position: string
  readonly poll_id: string | null
  readonly payload: string
  readonly replay_outcome: ReplayOutcome | null
}

/** What was set aside at these places, in the order of their positions. */
export async function readCandidates(
  client: pg.PoolClient,
  partition: number,
  positions: readonly Position[],
): Promise<readonly Candidate[]> {
  const { rows } = await client.query<FoundRow>(FIND, [partition, positions])
  const candidates: Candidate[] = []
  for (const row of rows) {
    const position = parsePosition(row.position)
    const unpacked = await unpack(client, partition, position, row.payload)
    candidates.push(...(unpacked ?? [candidateOf(row, position)]))
  }
  return candidates
}

function candidateOf(row: FoundRow, position: Position): Candidate {
  const found = { asked: position, position, pollId: row.poll_id, vote: null }
  // What counts already is not looked at again: a later replay answers as the first.
  if (row.replay_outcome === 'recorded') return { ...found, outcome: 'recorded' }
  const payload = readPayload(row.payload)
  if (payload.type === 'close') return { ...found, outcome: 'not_a_vote' }
  if (payload.type === 'unread' || row.poll_id === null || isBeyondReach(position)) {
    return { ...found, outcome: 'unreadable' }
  }
  return { ...found, vote: { ...payload.vote, pollId: row.poll_id, position }, outcome: null }
}

const UNPACK = `
  insert into set_aside (partition, position, poll_id, reason, payload, set_aside_at)
  select s.partition, decode(v.position, 'hex'), v.poll_id, s.reason, v.payload, s.set_aside_at
  from set_aside as s, unnest($3::text[], $4::text[], $5::text[]) as v (position, poll_id, payload)
  where s.partition = $1 and s.position = decode($2, 'hex')
  order by v.position
  on conflict on constraint set_aside_once do update set poll_id = excluded.poll_id, payload = excluded.payload`

/**
 * An entry that nobody could read, and a reader of today can: from now on its votes stand aside each for itself, at its own place, where
 * its receipt finds it. Null where there is nothing to unpack.
 */
async function unpack(
  client: pg.PoolClient,
  partition: number,
  position: Position,
  payload: string,
): Promise<readonly Candidate[] | null> {
  const read = readPayload(payload)
  if (read.type !== 'unread' || read.entry === null || isBeyondReach(position)) return null
  const content = decodeEntry(read.entry)
  if (content.type !== 'votes') return null
  const votes = content.votes.map((vote, index) => ({ ...vote, position: withIndex(position, index) }))
  await client.query(UNPACK, [
    partition,
    position,
    votes.map((vote) => vote.position),
    votes.map((vote) => vote.pollId),
    votes.map(({ pollId: _pollId, position: _position, ...vote }) => JSON.stringify({ reason: read.detail, ...vote })),
  ])
  return votes.map((vote) => ({ asked: position, position: vote.position, pollId: vote.pollId, vote, outcome: null }))
}
