import type pg from 'pg'
import { parsePosition } from '../../domain/position.ts'
import type { ReplayOutcome } from '../../domain/replay.ts'
import type { SetAsideReason } from '../../domain/vote.ts'
import {
  BYTES_SHOWN_MAX,
  type ReplayedItem,
  type SetAsideContent,
  type SetAsideItem,
  type SetAsidePlace,
  type SetAsideVotes,
} from '../../ports/set-aside.ts'
import { orUnavailable } from './faults.ts'
import { readPayload } from './set-aside-payload.ts'
import { replayAtPartition } from './set-aside-replay.ts'

/** What was set aside, in PostgreSQL. The pool MUST lead to the primary. */
export function createSetAsideVotes(pool: pg.Pool): SetAsideVotes {
  return {
    find: (place) => orUnavailable('ledger', () => findSetAside(pool, place)),
    list: (pollId, cursor, pageSize) => orUnavailable('ledger', () => listSetAside(pool, pollId, cursor, pageSize)),
    replay: (places) => orUnavailable('ledger', () => replay(pool, places)),
  }
}

/** One partition after the other: each of its owners waits no longer than for its own. */
async function replay(pool: pg.Pool, places: readonly SetAsidePlace[]): Promise<readonly ReplayedItem[]> {
  const replayed = new Map<string, readonly ReplayedItem[]>()
  for (const [partition, own] of Map.groupBy(places, (place) => place.partition)) {
    const positions = own.map(({ position }) => position)
    for (const [position, items] of await replayAtPartition(pool, partition, positions)) {
      replayed.set(`${partition} ${position}`, items)
    }
  }
  return places.flatMap((place) => {
    const nothing: ReplayedItem = { ...place, pollId: null, outcome: 'not_set_aside' }
    return replayed.get(`${place.partition} ${place.position}`) ?? [nothing]
  })
}

type SetAsideRow = {
  readonly id: string
  readonly partition: number
  readonly position: string
  readonly poll_id: string | null
  readonly reason: SetAsideReason
  readonly payload: string
  readonly set_aside_at: Date
  readonly replay_outcome: ReplayOutcome | null
  readonly replayed_at: Date | null
}

const ITEMS = `
  select id, partition, encode(position, 'hex') as position, poll_id, reason, payload, set_aside_at, replay_outcome, replayed_at
  from set_aside`

const FIND = `${ITEMS} where partition = $1 and position = decode($2, 'hex')`

async function findSetAside(pool: pg.Pool, { partition, position }: SetAsidePlace): Promise<SetAsideItem | null> {
  const { rows } = await pool.query<SetAsideRow>(FIND, [partition, position])
  return rows[0] === undefined ? null : toItem(rows[0])
}

const LIST = `
  ${ITEMS}
  where ($1::text is null or poll_id = $1) and id > $2
  order by id
  limit $3`

async function listSetAside(
  pool: pg.Pool,
  pollId: string | null,
  cursor: string | null,
  pageSize: number,
): Promise<{ items: readonly SetAsideItem[]; nextCursor: string | null } | null> {
  const after = cursor === null ? '0' : readCursor(cursor)
  if (after === null) return null
  // One more than a page holds tells whether another page follows.
  const { rows } = await pool.query<SetAsideRow>(LIST, [pollId, after, pageSize + 1])
  const page = rows.slice(0, pageSize)
  const last = page.at(-1)
  return { items: page.map(toItem), nextCursor: rows.length > pageSize && last ? writeCursor(last.id) : null }
}

function toItem(row: SetAsideRow): SetAsideItem {
  const { detail, content } = shownOf(row.payload)
  return {
    partition: row.partition,
    position: parsePosition(row.position),
    pollId: row.poll_id,
    reason: row.reason,
    detail,
    content,
    setAsideAt: row.set_aside_at.getTime(),
    replayed:
      row.replay_outcome === null || row.replayed_at === null
        ? null
        : { outcome: row.replay_outcome, at: row.replayed_at.getTime() },
  }
}

/** The voter stays behind. */
function shownOf(payload: string): { readonly detail: string | null; readonly content: SetAsideContent } {
  const read = readPayload(payload)
  const { detail } = read
  switch (read.type) {
    case 'vote': {
      const { round, kind, selection } = read.vote
      return { detail, content: { type: 'vote', round, kind, selection } }
    }
    case 'close':
      return { detail, content: { type: 'close', round: read.round } }
    case 'unread':
      return {
        detail,
        content: { type: 'unread', bytes: read.bytes.subarray(0, BYTES_SHOWN_MAX), length: read.length },
      }
  }
}

/** Opaque for whoever carries it: where the page before ended. */
function writeCursor(id: string): string {
  return Buffer.from(`set aside ${id}`).toString('base64url')
}

function readCursor(cursor: string): string | null {
  return /^set aside (\d{1,18})$/.exec(Buffer.from(cursor, 'base64url').toString())?.[1] ?? null
}
