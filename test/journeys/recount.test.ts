import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createDataFolder, type DataFolder, type EmbeddedSystem, startEmbedded } from '../support/embedded-system.ts'
import { checkLedger, describeCheck } from '../support/ledger-check.ts'
import { organisePoll } from '../support/organiser.ts'
import { startServerProcess } from '../support/server-process.ts'
import { sumMetric } from '../support/sum-metric.ts'
import { type Member, useSystem } from '../support/system.ts'
import { createVoter } from '../support/voter.ts'
import { attemptVote, letVote } from '../support/voters.ts'
import { waitUntil } from '../support/wait-until.ts'

/** In the background: a run that took long, as on a machine that others use, is followed by a rest nine times as long. */
const recountedWithinMs = 40_000

/** `npm run recount`, as far as `node src/main/recount.ts` is it. */
const recount = async (args: readonly string[], env: Readonly<Record<string, string>>) => {
  const command = startServerProcess({ name: 'recount', program: 'recount', args, env })
  try {
    const { exitCode } = await command.ended(60_000)
    return { exitCode, output: command.output() }
  } finally {
    await command.stop()
  }
}

describe('on the embedded profile', () => {
  let folder: DataFolder
  let system: EmbeddedSystem
  beforeAll(async () => {
    folder = createDataFolder()
    system = await startEmbedded({ dataDir: folder.path })
    await system.welcomes()
  })
  afterAll(async () => {
    await system.stop()
    folder.remove()
  })

  const falsify = async (pollId: string): Promise<void> => {
    const [port, password] = ['port', 'password'].map((name) =>
      readFileSync(join(folder.path, `postgres-${name}`), 'utf8').trim(),
    )
    const client = new pg.Client(`postgres://tallycast:${password}@127.0.0.1:${port}/tallycast`)
    await client.connect()
    await client.query('update tally set total_votes = total_votes + 1 where poll_id = $1', [pollId])
    await client.end()
  }

  test('the recount finds the running instance by its data folder alone, and says so when nothing runs there', async () => {
    const here = { DATA_DIR: folder.path }
    const poll = await organisePoll(system.url)
    const voter = createVoter(system.url, 'token')
    expect((await attemptVote(voter, poll.id, [1])).outcome.result).toBe('accepted')
    voter.close()
    await waitUntil(async () => (await poll.see()).total_votes === 1, { what: 'the vote is recorded' })

    expect(await recount([poll.id], here)).toMatchObject({
      exitCode: 0,
      output: expect.stringMatching(/round 1 +1 vote +✓/),
    })
    expect(await recount(['--all'], here)).toMatchObject({ exitCode: 0 })
    await falsify(poll.id)
    expect(await recount(['--all'], here)).toMatchObject({
      exitCode: 1,
      output: expect.stringMatching(/number of votes +tally 2 +ledger 1/),
    })

    await system.stop()
    expect(await recount(['--all'], here)).toMatchObject({
      exitCode: 2,
      output: expect.stringContaining('no Tallycast runs on the data folder'),
    })
  })
})

describe('on the full profile', () => {
  const system = useSystem({ apis: 1, workers: 2, partitions: 4, env: { RECOUNT_EVERY_MS: '100' } })
  const votesMin = 1_500

  const running = (): readonly Member[] => system().workers.filter((worker) => worker.isRunning())
  const differences = async (): Promise<number> => sumMetric(running(), 'tallycast_recount_differences')
  const recounted = async (): Promise<number> => sumMetric(running(), 'tallycast_recounted_polls_total')

  test('recounts while votes are recorded at full speed find no difference, by command and in the background', async () => {
    const { apiUrl, database } = system()
    const poll = await organisePoll(apiUrl(0))
    let isStopped = false
    const voters = letVote({ pollId: poll.id, optionIds: poll.optionIds, apiUrl, goOn: () => !isStopped })
    const recountedBefore = await recounted()
    const counted: number[] = []
    await waitUntil(async () => (await poll.see()).total_votes > 0, { what: 'votes are recorded' })
    do {
      const { exitCode, output } = await recount([poll.id], { DATABASE_URL: database.databaseUrl })
      expect({ exitCode, output }).toEqual({ exitCode: 0, output: expect.stringContaining('✓ Recount') })
      counted.push(Number(/round 1 +([\d,]+) votes?/.exec(output)?.[1]?.replaceAll(',', '')))
    } while (voters.accepted() < votesMin)
    await waitUntil(async () => (await recounted()) - recountedBefore > 3, {
      withinMs: recountedWithinMs,
      what: 'recounts in the background',
    })
    const inBackground = (await recounted()) - recountedBefore
    isStopped = true
    await voters.done

    const isRecorded = async (): Promise<boolean> => (await poll.see()).total_votes === voters.accepted()
    await waitUntil(isRecorded, { withinMs: 15_000, what: 'all votes are recorded' })
    const check = await checkLedger(database.pool, poll.id, 1, voters.attempts)
    console.log(
      `${counted.length} recounts by command met ${counted.join(', ')} votes, ${inBackground} in the background: ${describeCheck(check)}`,
    )
    expect(check).toMatchObject({ lost: 0, doubled: 0, phantom: 0 })
    expect(await differences()).toBe(0)
    expect(system().logs()).not.toContain('tally and ledger differ')
    // Some met the poll in the middle of the voting, else nothing was proved.
    expect(counted.filter((votes) => votes > 0 && votes < voters.accepted()).length).toBeGreaterThan(0)
  })

  test(
    'a falsified tally is seen in the background, told by metric and log, and not repaired; also by the next worker',
    { timeout: 180_000 },
    async () => {
      const { apiUrl, database, logs, workers } = system()
      const poll = await organisePoll(apiUrl(0))
      const voter = createVoter(apiUrl(0), 'token')
      expect((await attemptVote(voter, poll.id, [2])).outcome.result).toBe('accepted')
      voter.close()
      await waitUntil(async () => (await poll.see()).total_votes === 1, { what: 'the vote is recorded' })
      const readTally = async () =>
        (await database.pool.query('select * from tally where poll_id = $1 order by partition', [poll.id])).rows
      const mend = async () =>
        database.pool.query(
          // No other row: a worker that starts may have raised the version, which it does in a row of its own.
          'update tally set counts[2] = 1, total_votes = 1 where poll_id = $1 and total_votes = 41',
          [poll.id],
        )
      onTestFinished(async () => void (await mend()))
      await waitUntil(async () => (await differences()) === 0, {
        withinMs: recountedWithinMs,
        what: 'nothing differs yet',
      })
      await database.pool.query('update tally set counts[2] = 41, total_votes = 41 where poll_id = $1', [poll.id])
      const falsified = await readTally()

      await waitUntil(async () => (await differences()) === 2, {
        withinMs: recountedWithinMs,
        what: 'the metric tells of it',
      })
      const told = new RegExp(
        `"level":50.*"pollId":"${poll.id}".*"differences":\\[{"optionId":2,"tally":41,"ledger":1},{"optionId":null,"tally":41,"ledger":1}\\].*tally and ledger differ`,
      )
      await waitUntil(() => told.test(logs()), { what: 'the log tells of it' })
      const recountedBefore = await recounted()
      await waitUntil(async () => (await recounted()) > recountedBefore + 5, {
        withinMs: recountedWithinMs,
        what: 'it goes on',
      })
      expect(await readTally()).toEqual(falsified)
      expect(await differences()).toBe(2)

      const values = await Promise.all(
        workers.map(async (worker) => ({ worker, text: await (await fetch(`${worker.opsUrl}/metrics`)).text() })),
      )
      const telling = values.filter(({ text }) => /^tallycast_recount_differences{.*} 2$/m.test(text))
      expect(telling).toHaveLength(1)
      const teller = telling[0]!.worker
      teller.signal('SIGKILL')
      await teller.ended()
      // The dead one answers no more, so whoever tells of it is the other.
      await waitUntil(async () => (await differences()) === 2, {
        withinMs: recountedWithinMs,
        what: 'the other worker tells of it',
      })
      await teller.restart()

      await mend()
      await waitUntil(async () => (await differences()) === 0, {
        withinMs: recountedWithinMs,
        what: 'the metric falls',
      })
    },
  )
})
