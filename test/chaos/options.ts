import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'

/** The same seed plays the same events. `path`: leads fast-check to one counterexample. */
export type SimulateOptions = {
  readonly mode: 'simulate'
  readonly seed: number
  readonly runs: number
  readonly path: string | null
}
export type ChaosOptions = SimulateOptions

export const usage = `npm run chaos -- --simulate [--runs 10000] [--seed S [--path P]]

  --simulate  many short lives of the whole service, on simulated stores
  --runs N    how many
  --seed S    plays the same events again; a run prints its own
  --path P    goes straight to one counterexample, as a failed run prints it`

const seedMax = 0x7fff_ffff
const runsDefault = 10_000
const runsMax = 10_000_000

export function readOptions(args: readonly string[]): ChaosOptions | { readonly problem: string } {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        simulate: { type: 'boolean', default: false },
        seed: { type: 'string' },
        runs: { type: 'string' },
        path: { type: 'string' },
      },
    })
    if (!values.simulate) return { problem: 'Say what to do: --simulate.' }
    if (values.path !== undefined && values.seed === undefined)
      return { problem: '--path needs the --seed it belongs to' }
    return {
      mode: 'simulate',
      seed: readNumber('seed', values.seed, -seedMax, seedMax) ?? randomInt(seedMax),
      runs: readNumber('runs', values.runs, 1, runsMax) ?? runsDefault,
      path: values.path ?? null,
    }
  } catch (fault) {
    // What parseArgs throws says which option is wrong.
    return { problem: fault instanceof Error ? fault.message : String(fault) }
  }
}

function readNumber(name: string, text: string | undefined, min: number, max: number): number | null {
  if (text === undefined) return null
  const number = Number(text)
  if (text.trim() !== '' && Number.isInteger(number) && number >= min && number <= max) return number
  throw new RangeError(`--${name} takes a whole number from ${min} to ${max}`)
}
