// Processes are started while a primary of a Redis Cluster is away and nobody takes its place.
import { slotOf } from '../../../src/adapters/redis/cluster/key-slot.ts'
import { compareEntryIds } from '../../../src/domain/position.ts'
import type { Fault } from '../fault-case.ts'
import type { TestCluster } from '../redis-cluster.ts'
import { sumMetric } from '../sum-metric.ts'
import type { Member, System } from '../system.ts'
import { waitUntil } from '../wait-until.ts'
import { clusterOf, goesOn, keysOf, primaryOf, settles, withServer } from './cluster-faults.ts'
import { partitionsAt, replicaOf } from './cluster-losses.ts'
import { readCheckpoints } from './redis-scene.ts'

const goesOnWithinMs = 15_000
const toldWithinMs = 15_000

const setEach = async ({ servers }: TestCluster, name: string, value: string): Promise<void> => {
  await Promise.all(
    servers.map(async (server) => withServer(server, async (redis) => redis.config('SET', name, value))),
  )
}

/** Ends the processes and starts them again; resolves when they are ready. */
const startAnew = async (members: readonly (Member | undefined)[]): Promise<number> => {
  const anew = members.map(async (member) => {
    member?.signal('SIGTERM')
    await member?.ended()
    await member?.restart()
  })
  return (await Promise.all(anew)).length
}

/** Waits until votes that come from now on are recorded in these partitions. */
const goesOnIn = async (system: System, partitions: readonly number[]): Promise<void> => {
  const read = async () => (await readCheckpoints(system)).filter(({ partition }) => partitions.includes(partition))
  const before = new Map((await read()).map(({ partition, recorded }) => [partition, recorded]))
  const isPast = async (): Promise<boolean> =>
    (await read()).every(({ partition, recorded }) => compareEntryIds(recorded, before.get(partition) ?? '0-0') > 0)
  await waitUntil(isPast, { withinMs: goesOnWithinMs, what: 'votes of the other partitions are recorded' })
}

export const startWithoutPrimary: Fault = {
  fact: 'processes that start while a primary is away serve the partitions of the others, and its own once it is there; that it comes back weaker is told',
  // Those whom it would have served do not pile up: they would slow the start down, which is what this is about.
  plan: { retriesMax: 2 },
  async inject(scene) {
    const { system } = scene
    const cluster = clusterOf(system)
    const [api, worker, admin] = [system.apis[0], system.workers[0], system.admins[0]]
    const primary = await primaryOf(cluster, slotOf(keysOf(system).stream(0)))
    const replica = await replicaOf(cluster, primary)
    const away = await partitionsAt(system, primary)
    const others = (await readCheckpoints(system))
      .map(({ partition }) => partition)
      .filter((one) => !away.includes(one))
    const measure = async (name: string): Promise<number> => (api === undefined ? 0 : sumMetric([api], name))
    const problems = 'tallycast_stream_durability_problems'
    await setEach(cluster, 'cluster-require-full-coverage', 'no')
    process.kill(replica.pid(), 'SIGSTOP')
    try {
      await primary.kill()
      const started = await startAnew([api, worker, admin])
      await goesOnIn(system, others)
      const judged = async () =>
        Promise.all(['tallycast_votes_accepted_total', 'tallycast_votes_refused_total'].map(measure))
      await waitUntil(async () => (await judged()).every((votes) => votes > 0), {
        withinMs: goesOnWithinMs,
        what: 'the new api takes votes of partitions that are there, and none of the others',
      })
      const [accepted = 0, refused = 0] = await judged()
      await waitUntil(async () => Number.isNaN(await measure(problems)), {
        withinMs: toldWithinMs,
        what: 'it is told that nobody knows how the primary keeps votes',
      })
      await primary.restart(['--appendfsync', 'everysec'])
      await goesOn(scene, performance.now())
      await waitUntil(async () => (await measure(problems)) > 0, {
        withinMs: toldWithinMs,
        what: 'it is told that the primary is weaker than declared',
      })
      return {
        'processes started': started,
        'votes that the new api accepted': accepted,
        'votes that it told to come back': refused,
        'partitions away': away.length,
        'partitions that went on': others.length,
        'settings told': await measure(problems),
      }
    } finally {
      process.kill(replica.pid(), 'SIGCONT')
      await primary.restart()
      await settles(cluster)
    }
  },
}
