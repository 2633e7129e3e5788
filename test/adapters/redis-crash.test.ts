import { mkdtempSync, rmSync, statSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { STREAM_START } from '../../src/domain/position.ts'
import type { VoterKey } from '../../src/domain/vote.ts'
import type { VoteDoor } from '../../src/ports/vote-door.ts'
import { provideStrace } from '../support/debian-tools.ts'
import { appendOnlyFile, type DiskTrace, noteDisk, readDiskTrace } from '../support/disk-trace.ts'
import { startOwnRedis } from '../support/own-redis.ts'
import { someCall, someDoor, somePollId, readVotes } from '../support/some-calls.ts'
import { waitUntil } from '../support/wait-until.ts'

/** What Redis is set to for each VOTE_DURABILITY. The server of the tests is durable unless told otherwise. */
const settings = {
  durable: [],
  fast: ['--appendfsync', 'everysec'],
  memory: ['--appendonly', 'no'],
} as const
const votesBefore = 1_000
const fetchedWithinMs = 180_000
const batchVotes = 20
/** Some hundred votes in the append-only file. */
const manyBytes = 30_000
/** While a sync is under way Redis puts off what it writes for up to two seconds, and answers all the same. */
const fastMayLoseMs = 2_500

type OwnRedis = Awaited<ReturnType<typeof startOwnRedis>>
type Acknowledged = { readonly voter: VoterKey; readonly at: number }

/** One batch after the other, until a call fails or it is told to stop. */
const startVoting = (door: VoteDoor, pollId: string) => {
  const acknowledged: Acknowledged[] = []
  const unknown: VoterKey[] = []
  let isStopped = false
  const vote = async (): Promise<void> => {
    while (!isStopped) {
      const calls = Array.from({ length: batchVotes }, () => someCall({ pollId }))
      try {
        const answers = await door.append(0, calls)
        expect(answers.every(({ answer }) => answer === 'accepted')).toBe(true)
        acknowledged.push(...calls.map(({ voter }) => ({ voter, at: performance.now() })))
      } catch {
        unknown.push(...calls.map(({ voter }) => voter))
        return
      }
    }
  }
  // Two in flight, as the api has them.
  const done = Promise.all([vote(), vote()])
  const stop = async (): Promise<void> => {
    isStopped = true
    await done
  }
  return { acknowledged, unknown, stop, done }
}

const openPoll = async ({ stream, door }: OwnRedis): Promise<string> => {
  const pollId = somePollId()
  await stream.raiseEpoch(0, 1)
  await door.open(0, someDoor(pollId))
  return pollId
}

const comesBack = async ({ door }: OwnRedis): Promise<void> =>
  waitUntil(
    async () =>
      door.now().then(
        () => true,
        () => false,
      ),
    { withinMs: 10_000 },
  )

/** Votes that were acknowledged and are in the stream no more. A vote is in stream and door or in neither: checked here. */
const findLost = async (
  { stream, door }: OwnRedis,
  pollId: string,
  { acknowledged, unknown }: Pick<ReturnType<typeof startVoting>, 'acknowledged' | 'unknown'>,
): Promise<readonly Acknowledged[]> => {
  const kept = new Set((await readVotes(stream, pollId)).map(({ voter }) => voter))
  for (const voter of [...acknowledged.slice(-200).map((vote) => vote.voter), ...unknown]) {
    const atDoor = await door.look(0, pollId, 1, voter)
    if (atDoor !== 'door_missing') expect(atDoor !== null).toBe(kept.has(voter))
  }
  return acknowledged.filter(({ voter }) => !kept.has(voter))
}

/** Votes, does something to Redis meanwhile, starts it again, and looks what is left. */
const voteThrough = async (durability: 'durable' | 'fast', crash: (redis: OwnRedis) => Promise<void>) => {
  await using redis = await startOwnRedis(settings[durability])
  const pollId = await openPoll(redis)
  const voting = startVoting(redis.door, pollId)
  await waitUntil(() => voting.acknowledged.length > votesBefore, { withinMs: 20_000 })
  const crashedAt = performance.now()
  await crash(redis)
  await voting.done
  await redis.server.restart()
  await comesBack(redis)
  const lost = await findLost(redis, pollId, voting)
  console.log(`${durability}: acknowledged ${voting.acknowledged.length} -> lost ${lost.length}`)
  return { lost, crashedAt }
}
const kill = async ({ server }: OwnRedis): Promise<void> => server.kill()
const stopInOrder = async ({ server }: OwnRedis): Promise<void> => void process.kill(server.pid(), 'SIGTERM')

describe('when Redis is killed, or restarted in order, under votes', () => {
  test('durable loses nothing when it is killed', async () => {
    expect((await voteThrough('durable', kill)).lost).toEqual([])
  })

  test('fast loses at most what Redis had put off writing when it is killed, which the system keeps from then on', async () => {
    const { lost, crashedAt } = await voteThrough('fast', kill)
    expect(lost.filter(({ at }) => at < crashedAt - fastMayLoseMs)).toEqual([])
  })

  test.each(['durable', 'fast'] as const)('%s loses nothing over an orderly restart', async (durability) => {
    expect((await voteThrough(durability, stopInOrder)).lost).toEqual([])
  })
})

describe('memory', () => {
  test.each(['kill', 'restart'] as const)('after a %s nothing is left, and every door is missing', async (how) => {
    await using redis = await startOwnRedis(settings.memory)
    const pollId = await openPoll(redis)
    const voting = startVoting(redis.door, pollId)
    await waitUntil(() => voting.acknowledged.length > votesBefore, { withinMs: 20_000 })
    if (how === 'kill') await redis.server.kill()
    await redis.server.restart()
    await voting.done
    await comesBack(redis)
    expect(await findLost(redis, pollId, voting)).toHaveLength(voting.acknowledged.length)
    // This is what the owner of the partition tells a lost log by, and what calls find: never a door that takes them for new.
    expect(await redis.stream.inspect(0, '5-0')).toEqual({ end: STREAM_START, hasEntry: false })
    expect(await redis.door.append(0, [someCall({ pollId })])).toEqual([{ answer: 'door_missing' }])
  })
})

describe('when the machine loses power', () => {
  let folder: string
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tallycast-trace-'))
    // Fetched here where the machine has none, not within the time of a test.
    await provideStrace()
  }, fetchedWithinMs)
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  /** Votes, pulls the plug, and takes from the file what the disk had not confirmed by then. */
  const losePower = async (durability: 'durable' | 'fast') => {
    const traceFile = join(folder, durability)
    await using redis = await startOwnRedis(settings[durability], null, await noteDisk(traceFile))
    const pollId = await openPoll(redis)
    const voting = startVoting(redis.door, pollId)
    // With fast: many are on the disk, many others not yet.
    const isSoFar = ({ syncedBytes, writtenBytes }: DiskTrace): boolean =>
      durability === 'durable' || (syncedBytes > manyBytes && writtenBytes - syncedBytes > manyBytes)
    await waitUntil(() => voting.acknowledged.length > votesBefore && isSoFar(readDiskTrace(traceFile)), {
      withinMs: 25_000,
    })
    await redis.server.kill()
    await voting.done
    const trace = readDiskTrace(traceFile)
    const file = appendOnlyFile(redis.server.dir)
    expect(statSync(file).size).toBe(trace.writtenBytes)
    truncateSync(file, trace.syncedBytes)
    await redis.server.restart()
    await comesBack(redis)
    const lost = await findLost(redis, pollId, voting)
    console.log(
      `${durability}, power lost: acknowledged ${voting.acknowledged.length}, ${trace.writtenBytes - trace.syncedBytes} bytes not on the disk, ` +
        `${trace.answersAfterSync} answers after their sync, ${trace.answersTooEarly} before -> lost ${lost.length}`,
    )
    return { lost, trace, acknowledged: voting.acknowledged }
  }

  test('durable loses nothing: no answer leaves Redis before the disk has confirmed what it answers', async () => {
    const { lost, trace } = await losePower('durable')
    expect(lost).toEqual([])
    expect(trace.answersTooEarly).toBe(0)
    expect(trace.answersAfterSync).toBeGreaterThan(20)
  })

  test('fast loses what came since the last sync and nothing older, and Redis starts on what is left', async () => {
    const { lost, trace, acknowledged } = await losePower('fast')
    expect(lost.length).toBeGreaterThan(0)
    expect(lost.length).toBeLessThan(acknowledged.length)
    expect(lost).toEqual(acknowledged.slice(-lost.length))
    expect(trace.answersTooEarly).toBeGreaterThan(20)
  })
})

describe('failover to a replica', () => {
  /** A primary with a replica that has everything so far. */
  const startPair = async (replication: Parameters<typeof startOwnRedis>[1]) => {
    const primary = await startOwnRedis(['--repl-diskless-sync-delay', '0'], replication)
    const replica = await startOwnRedis(['--replicaof', `127.0.0.1 ${primary.server.port}`])
    const pollId = await openPoll(primary)
    // It is asked before it has heard of anything, and while it loads what it hears.
    const hasPoll = async (): Promise<boolean> =>
      (await replica.door.look(0, pollId, 1, someCall({ pollId }).voter).catch(() => 'away')) === null
    await waitUntil(hasPoll, { withinMs: 15_000 })
    return {
      primary,
      replica,
      pollId,
      /** It keeps what it has, and hears nothing any more. */
      cutOff: async () => void (await replica.connections.publisher.replicaof('127.0.0.1', '1')),
      promote: async () => void (await replica.connections.publisher.replicaof('NO', 'ONE')),
      [Symbol.asyncDispose]: async (): Promise<void> => {
        await replica[Symbol.asyncDispose]()
        await primary[Symbol.asyncDispose]()
      },
    }
  }

  test('durable keeps what the replica had; what it had not yet is lost', async () => {
    await using pair = await startPair(null)
    const { primary, replica, pollId } = pair
    const early = startVoting(primary.door, pollId)
    await waitUntil(() => early.acknowledged.length > votesBefore, { withinMs: 20_000 })
    await early.stop()
    const hasAll = async (): Promise<boolean> =>
      (await readVotes(replica.stream, pollId)).length === early.acknowledged.length
    await waitUntil(hasAll, { withinMs: 10_000 })
    await pair.cutOff()
    const late = startVoting(primary.door, pollId)
    await waitUntil(() => late.acknowledged.length > 100, { withinMs: 20_000 })
    await primary.server.kill()
    await late.done
    await pair.promote()
    expect(await findLost(replica, pollId, early)).toEqual([])
    const lost = await findLost(replica, pollId, late)
    console.log(
      `durable, failover: ${early.acknowledged.length} replicated lost 0, ${late.acknowledged.length} not replicated lost ${lost.length}`,
    )
    expect(lost).toHaveLength(late.acknowledged.length)
    expect(await replica.door.append(0, [someCall({ pollId })])).toMatchObject([{ answer: 'accepted' }])
  })

  test('replicated acknowledges nothing that the replica has not, so a failover under votes loses nothing', async () => {
    await using pair = await startPair({ replicasMin: 1, waitMs: 3_000 })
    const { primary, replica, pollId } = pair
    const voting = startVoting(primary.door, pollId)
    await waitUntil(() => voting.acknowledged.length > votesBefore, { withinMs: 20_000 })
    await pair.cutOff()
    await voting.done
    expect(voting.unknown.length).toBeGreaterThan(0)
    await primary.server.kill()
    await pair.promote()
    const lost = await findLost(replica, pollId, voting)
    console.log(
      `replicated, failover: acknowledged ${voting.acknowledged.length}, refused for now ${voting.unknown.length} -> lost ${lost.length}`,
    )
    expect(lost).toEqual([])
  })
})
