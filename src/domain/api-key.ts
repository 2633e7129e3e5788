import { type FieldError, type Refused, refuse } from './refusal.ts'

/** What a key may be good for. */
export const SCOPES = ['polls:read', 'polls:write', 'votes:write', 'admin'] as const
export type Scope = (typeof SCOPES)[number]

/** A key as it may be shown: all but its secret. Times are milliseconds since 1970. */
export type ApiKey = {
  /** Names the key; it is no secret. */
  readonly prefix: string
  readonly name: string
  readonly scopes: readonly Scope[]
  readonly createdAt: number
  readonly expiresAt: number | null
  readonly revokedAt: number | null
  readonly lastUsedAt: number | null
}

/** What is given for a new key. */
export type ApiKeyInput = {
  readonly name: string
  readonly scopes: readonly string[]
  readonly expiresAt: number | null
}

/** Characters are Unicode code points. */
export const API_KEY_LIMITS = { nameMax: 100, lifeDaysMax: 3650 } as const

const dayMs = 86_400_000
const PREFIX = /^[0-9a-f]{10}$/
/** `tck_<prefix>_<secret>`; the secret is 32 bytes in base64url. */
const KEY = /^tck_([0-9a-f]{10})_[A-Za-z0-9_-]{43}$/

/** The prefix of what has the form of a key; null for everything else. */
export function prefixOfKey(text: string): string | null {
  return KEY.exec(text)?.[1] ?? null
}

export function isKeyPrefix(text: string): boolean {
  return PREFIX.test(text)
}

/** Whether the key may do what needs this scope. `admin` holds every other; who may change polls may also read them. */
export function hasScope({ scopes }: Pick<ApiKey, 'scopes'>, needed: Scope): boolean {
  if (scopes.includes('admin') || scopes.includes(needed)) return true
  return needed === 'polls:read' && scopes.includes('polls:write')
}

/** Whether the key is good for nothing any more; null while it works. */
export function refuseEndedKey({ expiresAt, revokedAt }: ApiKey, now: number): Refused | null {
  if (revokedAt !== null) return refuse('token_invalid', 'This API key has been revoked.')
  if (expiresAt !== null && expiresAt <= now) return refuse('token_invalid', 'This API key has expired.')
  return null
}

/** What a new key shall be, or everything that is wrong with it. */
export function defineKey(input: ApiKeyInput, now: number): Pick<ApiKey, 'name' | 'scopes' | 'expiresAt'> | Refused {
  const name = input.name.trim()
  const errors = [...checkName(name), ...checkScopes(input.scopes), ...checkExpiry(input.expiresAt, now)]
  if (errors.length > 0) return refuse('invalid_body', errors.map(({ detail }) => detail).join(' '), errors)
  return { name, scopes: SCOPES.filter((scope) => input.scopes.includes(scope)), expiresAt: input.expiresAt }
}

function checkName(name: string): readonly FieldError[] {
  const length = Array.from(name).length // code points
  if (length < 1 || length > API_KEY_LIMITS.nameMax) {
    return [{ pointer: '/name', detail: `A name has 1 to ${API_KEY_LIMITS.nameMax} characters, this has ${length}.` }]
  }
  // It is printed in terminals, where control characters could pretend to be something else.
  if (/\p{C}/u.test(name)) return [{ pointer: '/name', detail: 'A name holds no control characters.' }]
  return []
}

function checkScopes(scopes: readonly string[]): readonly FieldError[] {
  const known: readonly string[] = SCOPES
  const choice = `Scopes are ${SCOPES.join(', ')}.`
  if (scopes.length === 0) return [{ pointer: '/scopes', detail: `Give the key a scope. ${choice}` }]
  return scopes.flatMap((scope, index) =>
    known.includes(scope)
      ? []
      : [{ pointer: `/scopes/${index}`, detail: `${JSON.stringify(scope)} is no scope. ${choice}` }],
  )
}

function checkExpiry(expiresAt: number | null, now: number): readonly FieldError[] {
  if (expiresAt === null) return []
  const isAhead = expiresAt > now && expiresAt <= now + API_KEY_LIMITS.lifeDaysMax * dayMs
  if (isAhead) return []
  const detail = `A key expires in the future, at most ${API_KEY_LIMITS.lifeDaysMax} days ahead; or never, where no time is given.`
  return [{ pointer: '/expires_at', detail }]
}
