import type pg from 'pg'
import { type Checkpoint, type EntryId, STREAM_START } from '../../domain/position.ts'
import type { PartitionLease, PresentWorkers } from '../../ports/partition-lease.ts'
import { orUnavailable } from './faults.ts'

const FIRST_EPOCH = 1

/** Leases in PostgreSQL, by its clock, in the row of the checkpoint itself. The pool MUST lead to the primary. */
export function createPartitionLease(pool: pg.Pool): PartitionLease {
  return {
    acquire: (partition, owner, leaseMs) => orUnavailable('ledger', () => acquire(pool, partition, owner, leaseMs)),
    renew: (partition, owner, leaseMs) => orUnavailable('ledger', () => renew(pool, partition, owner, leaseMs)),
    release: (partition, owner) => orUnavailable('ledger', () => release(pool, partition, owner)),
    raiseEpoch: (checkpoint, owner, least = FIRST_EPOCH) =>
      orUnavailable('ledger', () => raiseEpoch(pool, checkpoint, owner, least)),
    read: (partition) => orUnavailable('ledger', () => read(pool, partition)),
    present: (owner, forMs) => orUnavailable('ledger', () => present(pool, owner, forMs)),
    partitions: () => orUnavailable('ledger', () => readPartitions(pool)),
    owners: () => orUnavailable('ledger', () => readOwners(pool)),
  }
}

type CheckpointRow = { readonly epoch: number; readonly recorded: EntryId }

/**
 * The condition is judged when the row is held, on what the row is then: an owner that is just committing is waited for, and
 * of two that ask at once the second sees the first. The clock is read after that wait, not before.
 */
const ACQUIRE = `
  insert into checkpoint as c (partition, epoch, recorded, owner, lease_until)
  values ($1, ${FIRST_EPOCH}, '${STREAM_START}', $2, clock_timestamp() + $3 * interval '1 ms')
  on conflict (partition) do update
    set owner = $2, lease_until = clock_timestamp() + $3 * interval '1 ms'
    where c.owner is null or c.owner = $2 or c.lease_until <= clock_timestamp()
  returning epoch, recorded`

async function acquire(pool: pg.Pool, partition: number, owner: string, leaseMs: number): Promise<Checkpoint | null> {
  const { rows } = await pool.query<CheckpointRow>(ACQUIRE, [partition, owner, leaseMs])
  return rows[0] === undefined ? null : { partition, ...rows[0] }
}

const RENEW = `
  update checkpoint set lease_until = clock_timestamp() + $3 * interval '1 ms' where partition = $1 and owner = $2
  returning epoch, recorded`

async function renew(pool: pg.Pool, partition: number, owner: string, leaseMs: number): Promise<Checkpoint | null> {
  const { rows } = await pool.query<CheckpointRow>(RENEW, [partition, owner, leaseMs])
  return rows[0] === undefined ? null : { partition, ...rows[0] }
}

const RELEASE = `update checkpoint set owner = null, lease_until = 'epoch' where partition = $1 and owner = $2`

async function release(pool: pg.Pool, partition: number, owner: string): Promise<void> {
  await pool.query(RELEASE, [partition, owner])
}

const RAISE_EPOCH = `
  update checkpoint
  set epoch = greatest(epoch + 1, $5), recorded = '${STREAM_START}'
  where partition = $1 and owner = $2 and epoch = $3 and recorded = $4
  returning epoch, recorded`

async function raiseEpoch(
  pool: pg.Pool,
  checkpoint: Checkpoint,
  owner: string,
  least: number,
): Promise<Checkpoint | null> {
  const { partition, epoch, recorded } = checkpoint
  const { rows } = await pool.query<CheckpointRow>(RAISE_EPOCH, [partition, owner, epoch, recorded, least])
  return rows[0] === undefined ? null : { partition, ...rows[0] }
}

const READ = `select epoch, recorded from checkpoint where partition = $1`

/** A partition that nobody ever acquired stands at the start. */
async function read(pool: pg.Pool, partition: number): Promise<Checkpoint> {
  const { rows } = await pool.query<CheckpointRow>(READ, [partition])
  return { partition, ...(rows[0] ?? { epoch: FIRST_EPOCH, recorded: STREAM_START }) }
}

/** Two statements' worth in one: its own row is counted as it will be, since a statement does not see what it writes. */
const PRESENT = `
  with gone as (delete from worker where present_until <= clock_timestamp() and name <> $1),
  said as (
    insert into worker (name, present_until) values ($1, clock_timestamp() + $2 * interval '1 ms')
    on conflict (name) do update set present_until = excluded.present_until
  )
  select count(*)::int + 1 as workers, count(*) filter (where name < $1)::int as before
  from worker where name <> $1 and present_until > clock_timestamp()`

const LEAVE = `
  with gone as (delete from worker where name = $1)
  select count(*)::int as workers, 0 as before from worker where name <> $1 and present_until > clock_timestamp()`

async function present(pool: pg.Pool, owner: string, forMs: number): Promise<PresentWorkers> {
  const asked =
    forMs > 0 ? pool.query<PresentWorkers>(PRESENT, [owner, forMs]) : pool.query<PresentWorkers>(LEAVE, [owner])
  const { rows } = await asked
  return rows[0] ?? { workers: 0, before: 0 }
}

const READ_PARTITIONS = `select partition from checkpoint order by partition`

async function readPartitions(pool: pg.Pool): Promise<readonly number[]> {
  const { rows } = await pool.query<{ partition: number }>(READ_PARTITIONS)
  return rows.map((row) => row.partition)
}

const READ_OWNERS = `
  select partition, owner
  from checkpoint
  where owner is not null and lease_until > clock_timestamp()
  order by partition`

async function readOwners(pool: pg.Pool): Promise<ReadonlyMap<number, string>> {
  const { rows } = await pool.query<{ partition: number; owner: string }>(READ_OWNERS)
  return new Map(rows.map((row) => [row.partition, row.owner]))
}
