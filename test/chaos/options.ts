import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'

/** The same seed plays the same events. `path`: leads fast-check to one counterexample. */
export type SimulateOptions = {
  readonly mode: 'simulate'
  readonly seed: number
  readonly runs: number
  readonly path: string | null
}
/** The same seed, the same faults in the same order. No fault begins after so many minutes. */
export type FaultOptions = { readonly mode: 'faults'; readonly seed: number; readonly minutes: number }
export type ChaosOptions = SimulateOptions | FaultOptions

export const usage = `npm run chaos -- --simulate [--runs 10000] [--seed S [--path P]]
npm run chaos -- --minutes N [--seed S]

  --simulate   many short lives of the whole service, on simulated stores
  --runs N     how many
  --path P     goes straight to one counterexample, as a failed run prints it
  --minutes N  real processes and servers: one fault after the other while people vote
  --seed S     the same events again; a run prints its own`

const seedMax = 0x7fff_ffff
const runsDefault = 10_000
const runsMax = 10_000_000
const minutesMax = 7 * 24 * 60

export function readOptions(args: readonly string[]): ChaosOptions | { readonly problem: string } {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        simulate: { type: 'boolean', default: false },
        seed: { type: 'string' },
        runs: { type: 'string' },
        path: { type: 'string' },
        minutes: { type: 'string' },
      },
    })
    const seed = readNumber('seed', values.seed, -seedMax, seedMax) ?? randomInt(seedMax)
    const minutes = readNumber('minutes', values.minutes, 1, minutesMax)
    if (values.simulate === (minutes !== null)) return { problem: 'Say what to do: --simulate or --minutes.' }
    if (minutes !== null) {
      if (values.runs !== undefined || values.path !== undefined)
        return { problem: '--runs and --path go with --simulate' }
      return { mode: 'faults', seed, minutes }
    }
    if (values.path !== undefined && values.seed === undefined)
      return { problem: '--path needs the --seed it belongs to' }
    const runs = readNumber('runs', values.runs, 1, runsMax) ?? runsDefault
    return { mode: 'simulate', seed, runs, path: values.path ?? null }
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
