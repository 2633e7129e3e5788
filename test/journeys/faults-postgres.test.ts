import { describe, test } from 'vitest'
import { type Fault, survive } from '../support/fault-case.ts'
import {
  endTransactions,
  failOver,
  fillDisk,
  killPostgres,
  lockTables,
  loseAnswersToCommits,
  makeReadOnly,
  restartPostgres,
} from '../support/faults/postgres-faults.ts'
import { useSystem } from '../support/system.ts'

describe('PostgreSQL fails while 400 people vote in each second', () => {
  const system = useSystem({ apis: 2, workers: 2, partitions: 4, postgres: 'own', hasWays: true })

  const faults: readonly Fault[] = [
    restartPostgres,
    killPostgres,
    endTransactions,
    loseAnswersToCommits,
    lockTables,
    makeReadOnly,
    fillDisk,
    failOver,
  ]
  test.each(faults)('$fact', async (fault) => {
    await survive(system(), fault)
  })
})
