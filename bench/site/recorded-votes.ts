import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'

const lookEveryMs = 20

/** Waits until so many votes of these polls are in the tallies, and says how fast they came from the first look that found some. */
export async function watchRecording(
  database: pg.Pool,
  pollIds: readonly string[],
  votes: number,
  withinMs = 300_000,
): Promise<{ readonly perSecond: number }> {
  const until = performance.now() + withinMs
  let first: { readonly votes: number; readonly at: number } | null = null
  while (performance.now() < until) {
    const { rows } = await database.query<{ total: number }>(
      'select coalesce(sum(total_votes), 0)::integer as total from tally where poll_id = any ($1::text[])',
      [pollIds],
    )
    const total = rows[0]?.total ?? 0
    const at = performance.now()
    if (first === null && total > 0) first = { votes: total, at }
    if (first !== null && total >= votes) {
      // All of them at the first look: then they took no longer than from one look to the next.
      return { perSecond: ((total - first.votes || total) / Math.max(at - first.at, lookEveryMs)) * 1000 }
    }
    await sleep(lookEveryMs)
  }
  throw new Error(`${votes} votes were not recorded within ${withinMs} ms`)
}
