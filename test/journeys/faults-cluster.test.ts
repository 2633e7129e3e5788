import { describe, test } from 'vitest'
import { survive } from '../support/fault-case.ts'
import { killPrimary, moveSlots, pausePrimary, restartEach } from '../support/faults/cluster-faults.ts'
import { promoteLagging } from '../support/faults/cluster-losses.ts'
import { useSystem } from '../support/system.ts'

describe('a Redis Cluster of 3 primaries and 3 replicas, while 400 people vote in each second', () => {
  const system = useSystem({
    apis: 2,
    workers: 2,
    partitions: 8,
    redis: 'cluster',
    env: { VOTE_DURABILITY: 'replicated' },
  })

  test.each([moveSlots, killPrimary, restartEach, pausePrimary])('$fact', async (fault) => {
    await survive(system(), fault)
  })
})

describe('a Redis Cluster whose VOTE_DURABILITY is durable', () => {
  const system = useSystem({
    apis: 2,
    workers: 2,
    partitions: 8,
    redis: 'cluster',
    env: { VOTE_DURABILITY: 'durable' },
  })

  test.each([promoteLagging])('$fact', async (fault) => {
    await survive(system(), fault)
  })
})
