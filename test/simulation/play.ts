import type { Command } from './commands.ts'
import { type Happenings, noHappenings, type Shape, Simulation } from './simulation.ts'

/** The sizes that are played, each with and without a Redis that loses its log. */
export const sizes: readonly Omit<Shape, 'isLossy'>[] = [
  { partitions: 1, workers: 1 },
  { partitions: 1, workers: 2 },
  { partitions: 4, workers: 2 },
]

/** Plays the commands, lets everything come to rest, and holds what came of it against the promises. Throws where one is broken. */
export async function play(shape: Shape, sequence: readonly Command[]): Promise<Happenings> {
  const simulation = new Simulation(shape)
  try {
    for (const command of sequence) {
      await command.run(simulation)
      await simulation.settle()
      simulation.check()
    }
    await simulation.heal()
    simulation.checkAtRest()
    return simulation.happened
  } finally {
    simulation.end()
  }
}

export function addUp(sum: Happenings, more: Happenings): Happenings {
  const total = noHappenings()
  // The cast: the keys of an object literal of this very type.
  for (const name of Object.keys(total) as (keyof Happenings)[]) total[name] = sum[name] + more[name]
  return total
}
