import fc from 'fast-check'
import type { VoteKind } from '../../src/domain/vote.ts'
import type { Shape, Simulation } from './simulation.ts'

/** One thing that happens. `toString` is what a counterexample shows. */
export type Command = {
  readonly toString: () => string
  readonly run: (simulation: Simulation) => void | Promise<void>
}

const VOTERS = 12
const COMMANDS_MIN = 20
const COMMANDS_MAX = 200

/** Sequences of what people, the network, crashes and (where it is lossy) Redis may do. */
export function commands({ partitions, workers, isLossy }: Shape): fc.Arbitrary<readonly Command[]> {
  const process = fc.nat(workers + 2)
  const worker = fc.nat(workers - 1)
  const partition = fc.nat(partitions - 1)
  const which = fc.nat(7)
  const picks = fc.array(which, { minLength: 1, maxLength: 5 })
  const kind = fc.constantFrom<VoteKind>('cast', 'cast', 'cast', 'change', 'retract')
  const asked = fc.record({
    voter: fc.nat(VOTERS - 1),
    kind,
    optionId: fc.integer({ min: 1, max: 3 }),
    hasKey: fc.boolean(),
  })
  const rarely = fc.nat(7).map((number) => number === 7)
  const said = fc.array(asked, { minLength: 1, maxLength: 3 })
  return fc.array(
    fc.oneof(
      of(24, 'vote', fc.tuple(fc.nat(1), said, rarely, fc.boolean()), (simulation, values) =>
        simulation.vote(...values),
      ),
      of(5, 'repeat', fc.tuple(fc.nat(1), fc.nat(19)), (simulation, values) => simulation.repeat(...values)),
      of(44, 'work', fc.tuple(worker, picks), (simulation, values) => simulation.work(...values)),
      of(36, 'work', fc.tuple(process, picks), (simulation, values) => simulation.work(...values)),
      of(8, 'arrive', fc.tuple(process, which), (simulation, values) => simulation.arrive(...values)),
      of(2, 'loseAnswer', fc.tuple(process, which), (simulation, values) => simulation.loseAnswer(...values)),
      of(7, 'tick', fc.tuple(process, which), (simulation, values) => simulation.tick(...values)),
      of(3, 'ghost', fc.tuple(which), (simulation, values) => simulation.ghost(...values)),
      of(2, 'crash', fc.tuple(process), (simulation, values) => simulation.crash(...values)),
      of(1, 'restart', fc.tuple(process), (simulation, values) => simulation.restart(...values)),
      of(3, 'expireLease', fc.tuple(partition), (simulation, values) => simulation.expireLease(...values)),
      of(1, 'expireRestoration', fc.tuple(partition), (simulation, values) => simulation.expireRestoration(...values)),
      of(1, 'inject', fc.tuple(partition, fc.boolean()), (simulation, values) => simulation.inject(...values)),
      of(4, 'open', fc.tuple(), (simulation) => simulation.open()),
      of(1, 'close', fc.tuple(), (simulation) => simulation.close()),
      of(1, 'reset', fc.tuple(), (simulation) => simulation.reset()),
      of(2, 'removeDoor', fc.tuple(partition), (simulation, values) => simulation.removeDoor(...values)),
      of(1, 'trimTooFar', fc.tuple(partition), (simulation, values) => simulation.trimTooFar(...values)),
      of(1, 'restoreCheckpoint', fc.tuple(partition), (simulation, values) => simulation.restoreCheckpoint(...values)),
      of(
        isLossy ? 4 : 0,
        'fallBack',
        fc.tuple(partition, fc.integer({ min: 1, max: 8 }), fc.boolean()),
        (simulation, values) => simulation.fallBack(...values),
      ),
      of(isLossy ? 1 : 0, 'flush', fc.tuple(partition), (simulation, values) => simulation.flush(...values)),
    ),
    { minLength: COMMANDS_MIN, maxLength: COMMANDS_MAX, size: 'max' },
  )
}

function of<Values extends readonly unknown[]>(
  weight: number,
  name: string,
  values: fc.Arbitrary<Values>,
  run: (simulation: Simulation, values: Values) => void | Promise<void>,
): fc.WeightedArbitrary<Command> {
  return {
    weight,
    arbitrary: values.map((chosen) => ({
      toString: () => `${name}(${chosen.map((value) => JSON.stringify(value)).join(', ')})`,
      run: (simulation) => run(simulation, chosen),
    })),
  }
}
