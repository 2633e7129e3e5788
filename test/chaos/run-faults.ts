import fc from 'fast-check'
import { type Fault, type FaultReport, survive } from '../support/fault-case.ts'
import { createHook } from '../support/hooks.ts'
import { startSystem, type System } from '../support/system.ts'
import { allFaults } from './all-faults.ts'

export type FaultRunPlan = {
  /** No fault begins after so long; at least one does. */
  readonly minutes: number
  /** The same seed, the same faults in the same order. What happens within one is up to real processes and real time. */
  readonly seed: number
  readonly signal: AbortSignal
}

type Line = { times: number; acknowledged: number; lost: number; doubled: number; phantom: number }

const shape = { apis: 2, workers: 2, partitions: 4 } as const
const factCharactersMax = 90

/**
 * Lets one fault after the other happen to a system of its own while people vote, in an order that the seed gives, and prints a
 * table at the end. True when every promise was kept each time.
 */
export const runFaults = async ({ minutes, seed, signal }: FaultRunPlan): Promise<boolean> => {
  console.log(`seed ${seed}: for ${minutes} min one fault after the other, while people vote`)
  const hook = createHook()
  const faults = allFaults(hook)
  const draw = createDraw(seed, faults)
  const programOf = {
    worker: 'programs/hooked-worker.ts',
    api: 'programs/hooked-api.ts',
    admin: 'programs/hooked-admin.ts',
  } as const
  const system = await startSystem({ ...shape, redis: 'own', postgres: 'own', hasWays: true, programOf, env: hook.env })
  const lines = new Map<string, Line>()
  const endsAt = performance.now() + minutes * 60_000
  let isKept = true
  let number = 0
  try {
    while (isKept && !signal.aborted && (number === 0 || performance.now() < endsAt)) {
      number += 1
      const fault = draw()
      console.log(`\n${number}. ${fault.fact}`)
      isKept = await isSurvived(system, fault, lines)
      hook.clear()
    }
  } finally {
    await system.stop()
  }
  printTable(lines, seed, number, isKept)
  return isKept
}

const isSurvived = async (system: System, fault: Fault, lines: Map<string, Line>): Promise<boolean> => {
  try {
    count(lines, fault, await survive(system, fault))
    return true
  } catch (error) {
    console.error(error)
    console.error(system.logs())
    return false
  }
}

const count = (lines: Map<string, Line>, { fact }: Fault, { check }: FaultReport): void => {
  const line = lines.get(fact) ?? { times: 0, acknowledged: 0, lost: 0, doubled: 0, phantom: 0 }
  lines.set(fact, line)
  line.times += 1
  line.acknowledged += check.acknowledged
  line.lost += check.lost
  line.doubled += check.doubled
  line.phantom += check.phantom
}

const printTable = (lines: ReadonlyMap<string, Line>, seed: number, faults: number, isKept: boolean): void => {
  const rows = [...lines].map(([fact, line]) => ({ ...line, fault: shorten(fact) }))
  const total = { fault: 'all', times: 0, acknowledged: 0, lost: 0, doubled: 0, phantom: 0 }
  for (const row of rows) {
    for (const name of ['times', 'acknowledged', 'lost', 'doubled', 'phantom'] as const) total[name] += row[name]
  }
  console.log('')
  console.log('times   acknowledged   lost   doubled   phantom   fault')
  for (const row of [...rows.toSorted((a, b) => b.times - a.times), total]) {
    const { times, acknowledged, lost, doubled, phantom, fault } = row
    const cells = [times, acknowledged, lost, doubled, phantom]
    const widths = [5, 15, 7, 10, 10]
    console.log(`${cells.map((cell, index) => String(cell).padStart(widths[index] ?? 0)).join('')}   ${fault}`)
  }
  console.log('')
  console.log(
    isKept
      ? `seed ${seed}: ${faults} faults, every promise kept`
      : `seed ${seed}: fault ${faults} broke a promise; what was found stands above`,
  )
}

const shorten = (text: string): string =>
  text.length <= factCharactersMax ? text : `${text.slice(0, factCharactersMax - 1)}…`

/** Draws from all faults in turn, each round in another order, so that none is left out for long. */
const createDraw = (seed: number, faults: readonly Fault[]): (() => Fault) => {
  const shuffled = fc.shuffledSubarray([...faults], { minLength: faults.length })
  let rounds = 0
  let left: Fault[] = []
  return () => {
    if (left.length === 0) {
      left = fc.sample(shuffled, { seed: seed + rounds, numRuns: 1 }).flat()
      rounds += 1
    }
    // It was just filled.
    return left.shift()!
  }
}
