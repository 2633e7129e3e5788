// npm run chaos: looks for a sequence of events that breaks a promise.
//   --simulate   the product's own steps on simulated stores, as fast as the machine can: see test/simulation/
//   --minutes N  real processes and servers, one fault after the other while people vote
import { type ChaosOptions, readOptions, usage } from './options.ts'
import { runFaults } from './run-faults.ts'
import { simulate } from './simulate.ts'

/** Returns whether every promise held. */
async function main(options: ChaosOptions): Promise<boolean> {
  switch (options.mode) {
    case 'simulate':
      return simulate(options)
    case 'faults': {
      const stopping = new AbortController()
      // The first Ctrl-C ends it behind the fault under way; then everything that was started is stopped.
      process.once('SIGINT', () => stopping.abort())
      return runFaults({ ...options, signal: stopping.signal })
    }
  }
}

const options = readOptions(process.argv.slice(2))
if ('problem' in options) {
  console.error(`${options.problem}\n\n${usage}`)
  process.exitCode = 2
} else if (!(await main(options))) {
  process.exitCode = 1
}
