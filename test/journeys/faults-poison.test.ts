import { describe, test } from 'vitest'
import { type Fault, survive } from '../support/fault-case.ts'
import { appendNewer, appendPoison, refuseSomeVoters, replayAtOnce } from '../support/faults/poison-faults.ts'
import { useSystem } from '../support/system.ts'

describe('what nobody can record while 400 people vote in each second', () => {
  const system = useSystem({ apis: 2, workers: 2, admins: 2, partitions: 4 })

  const faults: readonly Fault[] = [appendPoison, refuseSomeVoters, replayAtOnce, appendNewer]
  test.each(faults)('$fact', async (fault) => {
    await survive(system(), fault)
  })
})
