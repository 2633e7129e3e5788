import { parseArgs, type ParseArgsConfig } from 'node:util'

/** Options that a command knows, and how they are given. */
export const text = { type: 'string' } as const
export const flag = { type: 'boolean' } as const

/** The words behind a command, options apart from the others. A text is what is wrong with them; null asks for help. */
export function parseWords<const Known extends NonNullable<ParseArgsConfig['options']>>(
  args: readonly string[],
  known: Known,
) {
  const help = { ...flag, short: 'h' } as const
  try {
    const given = parseArgs({ args: [...args], options: { ...known, help }, allowPositionals: true })
    // The compiler forgets here what `known` does not say.
    const { help: isHelpWanted } = given.values as { readonly help?: boolean }
    return isHelpWanted === true ? null : given
  } catch (fault) {
    return fault instanceof Error ? fault.message : String(fault)
  }
}

export function isWebAddress(word: string): boolean {
  return URL.canParse(word) && /^https?:$/.test(new URL(word).protocol)
}
