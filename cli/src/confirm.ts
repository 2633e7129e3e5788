import { createInterface } from 'node:readline'
import type { Client } from '../../client/src/client.ts'
import type { Poll } from '../../client/src/polls.ts'
import { flag } from '../../src/terminal/parse-words.ts'
import { printable } from '../../src/terminal/printable.ts'
import type { World } from './command.ts'
import { type Organised, organisedOf, organisedOptions } from './organised.ts'
import type { Environment } from './place.ts'
import { describeStanding } from './standing.ts'
import { Trouble, WrongWords } from './trouble.ts'
import { readWords } from './words.ts'

export const sureText = '  --yes                    without a question; needed where no terminal can be asked'

export type Confirmed = Organised & { readonly isSure: boolean }

/** Null asks for help. Throws `WrongWords`. */
export function readConfirmed(args: readonly string[], environment: Environment): Confirmed | null {
  const given = readWords(args, { ...organisedOptions, yes: flag })
  if (given === null) return null
  return { ...organisedOf(given.values, given.positionals, environment), isSure: given.values.yes === true }
}

/** Returns when the person at the terminal has said yes to what cannot be undone, or has said so before; throws a `Trouble` otherwise. */
export async function confirm(
  { poll: { id }, isSure }: Confirmed,
  client: Client,
  world: World,
  what: (poll: Poll) => string,
): Promise<void> {
  if (isSure) return
  const { stdin, stderr, signal } = world
  if (!stdin.isTTY) throw new WrongWords('This cannot be undone. Where no terminal can be asked, say --yes.')
  const poll = await client.get(id, { signal })
  stderr.write(`  ${printable(poll.question)}\n  ${describeStanding(poll)}\n\n${what(poll)} Type yes to go on: `)
  const said = await readLine(world)
  if (said?.trim().toLowerCase() !== 'yes') throw new Trouble('Nothing was done.')
}

/** Null where nobody will write any more. */
async function readLine({ stdin, signal }: World): Promise<string | null> {
  // Not as a terminal: then Ctrl-C is this process's, and ends it.
  const lines = createInterface({ input: stdin, signal })
  const { value: line, done } = await lines[Symbol.asyncIterator]().next()
  lines.close()
  signal.throwIfAborted()
  return done === true ? null : line
}
