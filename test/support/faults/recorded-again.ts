import type { FaultScene } from '../fault-case.ts'
import { waitUntil } from '../wait-until.ts'

export const recordedAgainWithinMs = 15_000

/** Waits until the ledger has grown by so many changes; says how long that took. */
export const recordedAgain = async (
  { system, poll }: FaultScene,
  changes = 1,
): Promise<{ readonly 'ms until recorded again': number }> => {
  const begun = performance.now()
  let first: number | null = null
  const hasGrown = async (): Promise<boolean> => {
    // PostgreSQL may still be away.
    const version = await readVersion({ system, poll }).catch(() => null)
    first ??= version
    return version !== null && first !== null && version >= first + changes
  }
  await waitUntil(hasGrown, { withinMs: recordedAgainWithinMs, what: 'votes are recorded again' })
  return { 'ms until recorded again': Math.ceil(performance.now() - begun) }
}

const readVersion = async ({ system, poll }: Pick<FaultScene, 'system' | 'poll'>): Promise<number> => {
  const { rows } = await system.database.pool.query<{ version: number }>(
    'select coalesce(sum(version), 0)::integer as version from tally where poll_id = $1',
    [poll.id],
  )
  return rows[0]?.version ?? 0
}
