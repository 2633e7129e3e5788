import { flag, isWebAddress, parseWords, text } from '../terminal/parse-words.ts'

export const usage = `Says whether a file is a final result that a Tallycast signed, and of what.

  npm run verify -- <result.json>                  by the keys of the service that the result names, if that is https
  npm run verify -- <result.json> --key <file>     by the keys in a file (PEM, or a JSON Web Key Set)
  npm run verify -- <result.json> --url <address>  by the keys that the Tallycast at this address publishes
  … --ledger                                       also whether the votes in the ledger are still those that were signed

A result is GET /polls/<poll>/results/signed. The ledger is in the database that DATABASE_URL names; else in that of the Tallycast
that runs on DATA_DIR (default ./data).
Exit status: 0 valid, 1 not valid, 2 it could not be checked.`

export type VerifyOptions = {
  readonly file: string
  /** Whose keys are trusted; null: those of the service that the result itself names. */
  readonly keys: { readonly in: 'file' | 'service'; readonly at: string } | null
  readonly isLedgerCompared: boolean
}

/** Reads the words behind the command. A text is what is wrong with them; null asks for help. */
export function readVerifyOptions(args: readonly string[]): VerifyOptions | string | null {
  const given = parseWords(args, { key: text, url: text, ledger: flag })
  if (given === null || typeof given === 'string') return given
  const { values, positionals } = given
  const [file, ...more] = positionals
  if (file === undefined || more.length > 0) return 'Name one file.'
  const { key, url, ledger: isLedgerCompared = false } = values
  if (key !== undefined && url !== undefined)
    return 'Give --key or --url, not both: a result is held against one set of keys.'
  if (url !== undefined && !isWebAddress(url))
    return `--url is an address that begins with https:// or http://, not ${JSON.stringify(url)}.`
  if (key !== undefined) return { file, keys: { in: 'file', at: key }, isLedgerCompared }
  return { file, keys: url === undefined ? null : { in: 'service', at: url }, isLedgerCompared }
}
