import { test } from 'vitest'
import { survive } from '../support/fault-case.ts'
import { readNothing } from '../support/faults/viewer-faults.ts'
import { useSystem } from '../support/system.ts'

const system = useSystem({ workers: 1, env: { VIEWER_BUFFER_BYTES_MAX: '4096', UPDATE_INTERVAL_MS: '40' } })

test.each([readNothing])('$fact', { timeout: 240_000 }, async (fault) => {
  await survive(system(), fault)
})
