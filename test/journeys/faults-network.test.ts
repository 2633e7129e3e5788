import { describe, expect, test } from 'vitest'
import { type Fault, survive } from '../support/fault-case.ts'
import { partOneApi, silence, slowNetwork } from '../support/faults/network-faults.ts'
import { useSystem } from '../support/system.ts'

describe('the network fails while people vote', () => {
  const system = useSystem({ apis: 2, workers: 2, partitions: 4, hasOwnWays: true })

  const faults: readonly Fault[] = [
    silence('api', 'redis'),
    silence('worker', 'redis'),
    silence('worker', 'postgres'),
    slowNetwork,
  ]
  test.each(faults)('$fact', async (fault) => {
    await survive(system(), fault)
  })

  test.each([partOneApi])('$fact', async (fault) => {
    const { load } = await survive(system(), fault, { retriesMax: 1 })
    expect(load.attempts.filter(({ outcome }) => outcome.result !== 'accepted')).toEqual([])
  })
})
