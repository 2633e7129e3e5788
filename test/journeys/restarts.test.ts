import { describe, expect, test } from 'vitest'
import { type Fault, survive } from '../support/fault-case.ts'
import { killAdmin, restartAdmin, restartApis, restartWorkers } from '../support/faults/restart-faults.ts'
import { useSystem } from '../support/system.ts'

describe('planned restarts while 400 people vote in each second, each of whom asks at most once more', () => {
  const system = useSystem({ apis: 2, workers: 2, partitions: 4 })

  const faults: readonly Fault[] = [restartApis, restartWorkers, restartAdmin, killAdmin]
  test.each(faults)('$fact', async (fault) => {
    const { load } = await survive(system(), fault, { retriesMax: 1 })
    expect(load.attempts.filter(({ outcome }) => outcome.result !== 'accepted')).toEqual([])
  })
})
