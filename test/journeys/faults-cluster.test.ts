import { beforeAll, describe, expect, test } from 'vitest'
import { survive } from '../support/fault-case.ts'
import {
  clusterOf,
  killPrimary,
  moveSlots,
  pausePrimary,
  restartEach,
  withServer,
} from '../support/faults/cluster-faults.ts'
import {
  isolateConfirmed,
  isolateTrusted,
  promoteLagging,
  restartWithoutTail,
} from '../support/faults/cluster-losses.ts'
import { startWithoutPrimary } from '../support/faults/cluster-outage.ts'
import { listForbidden } from '../support/redis-cluster.ts'
import { useSystem } from '../support/system.ts'

const system = useSystem({ apis: 2, workers: 2, partitions: 8, redis: 'cluster' })

type Declared = { readonly durability: string; readonly appendfsync: 'always' | 'everysec' }

/** The same servers and apis, of which another durability is asked. */
const declare = async ({ durability, appendfsync }: Declared): Promise<void> => {
  for (const server of clusterOf(system()).servers) {
    await withServer(server, async (redis) => redis.config('SET', 'appendfsync', appendfsync))
  }
  const restarts = system().apis.map(async (api) => {
    api.signal('SIGTERM')
    await api.ended()
    await api.restart({ VOTE_DURABILITY: durability })
  })
  await Promise.all(restarts)
}

describe.each([
  {
    durability: 'replicated',
    appendfsync: 'always',
    faults: [moveSlots, killPrimary, restartEach, pausePrimary, isolateConfirmed],
  },
  { durability: 'durable', appendfsync: 'always', faults: [startWithoutPrimary, promoteLagging, isolateTrusted] },
  { durability: 'fast', appendfsync: 'everysec', faults: [restartWithoutTail] },
] as const)(
  'a Redis Cluster of 3 primaries and 3 replicas whose VOTE_DURABILITY is $durability, while 400 people vote in each second',
  ({ faults, ...declared }) => {
    beforeAll(async () => declare(declared))

    test.each(faults)('$fact', async (fault) => {
      await survive(system(), fault)
      expect(await listForbidden(clusterOf(system()))).toEqual([])
    })
  },
)
