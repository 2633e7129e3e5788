// npm run chaos: looks for a sequence of events that breaks a promise.
//   --simulate  the product's own steps on simulated stores, as fast as the machine can: see test/simulation/
import { type ChaosOptions, readOptions, usage } from './options.ts'
import { simulate } from './simulate.ts'

/** Returns whether every promise held. */
async function main(options: ChaosOptions): Promise<boolean> {
  switch (options.mode) {
    case 'simulate':
      return simulate(options)
  }
}

const options = readOptions(process.argv.slice(2))
if ('problem' in options) {
  console.error(`${options.problem}\n\n${usage}`)
  process.exitCode = 2
} else if (!(await main(options))) {
  process.exitCode = 1
}
