import type pg from 'pg'
import type { AuditNote } from '../../domain/audit.ts'
import type { Poll } from '../../domain/poll.ts'
import type { PollStore } from '../../ports/poll-store.ts'
import { appendNote, noteValues } from './audit-log.ts'
import { orUnavailable } from './faults.ts'
import { POLL_COLUMNS, type PollRow, type Queryable, toDate, toPoll } from './rows.ts'

/** Definitions in PostgreSQL. The pool MUST lead to the primary. */
export function createPollStore(pool: pg.Pool): PollStore {
  return {
    create: (poll, note) => orUnavailable('ledger', () => createPoll(pool, poll, note)),
    find: (pollId) => orUnavailable('ledger', () => findPoll(pool, pollId)),
    findByJoinCode: (joinCode) => orUnavailable('ledger', () => findByJoinCode(pool, joinCode)),
    save: (poll, knownRevision, note) => orUnavailable('ledger', () => savePoll(pool, poll, knownRevision, note)),
    list: (cursor, pageSize, createdByKey) =>
      orUnavailable('ledger', () => listPolls(pool, cursor, pageSize, createdByKey)),
    listDue: (now, pollsMax) => orUnavailable('ledger', () => listDue(pool, now, pollsMax)),
    partitionsMax: () => orUnavailable('ledger', () => readPartitionsMax(pool)),
    listUnannounced: (pollsMax) => orUnavailable('ledger', () => listUnannounced(pool, pollsMax)),
    markAnnounced: (pollId, revision) => orUnavailable('ledger', () => markAnnounced(pool, pollId, revision)),
    listWithOldDoors: (olderThanMs, pollsMax) =>
      orUnavailable('ledger', () => listWithOldDoors(pool, olderThanMs, pollsMax)),
    markDoorsRemoved: (pollId, endedRound) => orUnavailable('ledger', () => markDoorsRemoved(pool, pollId, endedRound)),
  }
}

/** In the order of `definitionOf`: all that may change, and so all but the id. */
const DEFINITION = `
  question, description, type, min_choices, max_choices, next_option_id, status, opens_at, closes_at, opened_at, closed_at,
  edited_at, created_at, results_visibility, voter_visibility, voter_identity, allow_vote_change, partitions, round, revision,
  manage_token_hash, created_by_key, join_code`
const DEFINITION_VALUES =
  '$5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27'

function definitionOf(poll: Poll): readonly unknown[] {
  return [
    poll.question,
    poll.description,
    poll.type,
    poll.minChoices,
    poll.maxChoices,
    poll.nextOptionId,
    poll.status,
    toDate(poll.opensAt),
    toDate(poll.closesAt),
    toDate(poll.openedAt),
    toDate(poll.closedAt),
    toDate(poll.editedAt),
    toDate(poll.createdAt),
    poll.resultsVisibility,
    poll.voterVisibility,
    poll.voterIdentity,
    poll.allowVoteChange,
    poll.partitions,
    poll.round,
    poll.revision,
    poll.manageTokenHash,
    poll.createdByKey,
    poll.joinCode,
  ]
}

/** $1 to $4: the id, and the options' ids, texts and positions. */
function valuesOf(poll: Poll): unknown[] {
  if (poll.options.some((option) => option.id >= poll.nextOptionId)) {
    throw new RangeError(`poll ${poll.id} has an option that its next option id does not lie above`)
  }
  return [
    poll.id,
    poll.options.map((option) => option.id),
    poll.options.map((option) => option.text),
    poll.options.map((option) => option.position),
    ...definitionOf(poll),
  ]
}

const CREATE = `
  with created as (
    insert into poll (id, ${DEFINITION}) values ($1, ${DEFINITION_VALUES})
    on conflict do nothing
    returning id
  ), options as (
    insert into poll_option (poll_id, id, text, position)
    select created.id, o.id, o.text, o.position
    from created, unnest($2::smallint[], $3::text[], $4::smallint[]) as o (id, text, position)
  ), noted as (${appendNote('created', { pollId: 'created.id' }, 28)}
  )
  select 1 from created`

async function createPoll(pool: pg.Pool, poll: Poll, note: AuditNote | undefined): Promise<boolean> {
  const { rowCount } = await pool.query(CREATE, [...valuesOf(poll), ...noteValues(note)])
  return rowCount === 1
}

const FIND = `select ${POLL_COLUMNS} from poll where id = $1`

export async function findPoll(from: Queryable, pollId: string): Promise<Poll | null> {
  const { rows } = await from.query<PollRow>(FIND, [pollId])
  return rows[0] === undefined ? null : toPoll(rows[0])
}

const FIND_BY_JOIN_CODE = `select id from poll where join_code = $1 and status <> 'deleted'`

async function findByJoinCode(pool: pg.Pool, joinCode: string): Promise<string | null> {
  const { rows } = await pool.query<{ id: string }>(FIND_BY_JOIN_CODE, [joinCode])
  return rows[0]?.id ?? null
}

/** Everything hangs on the row that `saved` changed, so where the revision is another, nothing changes at all. */
const SAVE = `
  with saved as (
    update poll
    set (${DEFINITION}, changed_at) = row (${DEFINITION_VALUES}, clock_timestamp())
    where id = $1 and revision = $28
    returning id
  ), removed as (
    delete from poll_option using saved where poll_option.poll_id = saved.id and poll_option.id <> all ($2::smallint[])
  ), kept as (
    insert into poll_option (poll_id, id, text, position)
    select saved.id, o.id, o.text, o.position
    from saved, unnest($2::smallint[], $3::text[], $4::smallint[]) as o (id, text, position)
    on conflict (poll_id, id) do update set text = excluded.text, position = excluded.position
  ), noted as (${appendNote('saved', { pollId: 'saved.id' }, 29)}
  )
  select 1 from saved`

async function savePoll(
  pool: pg.Pool,
  poll: Poll,
  knownRevision: number,
  note: AuditNote | undefined,
): Promise<boolean> {
  if (poll.revision <= knownRevision) {
    throw new RangeError(`revision ${poll.revision} of poll ${poll.id} is not above ${knownRevision}`)
  }
  const { rowCount } = await pool.query(SAVE, [...valuesOf(poll), knownRevision, ...noteValues(note)])
  return rowCount === 1
}

const LIST = `
  select ${POLL_COLUMNS}
  from poll
  where status <> 'deleted'
    and ($1::timestamptz is null or (created_at, id) < ($1::timestamptz, $2::text))
    and ($4::text is null or created_by_key = $4)
  order by created_at desc, id desc
  limit $3`

async function listPolls(
  pool: pg.Pool,
  cursor: string | null,
  pageSize: number,
  createdByKey: string | null,
): Promise<{ polls: readonly Poll[]; nextCursor: string | null } | null> {
  const after = cursor === null ? { createdAt: null, id: null } : readCursor(cursor)
  if (after === 'unreadable') return null
  // One more than a page holds tells whether another page follows.
  const { rows } = await pool.query<PollRow>(LIST, [toDate(after.createdAt), after.id, pageSize + 1, createdByKey])
  const polls = rows.slice(0, pageSize).map(toPoll)
  const last = polls.at(-1)
  return { polls, nextCursor: rows.length > pageSize && last ? writeCursor(last) : null }
}

/** Opaque for whoever carries it: where the page before ended. */
function writeCursor(poll: Poll): string {
  return Buffer.from(`${poll.createdAt} ${poll.id}`).toString('base64url')
}

function readCursor(cursor: string): { createdAt: number; id: string } | 'unreadable' {
  const [, createdAt, id] = /^(\d{1,15}) ([\x21-\x7e]+)$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? []
  return createdAt === undefined || id === undefined ? 'unreadable' : { createdAt: Number(createdAt), id }
}

/** A poll that is closing is due whatever the two clocks say of each other. */
const LIST_DUE = `
  (select ${POLL_COLUMNS} from poll where status <> 'closing' and due_at <= $1 order by due_at, id limit $2)
  union all
  (select ${POLL_COLUMNS} from poll where status = 'closing' and due_at is not null order by due_at, id limit $2)`

async function listDue(pool: pg.Pool, now: number, pollsMax: number): Promise<readonly Poll[]> {
  const { rows } = await pool.query<PollRow>(LIST_DUE, [toDate(now), pollsMax])
  return rows.map(toPoll)
}

const PARTITIONS_MAX = `select coalesce(max(partitions), 0) as most from poll`

async function readPartitionsMax(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ most: number }>(PARTITIONS_MAX)
  return rows[0]?.most ?? 0
}

const LIST_UNANNOUNCED = `
  select ${POLL_COLUMNS}
  from poll
  where announced_revision < revision
  order by changed_at, id
  limit $1`

async function listUnannounced(pool: pg.Pool, pollsMax: number): Promise<readonly Poll[]> {
  const { rows } = await pool.query<PollRow>(LIST_UNANNOUNCED, [pollsMax])
  return rows.map(toPoll)
}

const MARK_ANNOUNCED = `update poll set announced_revision = $2 where id = $1 and announced_revision < $2`

async function markAnnounced(pool: pg.Pool, pollId: string, revision: number): Promise<void> {
  await pool.query(MARK_ANNOUNCED, [pollId, revision])
}

/** The conditions are those of the index. */
const LIST_WITH_OLD_DOORS = `
  select ${POLL_COLUMNS}
  from poll
  where (
    (status = 'closed' and doors_removed_round < round)
    or (status in ('draft', 'scheduled') and doors_removed_round < round - 1)
  ) and changed_at < clock_timestamp() - $1 * interval '1 ms'
  order by changed_at, id
  limit $2`

async function listWithOldDoors(
  pool: pg.Pool,
  olderThanMs: number,
  pollsMax: number,
): Promise<readonly { poll: Poll; endedRound: number }[]> {
  const { rows } = await pool.query<PollRow>(LIST_WITH_OLD_DOORS, [olderThanMs, pollsMax])
  return rows.map(toPoll).map((poll) => ({ poll, endedRound: poll.status === 'closed' ? poll.round : poll.round - 1 }))
}

const MARK_DOORS_REMOVED = `update poll set doors_removed_round = $2 where id = $1 and doors_removed_round < $2`

async function markDoorsRemoved(pool: pg.Pool, pollId: string, endedRound: number): Promise<void> {
  await pool.query(MARK_DOORS_REMOVED, [pollId, endedRound])
}
