import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { connectRedis } from '../../src/adapters/redis/connect.ts'
import { createKeys } from '../../src/adapters/redis/keys.ts'
import { createVoteDoor } from '../../src/adapters/redis/vote-door.ts'
import { type Answer, createHttpClient, type HttpClient } from '../support/http-client.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { shareTestCluster, shareTestRedis } from '../support/redis.ts'
import { type RunningSystem, startSystem } from '../support/running-system.ts'
import { someCall } from '../support/some-calls.ts'
import { voterNumber } from '../support/some-votes.ts'
import { connectViewer } from '../support/viewer.ts'
import { waitUntil } from '../support/wait-until.ts'

type SomeRedis = { readonly redisUrl: string; readonly prefix: string }

let database: TestDatabase
const one = shareTestRedis()
let cluster: SomeRedis
beforeAll(async () => {
  database = await createTestDatabase()
  cluster = await shareTestCluster()
})
afterAll(async () => database.drop())

/** Does the work with the whole system on this Redis, and always on the same database. */
const runOn = async <Result>(
  { redisUrl, prefix }: SomeRedis,
  work: (call: HttpClient, system: RunningSystem) => Promise<Result>,
): Promise<Result> => {
  const environment = { REDIS_URL: redisUrl, REDIS_PREFIX: prefix }
  const system = await startSystem('redis', environment, async () => database.databaseUrl)
  try {
    return await work(createHttpClient(system.url), system)
  } finally {
    await system.stop()
  }
}

const createPoll = async (call: HttpClient): Promise<string> => {
  const json = { question: 'Q', options: ['a', 'b'], allow_vote_change: true }
  return (await call('POST', '/polls', { json })).body.id
}

/** As a client does, which comes back when it is told so. */
const voteUntilAnswered = async (call: HttpClient, pollId: string, option: number, voter?: string, method = 'POST') => {
  const say = { json: { option_id: option }, ...(voter !== undefined && { voterToken: voter }) }
  let answer: Answer | null = null
  await waitUntil(
    async () => {
      answer = await call(method, `/polls/${pollId}/vote`, say)
      return answer.status !== 503
    },
    { withinMs: 15_000, what: 'the vote is answered' },
  )
  return answer!.body // As it was just waited for.
}

const voteAll = async (call: HttpClient, pollId: string, count: number): Promise<readonly string[]> => {
  const answers = await Promise.all(Array.from({ length: count }, async () => voteUntilAnswered(call, pollId, 1)))
  return answers.map(({ voter_token: token }) => token)
}

const seesVotes = async ({ url, adapters }: RunningSystem, pollId: string, counts: readonly number[]) => {
  const viewer = connectViewer(`${url.replace('http', 'ws')}/ws/polls/${pollId}`)
  try {
    await viewer.sees(({ options }) => options.map(({ votes }) => votes).join() === counts.join(), 15_000)
  } finally {
    viewer.socket.terminate()
  }
  expect((await adapters.tallies.recount(pollId))?.differences).toEqual([])
}

/** So many that both partitions get some: all in one of them is one chance in 2^29. */
const many = 30

/** Of each partition once; of one in which nobody votes its owner may tell last. */
const tellsOfLoss = async ({ logged }: RunningSystem): Promise<void> => {
  const timesLost = (): number => logged.filter((line) => line.includes('the stream lost its log')).length
  await waitUntil(() => timesLost() >= 2, { what: 'both logs are told to be lost' })
  expect(timesLost()).toBe(2)
}

test('from one Redis to a cluster and back, with all votes recorded: counts go on, and who has voted is known', async () => {
  const { pollId, voters } = await runOn(one, async (call, system) => {
    const id = await createPoll(call)
    const tokens = await voteAll(call, id, many)
    await seesVotes(system, id, [many, 0])
    return { pollId: id, voters: tokens }
  })
  await runOn(cluster, async (call, system) => {
    for (const voter of voters) {
      expect(await voteUntilAnswered(call, pollId, 2, voter)).toMatchObject({ code: 'already_voted' })
    }
    expect(await voteUntilAnswered(call, pollId, 2, voters[0], 'PUT')).toMatchObject({ status: 'accepted' })
    await voteAll(call, pollId, 3)
    await seesVotes(system, pollId, [many + 2, 1])
    await tellsOfLoss(system)
  })
  await runOn(one, async (call, system) => {
    expect(await voteUntilAnswered(call, pollId, 1, voters[0])).toMatchObject({ code: 'already_voted' })
    await voteAll(call, pollId, 1)
    await seesVotes(system, pollId, [many + 3, 1])
  })
})

test('votes that a move leaves behind are told of, are shown by the Redis that has them, and count once a worker goes there', async () => {
  const { commands, ready, stop } = connectRedis({ url: one.redisUrl, onError: () => undefined })
  onTestFinished(stop)
  await ready()
  const keys = createKeys(one.prefix)
  const unrecorded = async (): Promise<number> => {
    const [count, recorded] = await commands.mget(keys.voteCount(0), keys.recordedCount(0))
    return Number(count) - Number(recorded)
  }
  const pollId = await runOn(one, async (call, system) => {
    const id = await createPoll(call)
    await voteAll(call, id, many)
    await seesVotes(system, id, [many, 0])
    await waitUntil(async () => (await unrecorded()) === 0, { what: 'the stream is told what is recorded' })
    return id
  })
  // As an api does it while no worker runs.
  const calls = [0, 2].map((number) => someCall({ pollId, voter: voterNumber(number) }))
  const left = await createVoteDoor(commands, keys).append(0, calls)
  expect(left.map(({ answer }) => answer)).toEqual(['accepted', 'accepted'])

  await runOn(cluster, async (call, system) => {
    await voteAll(call, pollId, 1)
    await seesVotes(system, pollId, [many + 1, 0])
    await tellsOfLoss(system)
  })
  expect(await unrecorded()).toBe(2)
  await runOn(one, async (_call, system) => {
    await seesVotes(system, pollId, [many + 3, 0])
    await waitUntil(async () => (await unrecorded()) === 0, { what: 'none is left' })
  })
  await runOn(cluster, async (call, system) => {
    await voteAll(call, pollId, 1)
    await seesVotes(system, pollId, [many + 4, 0])
  })
})
