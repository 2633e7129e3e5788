import { complain } from './command.ts'
import { exitCodes } from './exit-codes.ts'
import { runTallycast } from './tallycast.ts'
import { cannotBeWritten, Trouble } from './trouble.ts'

const leaving = new AbortController()
// Once: whoever presses Ctrl-C again does not want to wait for a connection to be closed.
process.once('SIGINT', () => leaving.abort(new Trouble('', exitCodes.interrupted)))

process.stdout.on('error', (fault: NodeJS.ErrnoException) => {
  // Whoever reads may have had enough (`| head`): then nothing is left to do, and nothing is wrong.
  const trouble = fault.code === 'EPIPE' ? new Trouble('', exitCodes.done) : cannotBeWritten(fault)
  process.exitCode = complain(process, trouble)
  leaving.abort(new Trouble('', trouble.exitCode))
})
// Then there is nobody to tell.
process.stderr.on('error', () => undefined)

const { env: environment, stdin, stdout, stderr } = process
const exitCode = await runTallycast(process.argv.slice(2), {
  environment,
  stdin,
  stdout,
  stderr,
  signal: leaving.signal,
})
process.exitCode ??= exitCode
