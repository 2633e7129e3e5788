import type { Hook } from '../hooks.ts'
import { type Fault, type FaultScene, moreAccepted } from '../fault-case.ts'
import type { Member, System } from '../system.ts'
import { waitUntil } from '../wait-until.ts'

const takenOverWithinMs = 15_000
const votesMeanwhile = 400

/** Ends a worker at a moment of its commit. Needs the hooked worker. */
export const killWorkerAt = (hook: Hook, point: 'after_commit' | 'after_publish', fact: string): Fault => ({
  fact,
  async inject({ system, load }) {
    hook.set(point, 'SIGKILL')
    await waitUntil(() => hook.isDone(), { withinMs: takenOverWithinMs, what: `a worker came to ${point}` })
    const killed = await findEnded(system)
    await moreAccepted(load, votesMeanwhile)
    await waitUntil(async () => isOwned(system), {
      withinMs: takenOverWithinMs,
      what: 'every partition is owned again',
    })
    await killed.restart()
    return { 'workers killed': 1 }
  },
})

/** Ends a worker while its transaction waits for a lock, before the commit. */
export const killWorkerBeforeCommit: Fault = {
  fact: 'a worker that is killed in its transaction before the commit is replaced, and what it was writing is recorded once',
  async inject(scene) {
    const { system, load } = scene
    const waiting = await holdTallies(scene)
    const ownedBy = (worker: Member): readonly string[] =>
      waiting.owners.filter((owner) => owner.includes(`-${worker.pid()}-`))
    const victim = system.workers.find((worker) => ownedBy(worker).length > 0)
    if (victim === undefined) throw new Error(`nobody of ${waiting.owners.join()} is a worker of ours`)
    victim.signal('SIGKILL')
    await victim.ended()
    await waiting.release()
    await moreAccepted(load, votesMeanwhile)
    await waitUntil(async () => isOwned(system), {
      withinMs: takenOverWithinMs,
      what: 'every partition is owned again',
    })
    await victim.restart()
    return { 'transactions cut off': ownedBy(victim).length }
  },
}

/** Locks the poll's tallies, and waits until workers wait for them in their transactions. */
const holdTallies = async ({
  system,
  poll,
}: FaultScene): Promise<{ readonly owners: readonly string[]; readonly release: () => Promise<void> }> => {
  const client = await system.database.pool.connect()
  await client.query('begin')
  await client.query('select from tally where poll_id = $1 for update', [poll.id])
  const waiting = async (): Promise<readonly string[]> => {
    // Who waits holds its checkpoint's row; the lease names the owner.
    const { rows } = await system.database.pool.query<{ owner: string }>(
      `select owner from checkpoint where exists (
         select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()
       ) and owner is not null`,
    )
    return rows.map(({ owner }) => owner)
  }
  await waitUntil(async () => (await waiting()).length > 0, { withinMs: 10_000, what: 'a worker waits for the tally' })
  return {
    owners: await waiting(),
    async release() {
      await client.query('rollback')
      client.release()
    },
  }
}

/** Whether a live lease is held on every partition. */
export const isOwned = async ({ database }: System): Promise<boolean> => {
  const { rows } = await database.pool.query<{ free: number }>(
    'select count(*)::integer as free from checkpoint where lease_until <= clock_timestamp() or owner is null',
  )
  return rows[0]?.free === 0
}

const findEnded = async (system: System): Promise<Member> => {
  const ended = (): Member | undefined => system.workers.find((worker) => !worker.isRunning())
  await waitUntil(() => ended() !== undefined, { what: 'a worker has ended' })
  // Just waited for.
  return ended()!
}
