import { afterEach, describe, test } from 'vitest'
import { type Fault, survive } from '../support/fault-case.ts'
import { killWorkerAt, killWorkerBeforeCommit } from '../support/faults/worker-faults.ts'
import { createHook } from '../support/hooks.ts'
import { useSystem } from '../support/system.ts'

const hook = createHook()

describe('workers that fail while 400 people vote in each second', () => {
  const system = useSystem({
    apis: 2,
    workers: 2,
    partitions: 4,
    programOf: { worker: 'hooked-worker.ts' },
    env: hook.env,
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
  ]
  test.each(faults)('$fact', async (fault) => {
    await survive(system(), fault)
  })
})
