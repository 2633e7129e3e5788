import { Redis } from 'ioredis'
import pg from 'pg'
import { expect, test } from 'vitest'
import { createKeys } from '../../src/adapters/redis/keys.ts'
import { createKeepAliveClient, type Answer } from '../support/keep-alive-client.ts'
import { checkLedger, describeCheck } from '../support/ledger-check.ts'
import { organisePoll } from '../support/organiser.ts'
import { type Statement, useReadingRole } from '../support/reading-role.ts'
import { type Member, useSystem } from '../support/system.ts'
import { letVote } from '../support/voters.ts'
import { waitUntil } from '../support/wait-until.ts'

const readsWarm = 1_000
const readsCold = 500
const votes = 500
/** So many reach every partition over each api. */
const votesFirst = 200

const reader = useReadingRole()
const system = useSystem({ apis: 2, workers: 2, partitions: 4, prepare: reader.prepare })

const askedByApis = async (): Promise<readonly Statement[]> => reader.asked(system().database)
const emptyStatistics = async (): Promise<void> => reader.emptyStatistics(system().database)

const readAtOnce = async (url: string, paths: readonly string[]): Promise<readonly Answer[]> => {
  const client = createKeepAliveClient(url, paths.length)
  try {
    return await Promise.all(paths.map(async (path) => client.send('GET', path)))
  } finally {
    client.close()
  }
}

test('1,000 warm reads of a poll and of its results make no query to PostgreSQL', async () => {
  const { apis, apiUrl } = system()
  const poll = await organisePoll(apiUrl(0))
  const paths = [`/polls/${poll.id}`, `/polls/${poll.id}/results`]
  for (const { url } of apis) await readAtOnce(url, paths)

  await emptyStatistics()
  const answers: Answer[] = []
  for (let round = 0; answers.length < readsWarm; round += 1) {
    answers.push(
      ...(await readAtOnce(
        apiUrl(round),
        Array.from({ length: 100 }, (_, index) => paths[index % 2] ?? ''),
      )),
    )
  }
  expect(answers.filter(({ status }) => status !== 200)).toEqual([])
  const asked = await askedByApis()
  console.log(`${answers.length} warm reads: ${asked.length} queries`)
  expect(asked).toEqual([])
})

test('500 cold reads of a poll at once make one read per api process', async () => {
  const { apis, apiUrl, redisUrl, redisPrefix } = system()
  const poll = await organisePoll(apiUrl(0))
  const keys = createKeys(redisPrefix)
  const redis = new Redis(redisUrl)
  try {
    for (const api of apis) {
      await makeCold(api)
      // One that knows the poll fills the cache again, sometimes before anybody reads.
      for (const other of apis) if (other !== api) other.signal('SIGSTOP')
      expect(await redis.del(keys.definition(poll.id), keys.tally(poll.id))).toBe(2)
      await emptyStatistics()
      const answers = await readAtOnce(
        api.url,
        Array.from({ length: readsCold }, () => `/polls/${poll.id}`),
      )
      expect(answers.filter(({ status }) => status !== 200)).toEqual([])
      const asked = await askedByApis()
      console.log(`${answers.length} cold reads: ${asked.map(({ calls }) => calls).join(' + ')} queries`)
      // The definition, and the tally.
      expect(asked.map(({ calls }) => calls)).toEqual([1, 1])
      for (const other of apis) other.signal('SIGCONT')
    }
  } finally {
    for (const api of apis) api.signal('SIGCONT')
    redis.disconnect()
  }
})

/** A process that has just started knows no poll. */
const makeCold = async (api: Member): Promise<void> => {
  api.signal('SIGTERM')
  await api.ended()
  await api.restart()
}

test('votes make the apis ask nothing of PostgreSQL once they know the poll and how far each partition is, let alone write', async () => {
  const { apis, apiUrl, database } = system()
  const poll = await organisePoll(apiUrl(0))
  for (const { url } of apis) await readAtOnce(url, [`/polls/${poll.id}`])
  // The first vote that an api takes for a partition makes it look whether the log reaches to what is recorded.
  const plan = { pollId: poll.id, optionIds: poll.optionIds, apiUrl }
  const first = letVote({ ...plan, goOn: (number) => number < votesFirst })
  await first.done
  await emptyStatistics()
  const later = letVote({ ...plan, goOn: (number) => number < votes - votesFirst })
  await later.done
  const voters = { attempts: [...first.attempts, ...later.attempts] }
  await waitUntil(async () => (await poll.see()).total_votes === votes, { what: 'the votes are counted' })
  const check = await checkLedger(database.pool, poll.id, 1, voters.attempts)
  const asked = await askedByApis()
  console.log(`${describeCheck(check)}; ${asked.length} queries of the apis`)
  expect(check).toMatchObject({ acknowledged: votes, inLedger: votes, lost: 0, doubled: 0, phantom: 0 })
  expect(asked).toEqual([])
})

test('the role of the apis could not have written', async () => {
  const client = new pg.Client({ connectionString: reader.urlOf(system().database.databaseUrl) })
  await client.connect()
  try {
    for (const table of ['vote', 'tally', 'poll', 'checkpoint', 'vote_event']) {
      await expect(client.query(`delete from ${table}`)).rejects.toThrow('permission denied')
    }
  } finally {
    await client.end()
  }
})
