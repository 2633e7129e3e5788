import { TallycastError } from '../../client/src/errors.ts'
import { readDemoOptions, usage } from '../demo/demo-options.ts'
import { DemoProblem } from '../demo/demo-poll.ts'
import { runDemo } from '../demo/run-demo.ts'
import { createScreen } from '../demo/screen.ts'

/** Votes in a running Tallycast as an audience would, and checks the count: a client, and nothing of the server. */
const main = async (): Promise<void> => {
  const options = readDemoOptions(process.argv.slice(2))
  if (options === null) return console.log(usage)
  if (typeof options === 'string') {
    process.exitCode = 2
    return console.error(`${options}\n\n${usage}`)
  }
  const isEqual = await runDemo(options, createScreen(process.stdout))
  if (!isEqual) process.exitCode = 1
}

await main().catch((error: unknown) => {
  process.exitCode = 1
  const isExplained = error instanceof DemoProblem || error instanceof TallycastError
  console.error(isExplained ? `The demo cannot run: ${error.message}` : error)
})
