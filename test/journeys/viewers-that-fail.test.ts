import { describe, test } from 'vitest'
import { survive } from '../support/fault-case.ts'
import { answerNoPing, loseAllViewers } from '../support/faults/viewer-faults.ts'
import { useReadingRole } from '../support/reading-role.ts'
import { useSystem } from '../support/system.ts'

describe('many viewers who come back while 400 people vote in each second', () => {
  const reader = useReadingRole()
  // So many viewers and updates are more than what two cores carry ten times a second.
  const system = useSystem({ apis: 2, workers: 1, prepare: reader.prepare, env: { UPDATE_INTERVAL_MS: '500' } })

  test.each([loseAllViewers(reader)])('$fact', async (fault) => {
    await survive(system(), fault)
  })
})

describe('mute viewers while 400 people vote in each second', () => {
  /** Longer than the test itself, which answers pings too, stands still where others use the machine. */
  const pingEveryMs = 3_000
  const system = useSystem({ env: { VIEWER_PING_MS: String(pingEveryMs) } })

  test.each([answerNoPing(pingEveryMs)])('$fact', async (fault) => {
    await survive(system(), fault)
  })
})
