import { afterEach, describe, test } from 'vitest'
import { type Fault, survive } from '../support/fault-case.ts'
import { blockApi, killApiAfterAppend, killApis } from '../support/faults/api-faults.ts'
import { createHook } from '../support/hooks.ts'
import { useSystem } from '../support/system.ts'

const hook = createHook()

describe('apis that fail while 400 people vote in each second', () => {
  const system = useSystem({
    apis: 2,
    workers: 1,
    partitions: 2,
    programOf: { api: 'programs/hooked-api.ts' },
    env: hook.env,
  })
  afterEach(() => hook.clear())

  const faults: readonly Fault[] = [killApis, killApiAfterAppend(hook), blockApi(hook, 2_500)]
  test.each(faults)('$fact', async (fault) => {
    await survive(system(), fault)
  })
})
