import { expect, test } from 'vitest'
import { measureBacklog } from '../../src/runtime/backlog-metrics.ts'
import { createLog } from '../../src/runtime/log.ts'
import {
  createMetricsRegistry,
  measureLedger,
  measureOwners,
  measureRecounts,
  measureViewers,
  measureVotes,
} from '../../src/runtime/metrics.ts'
import { startOpsServer } from '../../src/runtime/ops-server.ts'
import { connectRaw } from '../support/raw-http.ts'
import { waitUntil } from '../support/wait-until.ts'

const log = createLog({ name: 'test', level: 'silent' })

test('metrics and health are served, and readiness follows the process', async () => {
  const registry = createMetricsRegistry('all')
  const votes = measureVotes(registry)
  const ledger = measureLedger(registry)
  const backlog = measureBacklog(registry)
  const viewers = measureViewers(registry, 20)
  const recounts = measureRecounts(registry)
  let isReady = false
  await using server = await startOpsServer({ host: '127.0.0.1', port: 0, registry, isReady: async () => isReady, log })
  const url = `http://127.0.0.1:${server.port}`

  votes.accepted(3)
  votes.refused('poll_closed')
  ledger.recorded(2)
  backlog.waiting(2, 1, 0.5)
  backlog.unknown(3)
  backlog.waitingForNewerWorker(1)
  viewers.viewers(7)
  viewers.givenUp('too_slow')
  recounts.recounted()
  recounts.differences(3)
  recounts.done()
  ledger.voteToUpdate(0.02)
  ledger.setAside(4)
  ledger.epochRaised()
  measureOwners(registry).withoutOwner(2)
  const text = await (await fetch(`${url}/metrics`)).text()
  for (const line of [
    'tallycast_votes_accepted_total{process="all"} 3',
    'tallycast_votes_refused_total{code="poll_closed",process="all"} 1',
    'tallycast_votes_recorded_total{process="all"} 2',
    'tallycast_unrecorded_votes{partition="2",process="all"} 1',
    'tallycast_oldest_unrecorded_seconds{partition="2",process="all"} 0.5',
    'tallycast_unrecorded_votes{partition="3",process="all"} Nan',
    'tallycast_oldest_unrecorded_seconds{partition="3",process="all"} Nan',
    'tallycast_votes_set_aside_total{process="all"} 4',
    'tallycast_partitions_waiting_for_newer_worker{process="all"} 1',
    'tallycast_epochs_raised_total{process="all"} 1',
    'tallycast_partitions_without_owner{process="all"} 2',
    'tallycast_viewers{process="all"} 7',
    'tallycast_viewers_max{process="all"} 20',
    'tallycast_viewers_given_up_total{cause="too_slow",process="all"} 1',
    'tallycast_vote_to_update_seconds_count{process="all"} 1',
    'tallycast_recounted_polls_total{process="all"} 1',
    'tallycast_recount_differences{process="all"} 3',
    'tallycast_recount_last_success_timestamp_seconds{process="all"} 1',
  ]) {
    expect(text).toContain(line)
  }

  const status = async (path: string, method = 'GET'): Promise<number> => (await fetch(url + path, { method })).status
  expect(await status('/health/live')).toBe(200)
  expect(await status('/health/ready')).toBe(503)
  isReady = true
  expect(await status('/health/ready')).toBe(200)
  expect(await status('/elsewhere')).toBe(404)
  expect(await status('/metrics', 'POST')).toBe(405)
})

test('who connects and says nothing is let go of', async () => {
  const registry = createMetricsRegistry('all')
  await using server = await startOpsServer({ host: '127.0.0.1', port: 0, registry, isReady: async () => true, log })
  const { socket, isEnded } = await connectRaw(`http://127.0.0.1:${server.port}`)
  await waitUntil(isEnded, { withinMs: 15_000 })
  expect((await fetch(`http://127.0.0.1:${server.port}/health/live`)).status).toBe(200)
  socket.destroy()
})

test('a taken port is a problem with a remedy', async () => {
  const registry = createMetricsRegistry('all')
  const options = { host: '127.0.0.1', registry, isReady: async () => true, log }
  await using first = await startOpsServer({ ...options, port: 0 })
  await expect(startOpsServer({ ...options, port: first.port })).rejects.toMatchObject({
    name: 'SetupProblem',
    remedy: expect.stringContaining('OPS_PORT'),
  })
})
