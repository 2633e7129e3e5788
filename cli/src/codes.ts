import { open, rm } from 'node:fs/promises'
import { text } from '../../src/terminal/parse-words.ts'
import { answer, answerText, createCommand } from './command.ts'
import { exitCodesText } from './exit-codes.ts'
import { type Organised, organisedOf, organisedOptions } from './organised.ts'
import { type Environment, organiserText, urlText } from './place.ts'
import { cannotBeWritten, WrongWords } from './trouble.ts'
import { numberOf, readWords } from './words.ts'

/** Who reads them can vote. */
const ownerOnly = 0o600

const usage = `Makes voting codes for a poll that asks for them (create --identity code): one for each voter. They are told this once.

  tallycast codes <poll> <number>
                           the poll by its id or its link; a manage link brings the token. 10,000 at most, as often as needed

  --output <file>          a new file that only you may read; else to the standard output
  --json                   one JSON document; else a line for each code
${urlText}
${organiserText}

${exitCodesText}`

type CodesAsked = Organised & { readonly count: number; readonly output: string | null }

export function readCodes(args: readonly string[], environment: Environment): CodesAsked | null {
  const given = readWords(args, { ...organisedOptions, output: text })
  if (given === null) return null
  const { values, positionals } = given
  const [poll = '', ...counts] = positionals
  const count = numberOf('The number of codes', counts[0])
  if (count === undefined || counts.length > 1) throw new WrongWords('Name a poll, and say how many codes.')
  return { ...organisedOf(values, [poll], environment), count, output: values.output ?? null }
}

export const codes = createCommand({
  name: 'codes',
  usage,
  read: readCodes,
  async act(asked, client, world) {
    const { poll, count, output } = asked
    const make = async () => client.createCodes(poll.id, count, { signal: world.signal })
    if (output === null) {
      const made = await make()
      answer(world, asked, { codes: made }, made)
    } else {
      await writeNew(output, async () => {
        const made = await make()
        return answerText(asked, { codes: made }, made)
      })
    }
  },
})

/** The file is there before its content is: what is told once must have a place. None is left where nothing was told. */
async function writeNew(path: string, contentOf: () => Promise<string>): Promise<void> {
  // What is there already may be codes, too.
  const file = await orTrouble(open(path, 'wx', ownerOnly))
  try {
    const content = await contentOf().catch(async (fault: unknown) => {
      await rm(path, { force: true })
      throw fault
    })
    await orTrouble(file.writeFile(content))
  } finally {
    await file.close()
  }
}

async function orTrouble<Done>(writing: Promise<Done>): Promise<Done> {
  try {
    return await writing
  } catch (fault) {
    throw cannotBeWritten(fault as Error) // The file system throws nothing else.
  }
}
