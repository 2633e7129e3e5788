import { describe, expect, test } from 'vitest'
import { type Fault, survive } from '../support/fault-case.ts'
import { expandWhileTableIsInUse, migrateAgain } from '../support/faults/migration-faults.ts'
import { useSystem } from '../support/system.ts'

describe('migrations while 400 people vote in each second', () => {
  const system = useSystem({ apis: 2, workers: 2, partitions: 4 })

  const faults: readonly Fault[] = [migrateAgain, expandWhileTableIsInUse]
  test.each(faults)('$fact', async (fault) => {
    const { load } = await survive(system(), fault, { retriesMax: 0 })
    expect([...load.answers.keys()]).toEqual(['202'])
  })
})
