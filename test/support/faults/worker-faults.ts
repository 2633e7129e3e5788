import { expect } from 'vitest'
import { sleep } from '../../../src/runtime/stop-signal.ts'
import type { Hook } from '../hooks.ts'
import { type Fault, type FaultScene, moreAccepted } from '../fault-case.ts'
import { longestBlockMs, sumMetric } from '../sum-metric.ts'
import type { Member, System } from '../system.ts'
import { waitUntil } from '../wait-until.ts'

const takenOverWithinMs = 15_000
const sharedWithinMs = 15_000
const votesMeanwhile = 400
const votesUntilMeasured = 40
const votesWhileStealing = 2_000

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
    // By its process id, which is another one after the restart.
    const cutOff = ownedBy(victim).length
    victim.signal('SIGKILL')
    await victim.ended()
    await waiting.release()
    await moreAccepted(load, votesMeanwhile)
    await waitUntil(async () => isOwned(system), {
      withinMs: takenOverWithinMs,
      what: 'every partition is owned again',
    })
    await victim.restart()
    return { 'transactions cut off': cutOff }
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
  const { rows: holders } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
  const waiting = async (): Promise<readonly string[]> => {
    // Who waits holds its checkpoint's row, which nobody else can lock; the lease names the owner.
    const { rows } = await system.database.pool.query<{ owner: string }>(
      `with free as (
         select partition from checkpoint for update skip locked
       )
       select owner
       from checkpoint
       where owner is not null
         and partition not in (select partition from free)
         and exists (select from pg_stat_activity where $1 = any(pg_blocking_pids(pid)))`,
      [holders[0]?.pid],
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

/** Stops a worker in front of a commit for longer than its lease, and lets it go on. Needs the hooked worker. */
export const freezeWorker = (hook: Hook): Fault => ({
  fact: 'a worker that is frozen for longer than its lease is replaced, and the commit that it makes when it wakes up counts for nothing',
  async inject({ system, load }) {
    const fencedBefore = await sumMetric(system.workers, 'test_fenced_total')
    hook.set('before_record', 'SIGSTOP')
    await waitUntil(() => hook.isDone(), { withinMs: takenOverWithinMs, what: 'a worker is about to commit' })
    const ownersBefore = await liveOwners(system)
    await waitUntil(
      async () => {
        const owners = await liveOwners(system)
        return ownersBefore.some((owner) => !owners.includes(owner)) && (await isOwned(system))
      },
      { withinMs: takenOverWithinMs, what: 'the frozen worker is replaced' },
    )
    await moreAccepted(load, votesMeanwhile)
    for (const worker of system.workers) worker.signal('SIGCONT')
    const countFenced = async (): Promise<number> =>
      (await sumMetric(system.workers, 'test_fenced_total')) - fencedBefore
    await waitUntil(async () => (await countFenced()) > 0, {
      withinMs: takenOverWithinMs,
      what: 'the late commit was made',
    })
    return { 'late commits fenced': await countFenced() }
  },
})

/** Takes leases away from workers that hold them, again and again, so that two work on one partition. Needs the hooked worker. */
export const stealLeases: Fault = {
  fact: 'partitions whose leases are taken away again and again, so that two workers work on them, are recorded once and without a deadlock',
  async inject({ system, load }) {
    const { pool } = system.database
    const fencedBefore = await sumMetric(system.workers, 'test_fenced_total')
    const deadlocksBefore = await countDeadlocks(system)
    let stolen = 0
    const before = load.accepted()
    while (load.accepted() < before + votesWhileStealing) {
      const { rowCount } = await pool.query(
        `update checkpoint set owner = null, lease_until = 'epoch'
         where partition in (select partition from checkpoint where owner is not null order by random() limit 2)`,
      )
      stolen += rowCount ?? 0
      // Long enough for somebody to take it and to begin recording.
      await sleep(150)
    }
    await waitUntil(async () => isOwned(system), { withinMs: takenOverWithinMs, what: 'every partition is owned' })
    const deadlocks = (await countDeadlocks(system)) - deadlocksBefore
    if (deadlocks > 0) throw new Error(`${deadlocks} deadlocks`)
    const fenced = (await sumMetric(system.workers, 'test_fenced_total')) - fencedBefore
    return { 'leases taken away': stolen, 'commits fenced': fenced }
  },
}

/** Keeps a worker's event loop busy in front of a commit. Needs the hooked worker. */
export const blockWorker = (hook: Hook, spinMs: number, fact: string): Fault => ({
  fact,
  async inject({ system, load }) {
    await longestBlockMs(system.workers)
    // What is measured begins with the loop's next turn.
    await moreAccepted(load, votesUntilMeasured)
    hook.set('before_record', { spinMs })
    await waitUntil(() => hook.isDone(), { withinMs: takenOverWithinMs, what: 'a worker is about to commit' })
    const begun = performance.now()
    await waitUntil(() => performance.now() > begun + spinMs, { withinMs: 2 * spinMs, what: 'the block is over' })
    await moreAccepted(load, votesMeanwhile)
    await waitUntil(async () => isOwned(system), { withinMs: takenOverWithinMs, what: 'every partition is owned' })
    const blockedMs = await longestBlockMs(system.workers)
    return { 'ms blocked': blockedMs < spinMs * 0.9 ? 0 : blockedMs }
  },
})

/** All workers but one leave one after the other, the first one killed and the others in order, and come back together. */
export const workersComeAndGo: Fault = {
  fact: 'workers that leave, killed or asked to, and join share the partitions evenly within 15 s, and no vote is lost or out of order',
  plan: { changeShare: 0.3 },
  async inject({ system, load }) {
    const [, ...others] = system.workers
    let shared = 0
    const share = async (running: number): Promise<void> => {
      await waitUntil(async () => isSharedEvenly(await leasesOf(system), running), {
        withinMs: sharedWithinMs,
        what: () => `the partitions are shared among ${running}`,
      })
      await moreAccepted(load, votesMeanwhile)
      shared += 1
    }
    await share(system.workers.length)
    for (const [left, worker] of others.entries()) {
      const isKilled = left === 0
      worker.signal(isKilled ? 'SIGKILL' : 'SIGTERM')
      expect(await worker.ended()).toEqual(
        isKilled ? { exitCode: null, signal: 'SIGKILL' } : { exitCode: 0, signal: null },
      )
      await share(others.length - left)
    }
    await Promise.all(others.map(async (worker) => worker.restart()))
    await share(system.workers.length)
    return { 'times shared anew': shared }
  },
}

/** So many owners, of whom none has two partitions more than another. */
const isSharedEvenly = (leases: readonly number[], owners: number): boolean =>
  leases.length === owners && Math.max(...leases) - Math.min(...leases) <= 1

/** How many partitions each owner has; none where one of them has no owner. */
const leasesOf = async (system: System): Promise<readonly number[]> => {
  if (!(await isOwned(system))) return []
  const owners = await liveOwners(system)
  return [...new Set(owners)].map((one) => owners.filter((owner) => owner === one).length)
}

const countDeadlocks = async ({ database }: System): Promise<number> => {
  const { rows } = await database.pool.query<{ deadlocks: number }>(
    'select deadlocks::integer from pg_stat_database where datname = current_database()',
  )
  return rows[0]?.deadlocks ?? 0
}

const liveOwners = async ({ database }: System): Promise<readonly string[]> => {
  const { rows } = await database.pool.query<{ owner: string }>(
    'select owner from checkpoint where owner is not null and lease_until > clock_timestamp()',
  )
  return rows.map(({ owner }) => owner)
}
