import type pg from 'pg'
import type { PollStatus } from '../../domain/poll.ts'
import type { Position } from '../../domain/position.ts'
import { judgeReplay } from '../../domain/replay.ts'
import type { PositionedVote } from '../../domain/vote.ts'
import type { ReplayedItem } from '../../ports/set-aside.ts'
import { isUnrecordable } from '../../ports/unrecordable.ts'
import { orUnrecordable } from './faults.ts'
import { type Candidate, readCandidates } from './set-aside-candidates.ts'
import { BEGIN, onConnection, judgeVotes } from './vote-ledger-votes.ts'

type Replayed = ReadonlyMap<Position, readonly ReplayedItem[]>

/**
 * Replays what was set aside at these places of one partition, in one transaction.
 *
 * It takes hold of the partition's checkpoint first, as every commit of the owner does, so each sees all that the other wrote and
 * neither waits for a row in another order. Then the polls, in the order of their ids: none becomes final, nor begins another round, while
 * its votes are judged. A poll has one row, and whoever changes it holds nothing else that is waited for here.
 */
export async function replayAtPartition(
  pool: pg.Pool,
  partition: number,
  positions: readonly Position[],
): Promise<Replayed> {
  return onConnection(pool, async (client) => {
    await client.query(BEGIN)
    const now = await holdPartition(client, partition)
    const candidates = now === null ? [] : await readCandidates(client, partition, positions)
    if (now !== null) {
      await judgeByPoll(client, partition, candidates)
      const changed = await recordPending(client, partition, candidates, now)
      await markUnannounced(client, changed)
      await keepOutcomes(client, partition, candidates, now)
    }
    await client.query('commit')
    const asked = Map.groupBy(candidates, (candidate) => candidate.asked)
    return new Map([...asked].map(([position, own]) => [position, own.map((one) => toReplayed(partition, one))]))
  })
}

function toReplayed(partition: number, { position, pollId, outcome }: Candidate): ReplayedItem {
  if (outcome === null) throw new Error(`the replay of ${position} has no outcome`)
  return { partition, position, pollId, outcome }
}

/** Not before the partition's last commit, also where the clock was set back. Null for a partition that nobody ever owned. */
const HOLD = `
  select greatest(clock_timestamp(), recorded_at) as now from checkpoint where partition = $1 for no key update`

async function holdPartition(client: pg.PoolClient, partition: number): Promise<Date | null> {
  const { rows } = await client.query<{ now: Date }>(HOLD, [partition])
  return rows[0]?.now ?? null
}

const HOLD_POLLS = `select id, status, round, partitions from poll where id = any ($1::text[]) order by id for no key update`

type PollRow = { readonly id: string; readonly status: PollStatus; readonly round: number; readonly partitions: number }

async function judgeByPoll(client: pg.PoolClient, partition: number, candidates: readonly Candidate[]): Promise<void> {
  const pending = candidates.filter(({ outcome }) => outcome === null)
  const pollIds = [...new Set(pending.flatMap(({ vote }) => (vote === null ? [] : [vote.pollId])))]
  const { rows } = await client.query<PollRow>(HOLD_POLLS, [pollIds])
  const polls = new Map(rows.map((row) => [row.id, row]))
  for (const candidate of pending) {
    const { vote } = candidate
    if (vote !== null) candidate.outcome = judgeReplay(polls.get(vote.pollId), vote, partition)
  }
}

/** Records what no rule but the ledger's own has anything to say to. Returns the polls that gained a vote. */
async function recordPending(
  client: pg.PoolClient,
  partition: number,
  candidates: readonly Candidate[],
  now: Date,
): Promise<readonly string[]> {
  const changed = new Set<string>()
  for (const wave of wavesOf(candidates.filter(({ outcome }) => outcome === null))) {
    for (const pollId of await recordWave(client, partition, wave, now)) changed.add(pollId)
  }
  return [...changed]
}

/** Each voter of a round at most once per statement, in the order of the positions. */
function wavesOf(pending: readonly Candidate[]): readonly (readonly Candidate[])[] {
  const waves: { readonly keys: Set<string>; readonly candidates: Candidate[] }[] = []
  for (const candidate of pending.toSorted((a, b) => (a.position < b.position ? -1 : 1))) {
    const { pollId, round, voter } = voteOf(candidate)
    const key = `${round} ${voter} ${pollId}`
    const last = waves.at(-1)
    if (last !== undefined && !last.keys.has(key)) {
      last.keys.add(key)
      last.candidates.push(candidate)
    } else {
      waves.push({ keys: new Set([key]), candidates: [candidate] })
    }
  }
  return waves.map((wave) => wave.candidates)
}

function voteOf({ vote, position }: Candidate): PositionedVote {
  if (vote === null) throw new Error(`there is no vote at ${position}`)
  return vote
}

/** What the ledger still cannot hold fails alone: the others of the wave are tried one by one then. */
async function recordWave(
  client: pg.PoolClient,
  partition: number,
  wave: readonly Candidate[],
  now: Date,
): Promise<readonly string[]> {
  await client.query('savepoint wave')
  try {
    const { pollIds, refused } = await orUnrecordable(() => judgeVotes(client, partition, wave.map(voteOf), now))
    const shown = await readShown(client, wave)
    for (const candidate of wave) {
      const { position } = candidate
      candidate.outcome = refused[position] ?? (shown.has(position) ? 'recorded' : 'superseded')
    }
    await client.query('release savepoint wave')
    return pollIds
  } catch (fault) {
    if (!isUnrecordable(fault)) throw fault
    await client.query('rollback to savepoint wave')
  }
  const [alone] = wave
  if (wave.length === 1 && alone !== undefined) {
    alone.outcome = 'unreadable'
    return []
  }
  const changed: string[] = []
  for (const candidate of wave) changed.push(...(await recordWave(client, partition, [candidate], now)))
  return changed
}

const SHOWN = `
  select encode(v.position, 'hex') as position
  from unnest($1::text[], $2::integer[], $3::text[]) as i (poll_id, round, voter)
  join vote as v on v.poll_id = i.poll_id and v.round = i.round and v.voter = decode(i.voter, 'hex')`

/** The places of the votes that the ledger shows of these voters. */
async function readShown(client: pg.PoolClient, wave: readonly Candidate[]): Promise<ReadonlySet<string>> {
  const votes = wave.map(voteOf)
  const { rows } = await client.query<{ position: string }>(SHOWN, [
    votes.map(({ pollId }) => pollId),
    votes.map(({ round }) => round),
    votes.map(({ voter }) => voter),
  ])
  return new Set(rows.map(({ position }) => position))
}

/** The schedule's sweep announces them where whoever replays dies before it could: the owner's news knows nothing of this commit. */
const MARK_UNANNOUNCED = `
  update poll set announced_revision = least(announced_revision, revision - 1) where id = any ($1::text[])`

async function markUnannounced(client: pg.PoolClient, pollIds: readonly string[]): Promise<void> {
  if (pollIds.length > 0) await client.query(MARK_UNANNOUNCED, [pollIds])
}

const KEEP_OUTCOMES = `
  update set_aside as s
  set replay_outcome = r.outcome, replayed_at = $4::timestamptz
  from unnest($2::text[], $3::text[]) as r (position, outcome)
  where s.partition = $1 and s.position = decode(r.position, 'hex') and s.replay_outcome is distinct from r.outcome`

/** An outcome that is the same as before changes nothing. */
async function keepOutcomes(
  client: pg.PoolClient,
  partition: number,
  candidates: readonly Candidate[],
  now: Date,
): Promise<void> {
  const positions = candidates.map(({ position }) => position)
  const outcomes = candidates.map(({ outcome }) => outcome)
  await client.query(KEEP_OUTCOMES, [partition, positions, outcomes, now])
}
