import { parseArgs, type ParseArgsConfig } from 'node:util'

/** Options that a command knows, and how they are given. */
export const text = { type: 'string' } as const
export const flag = { type: 'boolean' } as const

/** Ids of votes and tokens of ours have more characters than any option, and one in 64 of them begins with a dash. */
const idForm = /^-[\w-]{31,}$/
/** Put before such a word: no argument of a process can have this character. */
const mark = '\0'

/** The words behind a command, options apart from the others. A text is what is wrong with them; null asks for help. */
export function parseWords<const Known extends NonNullable<ParseArgsConfig['options']>>(
  args: readonly string[],
  known: Known,
) {
  const help = { ...flag, short: 'h' } as const
  try {
    const marked = args.map((word) => (idForm.test(word) ? mark + word : word))
    const given = unmarked(parseArgs({ args: marked, options: { ...known, help }, allowPositionals: true }))
    // The compiler forgets here what `known` does not say.
    const { help: isHelpWanted } = given.values as { readonly help?: boolean }
    return isHelpWanted === true ? null : given
  } catch (fault) {
    return wrongIn(fault instanceof Error ? fault.message : String(fault))
  }
}

/** Node's words for an option that is none speak of a command of any kind, and leave a quotation mark open. */
function wrongIn(message: string): string {
  const [, unknown] = /^Unknown option '([^']+)'\. /.exec(message) ?? []
  return unknown === undefined ? message : `'${unknown}' is no option here.`
}

function unmarked<Given extends { readonly values: object; readonly positionals: readonly string[] }>(given: Given) {
  const bare = <Word>(word: Word): Word | string => (typeof word === 'string' ? word.replace(mark, '') : word)
  const values = Object.fromEntries(Object.entries(given.values).map(([name, value]) => [name, bare(value)]))
  // The same names and kinds of values as before.
  return { values: values as Given['values'], positionals: given.positionals.map(bare) }
}

export function isWebAddress(word: string): boolean {
  return URL.canParse(word) && /^https?:$/.test(new URL(word).protocol)
}
