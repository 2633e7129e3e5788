// Beside the flow: says whether a document is what a service signed, whoever brings it.
import { verify } from 'node:crypto'
import type { FinalResult, SignedResult } from '../../contract/messages.ts'
import { canonicalJson } from './canonical-json.ts'
import type { ResultKey } from './result-keys.ts'

/** `why` speaks to the person who brought the document. */
export type NotValid = { readonly why: string }

const signatureBytes = 64

/**
 * The document in these bytes. However it is spaced and in whatever order its members stand, it must say one thing and nothing beside
 * what is signed. Nothing in it is known to be true yet.
 */
export function readSignedResult(bytes: Uint8Array): SignedResult | NotValid {
  const document = parse(bytes)
  if (document === undefined) return { why: 'it is no JSON in UTF-8 in which each member stands once' }
  if (!hasMembers(document, ['result', 'signature']) || !hasMembers(document['signature'], signatureMembers)) {
    return { why: 'it is no signed result: it must hold `result` and `signature`, and nothing else' }
  }
  if (!isFinalResult(document['result'])) return { why: 'its `result` is of a form that this version does not know' }
  return isSignature(document['signature'])
    ? // Each part has just been looked at.
      (document as unknown as SignedResult)
    : { why: 'its signature is not one of Ed25519, in Base64' }
}

/** The key of these that has signed the result. Which keys are trusted is the caller's to say: the document has no voice in it. */
export function verifySignedResult(
  { result, signature }: SignedResult,
  keys: readonly ResultKey[],
): ResultKey | NotValid {
  const named = keys.find(({ id }) => id === signature.key_id)
  if (named === undefined) return { why: `it names a key that is not among these: ${signature.key_id}` }
  let signed: string
  try {
    signed = canonicalJson(result)
  } catch {
    return { why: 'its `result` has no canonical form' }
  }
  const isGood = verify(null, Buffer.from(signed), named.key, Buffer.from(signature.value, 'base64'))
  return isGood ? named : { why: 'the signature does not belong to this result: one of them was changed' }
}

export function isNotValid(verdict: object): verdict is NotValid {
  return 'why' in verdict
}

type Json = Readonly<Record<string, unknown>>

const signatureMembers = ['algorithm', 'key_id', 'value'] as const

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** These and no others. */
function hasMembers<Name extends string>(
  value: unknown,
  names: readonly Name[],
): value is Readonly<Record<Name, unknown>> {
  return (
    isObject(value) && Object.keys(value).length === names.length && names.every((name) => Object.hasOwn(value, name))
  )
}

/** Bytes that read back as another text would be a second signature that is as good. */
function isSignature({ algorithm, key_id: keyId, value }: Json): boolean {
  if (algorithm !== 'Ed25519' || typeof keyId !== 'string' || typeof value !== 'string') return false
  const bytes = Buffer.from(value, 'base64')
  return bytes.length === signatureBytes && bytes.toString('base64') === value
}

/** What is shown of it has the form that it is shown in; the rest is covered by the signature and needs none. */
function isFinalResult(value: unknown): value is FinalResult {
  if (!isObject(value) || value['format'] !== 'tallycast.result.v1') return false
  const {
    issuer,
    poll_id: pollId,
    question,
    options,
    round,
    total_votes: totalVotes,
    closed_at: closedAt,
    ledger,
  } = value
  const texts = [pollId, question]
  const numbers = [round, totalVotes]
  if (!texts.every((text) => typeof text === 'string') || !numbers.every(Number.isSafeInteger)) return false
  if (![issuer, closedAt].every((text) => text === null || typeof text === 'string')) return false
  if (!isObject(ledger) || typeof ledger['digest'] !== 'string' || !Number.isSafeInteger(ledger['votes'])) return false
  return Array.isArray(options) && options.every(isOption)
}

function isOption(value: unknown): boolean {
  return isObject(value) && typeof value['text'] === 'string' && Number.isSafeInteger(value['votes'])
}

/**
 * Undefined where it cannot be read, nests too deeply to be walked through, or has two members of one name: one reader would show the
 * first of them and another the last, and only one of them was signed.
 */
function parse(bytes: Uint8Array): unknown {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    const document: unknown = JSON.parse(text)
    return countNames(text) === countMembers(document) ? document : undefined
  } catch {
    return undefined
  }
}

/** All texts are matched, so that none is begun in the middle of another; a name is one with a colon behind it. */
function countNames(text: string): number {
  return [...text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"(\s*:)?/g)].filter(([, colon]) => colon !== undefined).length
}

function countMembers(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  const own = Array.isArray(value) ? 0 : Object.keys(value).length
  return Object.values(value).reduce((sum: number, member) => sum + countMembers(member), own)
}
