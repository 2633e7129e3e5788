import { API_KEY_LIMITS, SCOPES } from '../domain/api-key.ts'
import { flag, parseWords, text } from '../terminal/parse-words.ts'

export const usage = `API keys: for hosts and organisers, each good for what its scopes say.

  npm run keys -- create --name <name> --scopes <scope,…> [--expires-days <days>]
  npm run keys -- list
  npm run keys -- revoke <prefix>
  … --json                             what was done, as one JSON document

Scopes: polls:write creates polls, and manages those; polls:read sees them as an organiser does; votes:write brings votes in
bulk; admin does everything. The prefix is what stands between tck_ and the next _; it is no secret.

It uses the database that DATABASE_URL names; else that of the Tallycast that runs on DATA_DIR (default ./data).
Exit status: 0 done, 2 not done.`

export type KeysCommand =
  | {
      readonly does: 'create'
      readonly name: string
      readonly scopes: readonly string[]
      /** Null: it never expires. */
      readonly expiresDays: number | null
    }
  | { readonly does: 'list' }
  | { readonly does: 'revoke'; readonly prefix: string }

/** Whatever is done, it may be asked for as one JSON document. */
export type KeysOptions = { readonly command: KeysCommand; readonly isJson: boolean }

/** Reads the words behind the command. A text is what is wrong with them; null asks for help. */
export function readKeysOptions(args: readonly string[]): KeysOptions | string | null {
  const given = parseWords(args, { name: text, scopes: text, 'expires-days': text, json: flag })
  if (given === null || typeof given === 'string') return given
  const command = readCommand(given.values, given.positionals)
  return typeof command === 'string' ? command : { command, isJson: given.values.json === true }
}

type CreateWords = { readonly name?: string; readonly scopes?: string; readonly 'expires-days'?: string }

function readCommand(values: CreateWords, positionals: readonly string[]): KeysCommand | string {
  const [does, prefix, ...more] = positionals
  const hasOptions = [values.name, values.scopes, values['expires-days']].some((value) => value !== undefined)
  if (does === 'create' && prefix === undefined) return readCreate(values)
  if (hasOptions) return '--name, --scopes and --expires-days belong to create.'
  if (does === 'list' && prefix === undefined) return { does }
  if (does === 'revoke' && prefix !== undefined && more.length === 0) return { does, prefix: prefixIn(prefix) }
  return 'Say create, list, or revoke with the prefix of one key.'
}

function readCreate(values: CreateWords): KeysCommand | string {
  const { name, scopes, 'expires-days': days } = values
  if (name === undefined) return 'Give the key a --name, so that you know it again.'
  if (scopes === undefined) return `Say what the key is good for: --scopes, one or more of ${SCOPES.join(',')}.`
  const { lifeDaysMax } = API_KEY_LIMITS
  if (days !== undefined && !(/^[1-9]\d*$/.test(days) && Number(days) <= lifeDaysMax)) {
    return `--expires-days is a whole number from 1 to ${lifeDaysMax}, not ${JSON.stringify(days)}.`
  }
  const expiresDays = days === undefined ? null : Number(days)
  return { does: 'create', name, scopes: scopes.split(',').map((scope) => scope.trim()), expiresDays }
}

/** Also `tck_<prefix>`, and a whole key, which whoever revokes it may have at hand. */
function prefixIn(word: string): string {
  return /^tck_([^_]+)/.exec(word)?.[1] ?? word
}
