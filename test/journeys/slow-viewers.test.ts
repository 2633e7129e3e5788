import { test } from 'vitest'
import { survive } from '../support/fault-case.ts'
import { readNothing } from '../support/faults/viewer-faults.ts'
import { useSystem } from '../support/system.ts'

const system = useSystem({ workers: 1, env: { VIEWER_BUFFER_BYTES_MAX: '4096', UPDATE_INTERVAL_MS: '40' } })

/** What is measured on a machine that others may use at the same moment is measured once more; a vote that is lost is lost at once. */
const measured = { timeout: 240_000, retry: { count: 1, condition: /to be (?:less|greater) than/ } }

test.each([readNothing])('$fact', measured, async (fault) => {
  await survive(system(), fault)
})
