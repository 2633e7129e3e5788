import { readFile } from 'node:fs/promises'
import { close } from './close.ts'
import { codes } from './codes.ts'
import { type Command, complain, type World } from './command.ts'
import { create } from './create.ts'
import { deletePoll } from './delete.ts'
import { exitCodes, exitCodesText } from './exit-codes.ts'
import { exportPoll } from './export.ts'
import { createInstalledCommand } from './installed.ts'
import { open } from './open.ts'
import { organiserText, urlText, voterText } from './place.ts'
import { reset } from './reset.ts'
import { show } from './show.ts'
import { WrongWords } from './trouble.ts'
import { vote } from './vote.ts'
import { watch } from './watch.ts'

const usage = `Polls from the command line, in a running Tallycast.

  tallycast create <question> <option> <option> …
  tallycast vote <poll> <option> …
  tallycast show <poll>
  tallycast watch <poll>
  tallycast open <poll>
  tallycast close <poll>
  tallycast export <poll>
  tallycast codes <poll> <number>
  tallycast reset <poll>
  tallycast delete <poll>

Of an installation, in its folder and on its database:

  tallycast recount <poll> | --all
  tallycast keys create | list | revoke

Each says more: tallycast <command> --help. A poll is named by its id or its link. What all of them take:

  --json                   JSON for programs on the standard output; everything else goes to the error output
${urlText}
${organiserText}
${voterText}

Words of a command can be seen by everybody on this machine while it runs, its environment cannot.
${exitCodesText}`

const commands: ReadonlyMap<string, Command> = new Map([
  ['create', create],
  ['vote', vote],
  ['show', show],
  ['watch', watch],
  ['open', open],
  ['close', close],
  ['export', exportPoll],
  ['codes', codes],
  ['reset', reset],
  ['delete', deletePoll],
  ['recount', createInstalledCommand('recount')],
  ['keys', createInstalledCommand('keys')],
])

/** Runs the command that the words name, and resolves with the exit code. */
export async function runTallycast([name, ...args]: readonly string[], world: World): Promise<number> {
  if (name === '--help' || name === '-h') {
    world.stdout.write(`${usage}\n`)
    return exitCodes.done
  }
  if (name === '--version') {
    world.stdout.write(`${await readVersion()}\n`)
    return exitCodes.done
  }
  const command = name === undefined ? undefined : commands.get(name)
  if (command !== undefined) return command(args, world)
  const problem = name === undefined ? 'Name a command.' : `${JSON.stringify(name)} is no command.`
  return complain(world, new WrongWords(`${problem} See: tallycast --help`))
}

async function readVersion(): Promise<string> {
  // The package's own, which stands beside the sources and beside what is built of them.
  const described = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  return described.version
}
