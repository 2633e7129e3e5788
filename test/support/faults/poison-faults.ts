import { Redis } from 'ioredis'
import { expect } from 'vitest'
import { createPollStore } from '../../../src/adapters/postgres/poll-store.ts'
import { createSecretStore } from '../../../src/adapters/postgres/secrets.ts'
import { createKeys } from '../../../src/adapters/redis/keys.ts'
import { encodeVote, ENTRY_FORMAT_VERSION } from '../../../src/adapters/vote-entry.ts'
import type { VoteReference } from '../../../src/application/cast-vote/seal-many.ts'
import { createVoteIds } from '../../../src/application/cast-vote/vote-id.ts'
import { partitionOf, type Vote } from '../../../src/domain/vote.ts'
import { type AdminClient, connectAdminClient } from '../admin-client.ts'
import { granted } from '../admin-side.ts'
import { type Fault, type FaultScene, moreAccepted } from '../fault-case.ts'
import { findFreePorts } from '../free-ports.ts'
import { becomesReady, startServerProcess } from '../server-process.ts'
import { someVoter, voterNumber } from '../some-votes.ts'
import { somePoll } from '../some-poll.ts'
import type { System } from '../system.ts'
import { waitUntil } from '../wait-until.ts'

/** What nobody can record is out of the way within this, under load on a busy machine. */
const asideWithinMs = 10_000
const newerFormat = ENTRY_FORMAT_VERSION + 1
const tooManyVotes = 70_000
const newWorkerWithinMs = 30_000

/** Entries that no api has written, appended by hand at every partition. */
export const appendPoison: Fault = {
  fact: 'entries of an unknown poll, in a wrong partition, with missing or wrong fields, of garbage, or too large are set aside at once, and nobody else is',
  async inject({ system, poll, load }) {
    const partitions = await partitionsOf(system)
    const before = await countSetAside(system)
    const unknown = (): Buffer => encodeVote(someVote('nobody-made-this'))
    const astray = (partition: number): Buffer => {
      const voter = voterNumber((partition + 1) % partitions.length)
      return encodeVote({ ...someVote(poll.id), voter })
    }
    const entriesOf = (partition: number): readonly (readonly (string | Buffer)[])[] => [
      ['f', '1', 'e', '1', 'v', Buffer.concat([unknown(), unknown(), unknown()])],
      ['f', '1', 'e', '1', 'v', encodeVote({ ...someVote(poll.id), selection: [999] })],
      ['f', '1', 'e', '1', 'v', astray(partition)],
      ['f', '1', 'e', '1', 'v', 'garbage'],
      ['f', '1', 'e', '1', 'v', Buffer.alloc(0)],
      ['f', '1', 'e', '1'],
      ['f', '1', 'e', '1', 'v', unknown(), 'c', 'both'],
      ['f', 'one', 'e', '1', 'v', unknown()],
      ['e', '-1', 'v', unknown()],
      ['hello', 'world'],
      ['f', '1', 'e', '1', 'v', Buffer.concat(Array.from({ length: tooManyVotes }, unknown))],
      ['f', '1', 'e', '1', 'v', Buffer.alloc(4 * 1024 * 1024)],
    ]
    // The first one carries three votes, each of which has a place of its own.
    const entries = partitions.flatMap((partition) => entriesOf(partition).map((fields) => ({ partition, fields })))
    const wanted = entries.length + 2 * partitions.length
    for (const { partition, fields } of entries) await append(system, partition, fields)
    const appendedAt = performance.now()
    const setAside = async (): Promise<number> => (await countSetAside(system)) - before
    await waitUntil(async () => (await setAside()) >= wanted, {
      withinMs: asideWithinMs,
      what: `${wanted} are set aside`,
    })
    const tookMs = Math.round(performance.now() - appendedAt)
    await moreAccepted(load, 200)
    if ((await setAside()) !== wanted) throw new Error(`${await setAside()} instead of ${wanted} were set aside`)
    return { 'bad entries': entries.length, 'set aside': wanted, 'ms until then': tookMs }
  },
}

/** A rule that the ledger has for a while refuses the votes of some voters. Mended, they are replayed. */
export const refuseSomeVoters: Fault = {
  fact: 'votes that the ledger refuses are found among those of their batch and set aside alone, each named in the log, and count when they are replayed',
  async inject(scene) {
    const { system, poll, load } = scene
    await refuseVoters(scene, 1 / 64)
    await moreAccepted(load, 1_000)
    const refused = await waitForAside(scene)
    await letVotersIn(scene)
    const innocent = await countWronglyAside(scene, 1 / 64)
    if (innocent > 0) throw new Error(`${innocent} votes were set aside that the ledger does not refuse`)
    expect(await listUnnamed(scene), 'votes that no log names').toEqual([])
    const outcomes = await asOperator(system, 0, async (admin) => admin.replayPoll(poll.id, 50))
    return { 'votes refused': refused, 'votes replayed': countSettled(outcomes) }
  },
}

/** The same items are replayed again and again by two admins at once, of which one dies in the middle of it. */
export const replayAtOnce: Fault = {
  fact: 'a replay that is asked of two admins again and again, one of which is killed, counts every vote once',
  async inject(scene) {
    const { system, poll, load } = scene
    await refuseVoters(scene, 1 / 32)
    await moreAccepted(load, 1_500)
    const refused = await waitForAside(scene)
    await letVotersIn(scene)
    const [first, second] = system.admins
    if (first === undefined || second === undefined) throw new Error('the system was planned with two admins')
    let isKilled = false
    const replayUntilThen = async (number: number): Promise<'cut off' | 'ended'> =>
      asOperator(system, number, async (admin) => {
        while (!isKilled) await admin.replayPoll(poll.id, 5)
        return 'ended' as const
      }).catch(() => 'cut off')
    const replays = [0, 1, 0, 1].map(replayUntilThen)
    await waitUntil(async () => (await countReplayed(scene)) > 0, { what: 'a replay has begun' })
    second.signal('SIGKILL')
    await second.ended()
    isKilled = true
    const cutOff = (await Promise.all(replays)).filter((ending) => ending === 'cut off').length
    await second.restart()
    const last = await asOperator(system, 1, async (admin) => admin.replayPoll(poll.id, 100))
    const again = await asOperator(system, 0, async (admin) => admin.replayPoll(poll.id, 100))
    if (again.join() !== last.join()) throw new Error('a replay that was asked again was answered otherwise')
    return { 'votes refused': refused, 'replays cut off': cutOff, 'votes replayed': countSettled(last) }
  },
}

/** An api of a version to come has appended a vote that no worker here understands; then such a worker starts. */
export const appendNewer: Fault = {
  fact: 'an entry of a newer version waits with all behind it and the operator hears of it, other partitions go on, and a newer worker records it',
  async inject({ system, load }) {
    const partitions = await partitionsOf(system)
    const elsewhere = somePoll({ closesAt: null, partitions: partitions.length })
    await createPollStore(system.database.pool).create(elsewhere)
    const vote = someVote(elsewhere.id)
    const partition = partitionOf(vote.voter, partitions.length)
    const entry = await append(system, partition, ['f', String(newerFormat), 'e', '1', 'v', encodeVote(vote)])
    await waitUntil(async () => (await checkpointOf(system, partition)).next === entry, { withinMs: asideWithinMs })
    const { recorded } = await checkpointOf(system, partition)
    const others = partitions.filter((other) => other !== partition)
    const stand = async () => Promise.all(others.map(async (other) => (await checkpointOf(system, other)).recorded))
    const before = await stand()
    await expectHeard(system, partition)
    await moreAccepted(load, 400)
    const after = await stand()
    if ((await checkpointOf(system, partition)).recorded !== recorded) throw new Error('the entry did not wait')
    await recordWithNewerWorker(system, partition, entry)
    const { rowCount } = await system.database.pool.query('select 1 from vote where poll_id = $1', [elsewhere.id])
    return {
      'partitions that went on': after.filter((place, index) => place !== before[index]).length,
      'newer votes recorded': rowCount ?? 0,
    }
  },
}

/** Log line, metric and PipelineStatus. */
const expectHeard = async (system: System, partition: number): Promise<void> => {
  await waitUntil(() => system.logs().includes('was written by a newer version'), { withinMs: asideWithinMs })
  const metric = async (): Promise<string> => {
    const texts = system.workers.map(async ({ opsUrl }) => (await fetch(`${opsUrl}/metrics`)).text())
    return (await Promise.all(texts)).join('\n')
  }
  const isMeasured = async (): Promise<boolean> =>
    /^tallycast_partitions_waiting_for_newer_worker\{[^}]*\} 1$/m.test(await metric())
  await waitUntil(isMeasured, { withinMs: asideWithinMs, what: 'the metric says so' })
  const status = granted(await asOperator(system, 0, async (admin) => admin.pipelineStatus()))
  const waiting = status.partitions.filter((one) => one.newerFormat === newerFormat).map((one) => one.partition)
  if (waiting.join() !== String(partition)) throw new Error(`PipelineStatus shows ${waiting.join() || 'nothing'}`)
}

const recordWithNewerWorker = async (system: System, partition: number, entry: string): Promise<void> => {
  const [opsPort = 0] = await findFreePorts(1)
  const worker = startServerProcess({
    name: 'newer worker',
    program: 'programs/newer-worker.ts',
    env: {
      DATABASE_URL: system.database.databaseUrl,
      REDIS_URL: system.redisUrl,
      REDIS_PREFIX: system.redisPrefix,
      OPS_PORT: String(opsPort),
    },
  })
  try {
    await becomesReady(worker, opsPort)
    await waitUntil(async () => (await checkpointOf(system, partition)).isPast(entry), {
      withinMs: newWorkerWithinMs,
      what: () => `the newer worker has recorded ${entry}: ${worker.output()}`,
    })
  } finally {
    await worker.stop()
  }
}

const someVote = (pollId: string): Vote => ({ pollId, round: 1, voter: someVoter(), kind: 'cast', selection: [1] })

const append = async (system: System, partition: number, fields: readonly (string | Buffer)[]): Promise<string> => {
  const redis = new Redis(system.redisUrl)
  const entry = await redis.call('XADD', createKeys(system.redisPrefix).stream(partition), '*', ...fields)
  redis.disconnect()
  return String(entry)
}

const partitionsOf = async ({ database }: System): Promise<readonly number[]> => {
  const { rows } = await database.pool.query<{ partition: number }>('select partition from checkpoint order by 1')
  return rows.map(({ partition }) => partition)
}

/** Where the ledger stands, and the entry of the stream that comes next. */
const checkpointOf = async (system: System, partition: number) => {
  const { rows } = await system.database.pool.query<{ recorded: string }>(
    'select recorded from checkpoint where partition = $1',
    [partition],
  )
  const recorded = rows[0]?.recorded ?? '0-0'
  const redis = new Redis(system.redisUrl)
  const stream = createKeys(system.redisPrefix).stream(partition)
  const [next] = await redis.xrange(stream, `(${recorded}`, '+', 'COUNT', 1)
  redis.disconnect()
  const isPast = (entry: string): boolean => compare(recorded, entry) >= 0
  return { recorded, next: next?.[0] ?? null, isPast }
}

const compare = (a: string, b: string): number => {
  const [aMajor = 0, aMinor = 0] = a.split('-').map(Number)
  const [bMajor = 0, bMinor = 0] = b.split('-').map(Number)
  return aMajor - bMajor || aMinor - bMinor
}

const countSetAside = async ({ database }: System): Promise<number> => {
  const { rows } = await database.pool.query<{ votes: number }>('select count(*)::integer as votes from set_aside')
  return rows[0]?.votes ?? 0
}

/** The ledger refuses this share of all voters of the poll, by the last byte of their keys. */
const refuseVoters = async ({ system, poll }: FaultScene, share: number): Promise<void> => {
  // A case that failed before may have left it.
  await system.database.pool.query(
    `alter table vote drop constraint if exists some_voters_are_refused, add constraint some_voters_are_refused
     check (poll_id <> '${poll.id}' or get_byte(voter, 15) >= ${share * 256}) not valid`,
  )
}

/** From its end on nobody is refused any more, not even by a commit that had begun before. */
const letVotersIn = async ({ system, load }: FaultScene): Promise<void> => {
  await system.database.pool.query('alter table vote drop constraint some_voters_are_refused')
  await moreAccepted(load, 200)
}

const waitForAside = async ({ system, poll }: FaultScene): Promise<number> => {
  const refused = async (): Promise<number> => {
    const { rows } = await system.database.pool.query<{ votes: number }>(
      'select count(*)::integer as votes from set_aside where poll_id = $1',
      [poll.id],
    )
    return rows[0]?.votes ?? 0
  }
  await waitUntil(async () => (await refused()) >= 10, { withinMs: asideWithinMs, what: 'ten votes are set aside' })
  return refused()
}

const countWronglyAside = async ({ system, poll }: FaultScene, share: number): Promise<number> => {
  const { rows } = await system.database.pool.query<{ votes: number }>(
    `select count(*)::integer as votes from set_aside
     where poll_id = $1 and get_byte(decode(payload::json ->> 'voter', 'hex'), 15) >= $2`,
    [poll.id, share * 256],
  )
  return rows[0]?.votes ?? 0
}

/** Of the votes that were set aside those whose id no worker has logged. */
const listUnnamed = async ({ system, poll }: FaultScene): Promise<readonly string[]> => {
  const { service } = await createSecretStore(system.database.pool).read()
  const voteIds = createVoteIds(service)
  const { rows } = await system.database.pool.query<Omit<VoteReference, 'pollId'>>(
    `select (payload::json ->> 'round')::integer as round, payload::json ->> 'voter' as voter, encode(position, 'hex') as position
     from set_aside where poll_id = $1`,
    [poll.id],
  )
  const logged = system.workers.map((worker) => worker.output()).join('\n')
  return rows.map((row) => voteIds.seal({ pollId: poll.id, ...row })).filter((voteId) => !logged.includes(voteId))
}

const countReplayed = async ({ system, poll }: FaultScene): Promise<number> => {
  const { rowCount } = await system.database.pool.query(
    'select 1 from set_aside where poll_id = $1 and replay_outcome is not null',
    [poll.id],
  )
  return rowCount ?? 0
}

/** Each of them counts, or another vote of that voter that came later; how many do. */
const countSettled = (outcomes: readonly string[]): number => {
  const settled = ['REPLAY_OUTCOME_RECORDED', 'REPLAY_OUTCOME_SUPERSEDED']
  const others = outcomes.filter((outcome) => !settled.includes(outcome))
  if (others.length > 0) throw new Error(`not every vote counts after the replay: ${others.join()}`)
  return outcomes.filter((outcome) => outcome === 'REPLAY_OUTCOME_RECORDED').length
}

const asOperator = async <T>(system: System, number: number, ask: (admin: AdminClient) => Promise<T>): Promise<T> => {
  const url = system.admins[number]?.url
  if (url === undefined) throw new Error(`there is no admin ${number}`)
  const admin = connectAdminClient(new URL(url).host, system.adminToken)
  try {
    return await ask(admin)
  } finally {
    admin.close()
  }
}
