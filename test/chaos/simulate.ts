import fc from 'fast-check'
import { type Command, commands } from '../simulation/commands.ts'
import { addUp, play, sizes } from '../simulation/play.ts'
import { noHappenings, type Shape } from '../simulation/simulation.ts'
import type { SimulateOptions } from './options.ts'

const progressEveryMs = 5000

type Life = { readonly shape: Shape; readonly sequence: readonly Command[] }

/** Any of the sizes, with or without losses, and a sequence of events for it. */
const lives: fc.Arbitrary<Life> = fc
  .tuple(fc.constantFrom(...sizes), fc.boolean())
  .map(([size, isLossy]): Shape => ({ ...size, isLossy }))
  .chain((shape) => commands(shape).map((sequence) => ({ shape, sequence })))

/** Returns whether every promise held in every run. */
export async function simulate({ seed, runs, path }: SimulateOptions): Promise<boolean> {
  console.log(`seed ${seed}, ${runs} runs`)
  const begun = performance.now()
  let happened = noHappenings()
  let done = 0
  let toldAt = begun
  const property = fc.asyncProperty(lives, async ({ shape, sequence }) => {
    happened = addUp(happened, await play(shape, sequence))
    done += 1
    if (performance.now() - toldAt < progressEveryMs) return
    toldAt = performance.now()
    console.log(`${done} of ${runs} runs after ${Math.round((toldAt - begun) / 1000)} s`)
  })
  const result = await fc.check(property, {
    seed,
    numRuns: runs,
    ...(path === null ? {} : { path, endOnFailure: true }),
  })
  console.log(`${done} runs in ${Math.round((performance.now() - begun) / 1000)} s`)
  for (const [what, times] of Object.entries(happened)) console.log(`${String(times).padStart(10)} ${readable(what)}`)
  if (!result.failed) {
    console.log('every promise held in every run')
    return true
  }
  const [found] = result.counterexample ?? []
  const { errorInstance: fault } = result
  console.error(`A promise was broken: ${fault instanceof Error ? fault.message : String(fault)}`)
  console.error(`by, in ${JSON.stringify(found?.shape)}:`)
  for (const command of found?.sequence ?? []) console.error(`  ${command.toString()}`)
  console.error(`Again: npm run chaos -- --simulate --seed=${seed} --path ${result.counterexamplePath}`)
  return false
}

/** `votesSetAside` -> `votes set aside` */
function readable(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}
