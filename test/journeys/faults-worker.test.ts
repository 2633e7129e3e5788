import { afterEach, describe, test } from 'vitest'
import { type Fault, survive } from '../support/fault-case.ts'
import {
  blockWorker,
  freezeWorker,
  killWorkerAt,
  killWorkerBeforeCommit,
  stealLeases,
} from '../support/faults/worker-faults.ts'
import { repeatEverything } from '../support/faults/repetition-faults.ts'
import { createHook } from '../support/hooks.ts'
import { useSystem } from '../support/system.ts'

const hook = createHook()
const leaseMs = 2_000

describe('workers that fail while 400 people vote in each second', () => {
  const system = useSystem({
    apis: 2,
    workers: 2,
    partitions: 4,
    programOf: { worker: 'programs/hooked-worker.ts' },
    env: { ...hook.env, LEASE_MS: String(leaseMs) },
  })
  afterEach(() => hook.clear())

  const faults: readonly Fault[] = [
    killWorkerBeforeCommit,
    killWorkerAt(
      hook,
      'after_commit',
      'a worker that is killed after its commit leaves news that its successor announces',
    ),
    killWorkerAt(
      hook,
      'after_publish',
      'a worker that is killed after it published its news is replaced, and nothing is counted again',
    ),
    freezeWorker(hook),
    stealLeases,
    blockWorker(hook, 1_200, 'a worker whose event loop stands still for more than a third of its lease goes on'),
    blockWorker(
      hook,
      3_000,
      'a worker whose event loop stands still for longer than its lease is replaced, or goes on',
    ),
  ]
  test.each(faults)('$fact', async (fault) => {
    await survive(system(), fault)
  })
})

describe('everything that can come again comes three times, and news late and out of order', () => {
  const system = useSystem({
    apis: 2,
    workers: 2,
    partitions: 4,
    programOf: { worker: 'programs/hooked-repeating-worker.ts', api: 'programs/hooked-repeating-api.ts' },
  })

  test.each([repeatEverything])('$fact', async (fault) => {
    await survive(system(), fault)
  })
})
