import { describe, expect, test } from 'vitest'
import { type Fault, survive } from '../support/fault-case.ts'
import { expandWhileTableIsInUse, migrateAgain } from '../support/faults/migration-faults.ts'
import { useSystem } from '../support/system.ts'

describe('migrations while 400 people vote in each second', () => {
  const system = useSystem({ apis: 2, workers: 2, partitions: 4 })

  const faults: readonly Fault[] = [migrateAgain, expandWhileTableIsInUse]
  test.each(faults)('$fact', async (fault) => {
    const { load } = await survive(system(), fault, { retriesMax: 0 })
    // A Redis that is kept waiting by others on the machine for two seconds is away to those few who wait for it then.
    expect([...load.answers.keys()].filter((status) => status !== '503')).toEqual(['202'])
    expect(load.answers.get('503') ?? 0).toBeLessThan(0.01 * load.started())
  })
})
