import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Command, complain } from './command.ts'
import { explainFault, Trouble } from './trouble.ts'

/** As the sources lie, and what was built of them: `cli/src/`, `cli/dist/`. */
const root = fileURLToPath(new URL('../..', import.meta.url))

/**
 * A command of the installation itself, which reads its database: the words go on to it as they are, and its exit code comes back. Only where the
 * command line lies in the folder of a Tallycast.
 */
export function createInstalledCommand(name: 'recount' | 'keys'): Command {
  return async (args, world) => {
    const program = join(root, 'src/main', `${name}.ts`)
    if (!existsSync(program)) {
      const place = 'it needs the database of a Tallycast, and so the folder where that is installed'
      return complain(world, new Trouble(`"${name}" is not to be had here: ${place}. There: npm run ${name}`))
    }
    try {
      return await runToEnd(nodeOf(root), [program, ...args])
    } catch (cause) {
      return complain(world, explainFault(cause, root))
    }
  }
}

/** The sources run on the Node that the installation brings along; whoever calls may have an older one. */
function nodeOf(folder: string): string {
  const brought = join(folder, 'node_modules/node/bin/node')
  return existsSync(brought) ? brought : process.execPath
}

async function runToEnd(node: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(node, args, { stdio: 'inherit' })
    child.once('error', reject)
    child.once('exit', (exitCode, signal) =>
      resolve(exitCode ?? 128 + (signal === null ? 0 : constants.signals[signal])),
    )
  })
}
