import type { Percentiles } from '../figure.ts'
import { type Chance, createChance } from './chance.ts'
import type { Intake } from './intake.ts'
import { type Counts, createService, type Making, type Service } from './service.ts'
import { createTimeline, type Timeline } from './timeline.ts'
import { createWaits } from './waits.ts'

export type Happening = Making & {
  /** So many a second; or so many voters, each of whom votes as soon as the vote before is answered. */
  readonly votes: { readonly perSecond: number } | { readonly voters: number }
  /** What comes before is not counted. */
  readonly warmUpMs: number
  readonly seconds: number
  readonly seed: number
  /** A Redis node that answers nothing from then on, for so long. */
  readonly failure?: { readonly node: number; readonly atMs: number; readonly forMs: number }
}

export type Second = {
  readonly second: number
  readonly accepted: number
  readonly refused: number
  readonly recorded: number
  readonly unrecorded: number
  readonly oldestUnrecordedMs: number
  readonly answered: Percentiles
  readonly shown: Percentiles
}

export type Played = {
  readonly perSecond: Readonly<Record<keyof Counts, number>>
  /** Shares of the time of one core, or of all of PostgreSQL's. */
  readonly busy: ReturnType<Service['usedMs']>
  readonly answered: Percentiles
  readonly shown: Percentiles
  readonly seconds: readonly Second[]
}

const tickMs = 1

/** Plays what happens. The same happening ends the same, on any machine. */
export function runSimulation(happening: Happening): Played {
  const { warmUpMs, failure } = happening
  const { standsFor = 1 } = happening.installation
  const timeline = createTimeline()
  const chance = createChance(happening.seed)
  const counts: Counts = { appended: 0, accepted: 0, refused: 0, batches: 0, recorded: 0, commits: 0, frames: 0 }
  const all = { answered: createWaits(), shown: createWaits() }
  let now = { answered: createWaits(), shown: createWaits() }
  const noteIn = (what: 'answered' | 'shown') => ({
    add(ms: number, count: number) {
      now[what].add(ms, count)
      if (timeline.now() > warmUpMs) all[what].add(ms, count)
    },
  })
  const notes = { counts, chance, answered: noteIn('answered'), shown: noteIn('shown') }
  const service = createService(timeline, happening, notes)
  if (failure !== undefined) timeline.after(failure.atMs, () => service.nodes[failure.node]?.rest(failure.forMs))
  beginVotes(happening, service.intakes, timeline, chance)
  timeline.runUntil(warmUpMs)

  const [countsBefore, usedBefore] = [{ ...counts }, service.usedMs()]
  const seconds: Second[] = []
  for (let second = 1; second <= happening.seconds; second += 1) {
    const before = { ...counts }
    now = { answered: createWaits(), shown: createWaits() }
    timeline.runUntil(warmUpMs + second * 1000)
    seconds.push({
      second,
      accepted: (counts.accepted - before.accepted) * standsFor,
      refused: (counts.refused - before.refused) * standsFor,
      recorded: (counts.recorded - before.recorded) * standsFor,
      unrecorded: (counts.appended - counts.recorded) * standsFor,
      oldestUnrecordedMs: Math.max(0, ...service.oldest().map((since) => timeline.now() - since)),
      answered: now.answered.percentiles(),
      shown: now.shown.percentiles(),
    })
  }
  return {
    perSecond: mapValues(counts, (value, name) => ((value - countsBefore[name]) * standsFor) / happening.seconds),
    busy: mapValues(service.usedMs(), (ms, name) => (ms - usedBefore[name]) / (happening.seconds * 1000)),
    answered: all.answered.percentiles(),
    shown: all.shown.percentiles(),
    seconds,
  }
}

/** Votes come in ticks of a millisecond, to each api as many as chance has it; or each voter votes again when answered. */
function beginVotes(
  { votes, installation }: Happening,
  intakes: readonly Intake[],
  timeline: Timeline,
  chance: Chance,
): void {
  if ('voters' in votes) {
    const vote = (intake: Intake): void => intake.arrive(1, () => timeline.after(0, () => vote(intake)))
    // There is an intake at least.
    for (let voter = 0; voter < votes.voters; voter += 1) vote(intakes[voter % intakes.length]!)
    return
  }
  const mean = (votes.perSecond * tickMs) / 1000 / intakes.length / (installation.standsFor ?? 1)
  for (const intake of intakes) {
    const tick = (): void => {
      const count = chance.count(mean)
      if (count > 0) intake.arrive(count)
      timeline.after(tickMs, tick)
    }
    timeline.after(chance.next() * tickMs, tick)
  }
}

function mapValues<Name extends string>(
  values: Readonly<Record<Name, number>>,
  map: (value: number, name: Name) => number,
): Record<Name, number> {
  // The names are those of `values`.
  return Object.fromEntries(
    Object.entries<number>(values).map(([name, value]) => [name, map(value, name as Name)]),
  ) as Record<Name, number>
}
