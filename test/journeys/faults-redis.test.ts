import { describe, test } from 'vitest'
import { survive } from '../support/fault-case.ts'
import {
  breakDisk,
  dropNews,
  fillRedis,
  killSubscriptions,
  loadSlowly,
  makeReadOnly,
  restartRedis,
} from '../support/faults/redis-faults.ts'
import { idleRemovals, removals } from '../support/faults/redis-losses.ts'
import { weakenRedis } from '../support/faults/redis-settings.ts'
import { cutRecordedTail, cutUnrecordedTail, failOver } from '../support/faults/redis-shorter-log.ts'
import { useSystem } from '../support/system.ts'

/** The longest wait for an answer that docs/guarantees.md names (G7), and a second for a machine that is busy. */
const plan = { answeredWithinMs: 2_500 + 1_000 }

describe('a Redis that fails while 400 people vote in each second', () => {
  const system = useSystem({ apis: 2, workers: 2, partitions: 2, redis: 'own', hasWays: true })

  test.each([
    restartRedis('SIGTERM', 'a Redis that is restarted: votes are told to come back at once, and go on within 10 s'),
    restartRedis('SIGKILL', 'a Redis that is killed and started again has every accepted vote'),
    fillRedis,
    makeReadOnly,
    breakDisk,
    loadSlowly,
    killSubscriptions,
    dropNews,
    weakenRedis,
  ])('$fact', async (fault) => {
    await survive(system(), fault, plan)
  })
})

describe('a Redis that forgets while 400 people vote in each second', () => {
  const system = useSystem({ apis: 2, workers: 2, partitions: 2, redis: 'own', hasWays: true })

  test.each([...removals, ...idleRemovals, cutRecordedTail, cutUnrecordedTail, failOver])('$fact', async (fault) => {
    await survive(system(), fault, plan)
  })
})
