import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createKeys } from '../../src/adapters/redis/keys.ts'
import { ENTRY_FORMAT_VERSION } from '../../src/adapters/vote-entry.ts'
import { runCommand } from '../../src/runtime/run-command.ts'
import { providePromtool } from '../support/debian-tools.ts'
import { becomesFiring, expectAlert, firesWithinMs } from '../support/expect-alert.ts'
import { readPanels } from '../support/grafana.ts'
import { lockVotes } from '../support/lock-votes.ts'
import { organisePoll, type OrganisedPoll, send } from '../support/organiser.ts'
import { type Prometheus, readRules, startPrometheus } from '../support/prometheus.ts'
import { metricsIn, namesIn } from '../support/promql.ts'
import { type Member, useSystem } from '../support/system.ts'
import { connectViewer } from '../support/viewer.ts'
import { createVoter } from '../support/voter.ts'
import { attemptVote } from '../support/voters.ts'
import { waitUntil } from '../support/wait-until.ts'

const pathOf = (file: string): string => fileURLToPath(new URL(`../../deploy/${file}`, import.meta.url))
const rules = readFileSync(pathOf('prometheus/alerts.yml'), 'utf8')
const { panels } = readPanels(readFileSync(pathOf('grafana/tallycast.json'), 'utf8'))

const viewersMax = 10
/** More than one viewer may say at once. */
const tooManyMessages = 31

const promtool = async (...args: readonly string[]) => {
  const { path, libraries } = await providePromtool()
  const env = { ...process.env, ...(libraries !== null && { LD_LIBRARY_PATH: libraries }) }
  return runCommand(path, args, { withinMs: 30_000, env })
}

test('promtool finds nothing wrong with the rules, nor with what Prometheus is told of the processes', async () => {
  expect(await promtool('check', 'config', '--lint-fatal', pathOf('prometheus/prometheus.yml'))).toMatchObject({
    exitCode: 0,
    output: expect.stringContaining(`${readRules(rules).length} rules found`),
  })
})

test('each alert is quiet up to its limit and until its time is over, and fires beyond', async () => {
  expect(await promtool('test', 'rules', pathOf('prometheus/alerts.test.yml'))).toMatchObject({ exitCode: 0 })
})

describe('with real processes', () => {
  const system = useSystem({
    redis: 'own',
    env: { LEASE_MS: '1000', RECOUNT_EVERY_MS: '200', VIEWERS_MAX: String(viewersMax) },
  })
  let poll: OrganisedPoll
  let prometheus: Prometheus

  const members = (): readonly Member[] => [...system().apis, ...system().workers, ...system().admins]
  const api = (): string => system().apiUrl(0)

  const vote = async (retryWithinMs?: number): Promise<string> => {
    const voter = createVoter(api(), 'token')
    const { outcome } = await attemptVote(voter, poll.id, [1], retryWithinMs)
    voter.close()
    return outcome.result
  }
  const append = async (...fields: readonly string[]): Promise<string> => {
    const redis = new Redis(system().redisUrl)
    const entry = String(await redis.call('XADD', createKeys(system().redisPrefix).stream(0), '*', ...fields))
    redis.disconnect()
    return entry
  }

  beforeAll(async () => {
    prometheus = await startPrometheus(members(), rules)
    poll = await organisePoll(api())
  })
  afterAll(async () => prometheus?.stop())

  test('a service that is well alarms nobody', async () => {
    expect(await vote()).toBe('accepted')
    await waitUntil(async () => (await poll.see()).total_votes === 1, { what: 'the vote is recorded' })
    // A Prometheus that starts takes 5 s until it looks at anybody.
    await waitUntil(async () => (await prometheus.seriesOf('up == 1')) === members().length, {
      withinMs: firesWithinMs,
      what: 'each process is looked at',
    })
    await waitUntil(async () => (await prometheus.firing()).length === 0, {
      withinMs: firesWithinMs,
      what: 'all is quiet',
    })
  })

  test('what rules and dashboard name, the processes expose', async () => {
    const pages = await Promise.all(members().map(async ({ opsUrl }) => (await fetch(`${opsUrl}/metrics`)).text()))
    const exposed = new Set(pages.flatMap(namesIn))
    const asked = [...readRules(rules).map(({ expr }) => expr), ...panels.flatMap(({ queries }) => queries)]
    const named = new Set(asked.flatMap(metricsIn))
    expect(named.size).toBeGreaterThan(15)
    // Prometheus's own: whether a process answered.
    expect([...named].filter((name) => name !== 'up' && !exposed.has(name))).toEqual([])
  })

  test('viewers near the limit', async () => {
    const viewers = Array.from({ length: viewersMax - 1 }, () =>
      connectViewer(`${api().replace('http', 'ws')}/ws/polls/${poll.id}`),
    )
    await expectAlert(prometheus, 'TallycastViewersNearLimit', async () => viewers[0]?.sees(() => true))
    for (let said = 0; said < tooManyMessages; said += 1) viewers[0]?.socket.send('{}')
    await viewers[0]?.ends()
    for (const { socket } of viewers) socket.close()
  })

  test('a vote that is set aside, whose entry the log names', async () => {
    let entry = ''
    await expectAlert(prometheus, 'TallycastVotesSetAside', async () => {
      entry = await append('f', '1', 'e', '1', 'v', 'garbage')
    })
    const logged = system().workers.flatMap((worker) => worker.output().split('\n'))
    const told = logged.filter((line) => line.includes('"votes were set aside"'))
    expect(told.map((line): unknown => JSON.parse(line))).toEqual([
      expect.objectContaining({ partition: 0, recorded: entry, setAside: 1, voteIds: [], notNamed: 1 }),
    ])
  })

  test('a published count that is not what the ledger has, which nobody signs', async () => {
    await poll.step('close')
    await waitUntil(async () => (await poll.see()).results_final, { what: 'the poll is final' })
    const falsify = 'update tally set counts[2] = 41, total_votes = 41 where poll_id = $1'
    await expectAlert(prometheus, 'TallycastTallyDiffers', async () => system().database.pool.query(falsify, [poll.id]))
    await expectAlert(prometheus, 'TallycastFaults', async () =>
      expect((await send(api(), 'GET', `/polls/${poll.id}/results/signed`)).status).toBe(500),
    )
    poll = await organisePoll(api())
  })

  test('how many votes wait nobody knows while the ledger cannot be asked', async () => {
    const [worker] = system().workers
    const saysUnknown = async (): Promise<boolean> =>
      /^tallycast_unrecorded_votes\S* Nan$/m.test(await (await fetch(`${worker?.opsUrl}/metrics`)).text())
    await system().database.pool.query('alter table checkpoint rename to checkpoint_away')
    try {
      await waitUntil(saysUnknown, { withinMs: firesWithinMs })
    } finally {
      await system().database.pool.query('alter table checkpoint_away rename to checkpoint')
    }
    await waitUntil(async () => !(await saysUnknown()), { withinMs: firesWithinMs })
  })

  // Behind the recount, which waits for the ledger as well, and rests for longer afterwards.
  test('votes that the ledger takes late', async () => {
    await expectAlert(prometheus, 'TallycastUpdatesLate', async () =>
      lockVotes(system().database.pool, async () => {
        await expectAlert(prometheus, 'TallycastVotesWait', async () => expect(await vote()).toBe('accepted'))
      }),
    )
  })

  test('a Redis that keeps votes less well than declared', async () => {
    const redis = new Redis(system().redisUrl)
    await expectAlert(prometheus, 'TallycastDurabilityWeak', async () => redis.config('SET', 'appendfsync', 'everysec'))
    await redis.config('SET', 'appendfsync', 'always')
    redis.disconnect()
  })

  test('no worker, and then no Redis, which comes back empty', async () => {
    const [worker] = system().workers
    const redis = system().redis
    if (worker === undefined || redis === null) throw new Error('the system has a worker and a Redis of its own')
    worker.signal('SIGKILL')
    await worker.ended()
    // One that does not remember that votes were recorded a minute ago.
    const later = await startPrometheus(members(), rules)
    try {
      for (const alert of ['TallycastProcessDown', 'TallycastRoleMissing', 'TallycastPartitionWithoutOwner']) {
        await becomesFiring(later, alert)
      }
      await expectAlert(later, 'TallycastNothingRecorded', async () => expect(await vote()).toBe('accepted'))

      await expectAlert(later, 'TallycastTurnsAway', async () => {
        await redis.kill()
        expect(await vote(0)).toBe('refused')
        // One answer is no rate: the second is counted on top of what Prometheus has seen.
        await waitUntil(async () => (await later.seriesOf('tallycast_http_answers_total{status="503"}')) > 0)
        expect(await vote(0)).toBe('refused')
      })
      await becomesFiring(later, 'TallycastStoreAway')
      await redis.restart()
      await expectAlert(later, 'TallycastVotesLost', async () => empty(redis.redisUrl))
      await expectAlert(later, 'TallycastLogLost', async () => worker.restart())
    } finally {
      await later.stop()
    }
  })

  test('an entry of a newer version', async () => {
    await expectAlert(prometheus, 'TallycastNewerEntryWaits', async () =>
      append('f', String(ENTRY_FORMAT_VERSION + 1), 'e', '1', 'v', 'new'),
    )
  })

  test('after all that no panel of the dashboard is empty', async () => {
    const empty = await Promise.all(
      panels.flatMap(({ title, queries }) =>
        queries.map(async (query) => ((await prometheus.seriesOf(query)) === 0 ? `${title}: ${query}` : '')),
      ),
    )
    expect(empty.filter((panel) => panel !== '')).toEqual([])
  })

  // The last ones: whoever was started anew has counted nothing yet that the dashboard shows.
  test.each(['admin', 'api'] as const)('no %s', async (role) => {
    const [only] = system()[`${role}s`]
    await waitUntil(async () => !(await prometheus.firing()).includes('TallycastRoleMissing'), {
      withinMs: firesWithinMs,
    })
    await expectAlert(prometheus, 'TallycastRoleMissing', async () => {
      only?.signal('SIGKILL')
      await only?.ended()
    })
    await only?.restart()
  })
})

const empty = async (redisUrl: string): Promise<void> => {
  const redis = new Redis(redisUrl)
  await redis.flushall()
  redis.disconnect()
}
