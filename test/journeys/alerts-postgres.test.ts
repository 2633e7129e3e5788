import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectAlert, firesWithinMs } from '../support/expect-alert.ts'
import { organisePoll } from '../support/organiser.ts'
import type { Standby } from '../support/postgres-standby.ts'
import { type Prometheus, startPrometheus } from '../support/prometheus.ts'
import { useSystem } from '../support/system.ts'
import { waitUntil } from '../support/wait-until.ts'

const rules = readFileSync(new URL('../../deploy/prometheus/alerts.yml', import.meta.url), 'utf8')
/** promtool judges the quarter of an hour; here a recount that has stood still for so long is told. */
const sooner = rules.replace(
  'tallycast_recount_last_success_timestamp_seconds) > 900',
  'tallycast_recount_last_success_timestamp_seconds) > 10',
)
/** The 30 s of the rule, and some for a machine that others use. */
const isBehindWithinMs = 60_000

let standby: Standby
let prometheus: Prometheus

const system = useSystem({
  postgres: 'own',
  redis: 'own',
  env: { LEASE_MS: '1000', RECOUNT_EVERY_MS: '200' },
  async prepare(_, postgres) {
    if (postgres === null) throw new Error('the system has a PostgreSQL of its own')
    standby = await postgres.followedBy()
    return { envOf: { worker: { DATABASE_REPLICA_URL: standby.databaseUrl } } }
  },
})

beforeAll(async () => {
  await organisePoll(system().apiUrl(0))
  prometheus = await startPrometheus([...system().apis, ...system().workers, ...system().admins], sooner)
})
afterAll(async () => {
  await prometheus?.stop()
  if (!standby.pool.ended) await standby.stop()
})

test('a service whose replica follows and is recounted from alarms nobody', async () => {
  const withinMs = firesWithinMs
  for (const well of ['tallycast_recount_last_success_timestamp_seconds > 0', 'tallycast_replica_lag_seconds < 1']) {
    await waitUntil(async () => (await prometheus.seriesOf(well)) > 0, { withinMs, what: well })
  }
  await waitUntil(async () => (await prometheus.firing()).length === 0, { withinMs, what: 'all is quiet' })
})

test('a replica that replays nothing', { timeout: 2 * isBehindWithinMs }, async () => {
  const pause = async (): Promise<unknown> => standby.pool.query('select pg_wal_replay_pause()')
  await expectAlert(prometheus, 'TallycastReplicaBehind', pause, isBehindWithinMs)
})

test('recounts that stand still, since what they read from is gone', async () => {
  expect(sooner).not.toBe(rules)
  await expectAlert(prometheus, 'TallycastRecountStandsStill', async () => standby.stop())
})

test('a PostgreSQL that is gone while nobody votes', async () => {
  await expectAlert(prometheus, 'TallycastStoreAway', async () => system().postgres?.kill())
  for (const metric of ['tallycast_oldest_unrecorded_seconds', 'tallycast_partitions_without_owner']) {
    await waitUntil(async () => (await prometheus.seriesOf(`${metric} != ${metric}`)) > 0, { what: `${metric} is NaN` })
  }
})
