import { type Client, createClient } from '../../client/src/client.ts'
import { exitCodes } from './exit-codes.ts'
import type { Environment, Place } from './place.ts'
import { explainFault, lineOf, type Trouble, WrongWords } from './trouble.ts'

/** What a command has of the world. */
export type World = {
  readonly environment: Environment
  readonly stdin: NodeJS.ReadStream
  readonly stdout: NodeJS.WriteStream
  readonly stderr: NodeJS.WriteStream
  /** Aborted when nobody waits for the command any more. */
  readonly signal: AbortSignal
}

/** Runs with the words behind its name, and resolves with the exit code. */
export type Command = (args: readonly string[], world: World) => Promise<number>

/** What every command of a service is told. */
export type Asked = { readonly place: Place; readonly isJson: boolean }

type Parts<Wanted extends Asked> = {
  readonly name: string
  readonly usage: string
  /** Null asks for help. Throws `WrongWords`. */
  readonly read: (args: readonly string[], environment: Environment) => Wanted | null
  /** Rejects with a `TallycastError`, a `Trouble`, or the signal's reason. */
  readonly act: (wanted: Wanted, client: Client, world: World) => Promise<void>
}

export function createCommand<Wanted extends Asked>({ name, usage, read, act }: Parts<Wanted>): Command {
  function tryToRead(args: readonly string[], { environment }: World): Wanted | WrongWords | null {
    try {
      return read(args, environment)
    } catch (fault) {
      if (fault instanceof WrongWords) return fault
      throw fault
    }
  }

  return async (args, world) => {
    const wanted = tryToRead(args, world)
    if (wanted === null) {
      world.stdout.write(`${usage}\n`)
      return exitCodes.done
    }
    if (wanted instanceof WrongWords) {
      return complain(world, new WrongWords(`${wanted.message} See: tallycast ${name} --help`))
    }
    const { url, token, voterToken } = wanted.place
    const client = createClient({ url, ...(token !== null && { token }), ...(voterToken !== null && { voterToken }) })
    try {
      await act(wanted, client, world)
      return exitCodes.done
    } catch (fault) {
      return complain(world, explainFault(fault, url))
    }
  }
}

/** Says what is wrong, and gives the exit code. */
export function complain({ stderr }: Pick<World, 'stderr'>, trouble: Trouble): number {
  if (trouble.message !== '') stderr.write(lineOf(trouble))
  return trouble.exitCode
}

/** The answer of a command: lines for a person, one JSON document for a program. */
export function answer({ stdout }: World, asked: Asked, document: unknown, lines: readonly string[]): void {
  stdout.write(answerText(asked, document, lines))
}

export function answerText({ isJson }: Asked, document: unknown, lines: readonly string[]): string {
  return `${isJson ? JSON.stringify(document) : lines.join('\n')}\n`
}
