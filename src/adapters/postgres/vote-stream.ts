import type { Pool } from 'pg'
import { type EntryId, parseEntryId } from '../../domain/position.ts'
import type { EntryContent, StreamEntry, VoteStream } from '../../ports/vote-stream.ts'
import { decodeEntry, ENTRY_FORMAT_VERSION, newerFormat } from '../vote-entry.ts'
import { orUnavailable } from './faults.ts'
import type { Listener } from './listen.ts'
import { createBells } from './vote-stream-bells.ts'

/** How long an entry may stay unseen whose notification was lost. */
const lookAgainMs = 500
const entriesPerTrim = 10_000
const leftoversPerTrim = 10_000
/** The backlog is counted up to here; beyond it the answer is the same: very far behind. */
const backlogEntriesMax = 10_000

/** The stream in PostgreSQL: the reader's side of the table `vote_event`. */
export function createVoteStream(pool: Pool, listener: Listener): VoteStream {
  const bells = createBells(listener)
  return {
    read: async (partition, after, { entriesMax, waitMs }, signal) => {
      const deadline = performance.now() + waitMs
      const bell = bells.of(partition)
      while (!signal.aborted) {
        // Counted before the look, so that an entry that is appended during it rings for the wait below.
        const heard = bell.rings()
        const looking = orUnavailable('stream', () => readEntries(pool, partition, after, entriesMax))
        const entries = await unlessAborted(looking, signal)
        const leftMs = deadline - performance.now()
        if (entries.length > 0 || leftMs <= 0) return entries
        await bell.wait(heard, Math.min(leftMs, lookAgainMs), signal)
      }
      return []
    },
    peek: (partition, after, entriesMax) =>
      orUnavailable('stream', () => readEntries(pool, partition, after, entriesMax)),
    inspect: (partition, entry) =>
      orUnavailable('stream', async () => {
        const { rows } = await pool.query<{ last_number: string; has_entry: boolean }>(inspectStatement, [
          partition,
          numberOf(entry),
        ])
        // One row, because the statement has no FROM.
        const { last_number, has_entry } = rows[0]!
        return { end: idOf(last_number), hasEntry: has_entry }
      }),
    missing: (partition, entries) =>
      orUnavailable('stream', async () => {
        const { rows } = await pool.query<{ number: string }>(missingStatement, [partition, entries.map(numberOf)])
        return rows.map(({ number }) => idOf(number))
      }),
    raiseEpoch: (partition, epoch) =>
      orUnavailable('stream', async () => {
        await pool.query(
          `insert into stream_head as h (partition, epoch) values ($1, $2)
           on conflict (partition) do update set epoch = excluded.epoch where h.epoch < excluded.epoch`,
          [partition, epoch],
        )
        // A second statement, because the first shows only what it wrote. One row, because the first has made it where it was missing.
        const { rows } = await pool.query<{ epoch: number }>('select epoch from stream_head where partition = $1', [
          partition,
        ])
        return rows[0]!.epoch
      }),
    follow: (partition, recorded) =>
      orUnavailable('stream', async () => {
        await pool.query('select vote_stream_follow($1, $2)', [partition, numberOf(recorded)])
      }),
    trim: (partition, recorded, olderThanMs) =>
      orUnavailable('stream', async () => {
        await pool.query(trimStatement, [partition, numberOf(recorded), olderThanMs, entriesPerTrim])
        // Voters of doors that are gone: here, because trimming is what is done now and then and nobody waits for.
        await pool.query('select sweep_door_leftovers($1)', [leftoversPerTrim])
      }),
    backlog: (partition, recorded) =>
      orUnavailable('stream', async () => {
        const { rows } = await pool.query<BacklogRow>(backlogStatement, [
          partition,
          numberOf(recorded),
          backlogEntriesMax,
        ])
        // One row, because an aggregate without GROUP BY always has one.
        const { votes, oldest_ms, format_version } = rows[0]!
        return {
          votes,
          oldestMs: oldest_ms,
          newerFormat: format_version === null ? null : newerFormat(format_version),
        }
      }),
  }
}

type EntryRow = {
  readonly number: string
  readonly epoch: number
  readonly appended_at: number
  readonly format_version: number
  readonly payload: Buffer | null
  readonly closes_poll_id: string | null
  readonly closes_round: number | null
}

const readStatement = `
  select number, epoch, floor(extract(epoch from appended_at) * 1000)::float8 as appended_at,
         format_version, payload, closes_poll_id, closes_round
    from vote_event
   where partition = $1 and number > $2
   order by number
   limit $3`

const inspectStatement = `
  select coalesce((select last_number from stream_head where partition = $1), 0) as last_number,
         exists (select from vote_event where partition = $1 and number = $2) as has_entry`

const missingStatement = `
  select asked.number::text as number
    from unnest($2::bigint[]) with ordinality as asked (number, place)
   where not exists (select from vote_event as e where e.partition = $1 and e.number = asked.number)
   order by asked.place`

const trimStatement = `
  delete from vote_event
   where partition = $1 and number in (
     select number from vote_event
      where partition = $1 and number < $2 and appended_at < clock_timestamp() - $3 * interval '1 millisecond'
      order by number
      limit $4)`

type BacklogRow = { readonly votes: number; readonly oldest_ms: number; readonly format_version: number | null }

const backlogStatement = `
  select coalesce(sum(votes), 0)::int as votes,
         coalesce(greatest(0, extract(epoch from clock_timestamp() - min(appended_at)) * 1000), 0)::float8 as oldest_ms,
         (select format_version from vote_event where partition = $1 and number > $2 order by number limit 1)
    from (select votes, appended_at from vote_event where partition = $1 and number > $2 order by number limit $3) waiting`

async function readEntries(
  pool: Pool,
  partition: number,
  after: EntryId,
  entriesMax: number,
): Promise<readonly StreamEntry[]> {
  const { rows } = await pool.query<EntryRow>(readStatement, [partition, numberOf(after), entriesMax])
  return rows.map((row) => ({
    id: idOf(row.number),
    epoch: row.epoch,
    appendedAt: row.appended_at,
    content: contentOf(row),
  }))
}

function contentOf(row: EntryRow): EntryContent {
  if (row.format_version <= ENTRY_FORMAT_VERSION && row.closes_poll_id !== null && row.closes_round !== null) {
    return { type: 'close', pollId: row.closes_poll_id, round: row.closes_round }
  }
  return decodeEntry({ formatVersion: row.format_version, votes: row.payload, close: null })
}

/** The result of the look, or nothing as soon as the signal aborts; the look itself may end later and is not heard any more. */
async function unlessAborted(
  looking: Promise<readonly StreamEntry[]>,
  signal: AbortSignal,
): Promise<readonly StreamEntry[]> {
  const { promise: aborted, resolve } = Promise.withResolvers<readonly StreamEntry[]>()
  const onAbort = (): void => {
    looking.catch(() => undefined)
    resolve([])
  }
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([looking, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

function numberOf(entry: EntryId): number {
  return parseEntryId(entry)[0]
}

function idOf(number: string): EntryId {
  // The cast is of a number that the database wrote.
  return `${number}-0` as EntryId
}
