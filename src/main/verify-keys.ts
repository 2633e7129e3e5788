import { readResultKeys, RESULT_KEYS_PATH, type ResultKey } from '../application/result-keys.ts'
import { SetupProblem } from '../runtime/setup-problem.ts'
import { readGiven } from './read-given.ts'
import type { VerifyOptions } from './verify-options.ts'

/** `from` says whose they are, to the person who has to trust them. */
export type TrustedKeys = { readonly keys: readonly ResultKey[]; readonly from: string }

const fetchWithinMs = 10_000
const keySetBytesMax = 64 * 1024

/** The keys that whoever calls trusts; where nothing was said, those of the service that a result names, if nobody can stand in for it. */
export async function findKeys(asked: VerifyOptions['keys'], issuer: string | null): Promise<TrustedKeys> {
  if (asked?.in === 'file') return readKeyFile(asked.at)
  if (asked?.in === 'service') return fetchKeys(new URL(asked.at), 'the Tallycast at')
  if (issuer === null) throw noKeyNamed('it names no service')
  const url = URL.parse(issuer)
  if (url === null || !isBelievable(url)) throw noKeyNamed('it names a service that is not reached by https')
  return fetchKeys(url, 'the service that the document itself names, so see that it is the one you trust:')
}

function noKeyNamed(why: string): SetupProblem {
  return new SetupProblem(
    `nobody has said whose key it must be signed with, and ${why}`,
    'give the key: --key <file>, or --url <address of the Tallycast>',
  )
}

/** By https, or on this machine; and as PUBLIC_URL can be. */
function isBelievable({ protocol, hostname, search, hash }: URL): boolean {
  if (search !== '' || hash !== '') return false
  return protocol === 'https:' || (protocol === 'http:' && /^(localhost|\[::1\]|127(\.\d+){3})$/.test(hostname))
}

async function readKeyFile(path: string): Promise<TrustedKeys> {
  return { keys: readKeys((await readGiven(path)).toString(), path), from: `the file ${path}` }
}

async function fetchKeys({ href }: URL, who: string): Promise<TrustedKeys> {
  const base = href.replace(/\/+$/, '')
  const url = `${base}${RESULT_KEYS_PATH}`
  let text = ''
  try {
    // Who is sent elsewhere would trust somebody whom nobody has named.
    const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(fetchWithinMs) })
    if (response.status !== 200) throw new Error(`the answer has the status ${response.status}`)
    for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += piece
      if (text.length > keySetBytesMax) throw new Error(`the answer is longer than ${keySetBytesMax} bytes`)
    }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new SetupProblem(
      `${url} cannot be read: ${why}`,
      'see that it is the address of a Tallycast that runs, or give --key <file>',
      { cause },
    )
  }
  return { keys: readKeys(text, url), from: `${who} ${base}` }
}

function readKeys(text: string, where: string): readonly ResultKey[] {
  let keys: readonly ResultKey[]
  try {
    keys = readResultKeys(text)
  } catch (cause) {
    throw noKeyIn(where, cause)
  }
  if (keys.length === 0) throw noKeyIn(where)
  return keys
}

function noKeyIn(where: string, cause?: unknown): SetupProblem {
  return new SetupProblem(
    `there is no public Ed25519 key in ${where}`,
    `take the one that the service publishes at ${RESULT_KEYS_PATH}`,
    { cause },
  )
}
