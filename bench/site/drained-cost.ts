import { setTimeout as sleep } from 'node:timers/promises'
import { type CpuTimes, cpuTimeSince, readCpuTimes } from './cpu-time.ts'
import type { Installation } from './installation.ts'
import { countRecorded } from './recount.ts'

/** Seldom enough that looking at ten thousand tallies costs next to nothing beside what is measured. */
const lookEveryMs = 100
/** For the largest poll that anybody asks for. */
const withinMs = 1_800_000

/** Processor time in microseconds per vote, by process. */
export type Cost = CpuTimes

export type Stretches = {
  /** All that wait, and all that there will be. */
  readonly votes: number
  readonly stretches: number
  readonly votesPerStretch: number
}

/**
 * While votes are drained, what each process needs for each of the last few stretches of so many votes: the first begins when only
 * `stretches * votesPerStretch` of all are still to be recorded. A stretch ends at a look that finds it recorded, and counts the votes
 * that were recorded by then.
 */
export async function watchCosts(
  { database, pids }: Pick<Installation, 'database' | 'pids'>,
  { votes, stretches, votesPerStretch }: Stretches,
): Promise<readonly Cost[]> {
  const until = performance.now() + withinMs
  const look = async (least: number) => {
    for (;;) {
      const recorded = await countRecorded(database)
      if (recorded >= least) return { recorded, used: readCpuTimes(pids()) }
      if (performance.now() > until)
        throw new Error(`${recorded} of ${votes} votes were recorded within ${withinMs} ms`)
      await sleep(lookEveryMs)
    }
  }
  const costs: Cost[] = []
  let before = await look(votes - stretches * votesPerStretch)
  for (let stretch = stretches - 1; stretch >= 0; stretch -= 1) {
    const now = await look(votes - stretch * votesPerStretch)
    costs.push(perVote(cpuTimeSince(before.used, now.used), now.recorded - before.recorded))
    before = now
  }
  return costs
}

/** A machine so fast that a stretch went by between two looks is not measured by this. */
function perVote(used: CpuTimes, votes: number): Cost {
  if (votes <= 0) throw new Error('a stretch was recorded between two looks: it has too few votes')
  return Object.fromEntries(Object.entries(used).map(([name, time]) => [name, time / votes]))
}
