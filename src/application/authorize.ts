import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Poll } from '../domain/poll.ts'
import { type Refused, refuse } from '../domain/refusal.ts'

/** What a call needs: the organiser of this poll, or whoever runs the service. */
export type Needed = Pick<Poll, 'manageTokenHash'> | 'operator'

const MANAGE_TOKEN = /^mt_[A-Za-z0-9_-]{43}$/

/**
 * Whether the bearer may do what needs `needed`; null when it may. A manage token acts for its poll alone, ADMIN_TOKEN
 * for everything.
 *
 * Without a bearer the answer is `unauthenticated`. A bearer that has the form of a manage token and is not this poll's is
 * `forbidden`: it may well be another poll's, and looking that up would tell strangers which tokens exist. Anything else
 * cannot be a key of this service and is `token_invalid`.
 */
export function authorize(bearer: string | null, needed: Needed, adminTokenHash: string | null): Refused | null {
  if (bearer === null || bearer === '') return refuseStranger()
  const hash = hashToken(bearer)
  if (adminTokenHash !== null && isSameHash(hash, adminTokenHash)) return null
  if (needed !== 'operator' && isSameHash(hash, needed.manageTokenHash)) return null
  if (!MANAGE_TOKEN.test(bearer)) return refuse('token_invalid', 'This bearer is no key of this service.')
  return needed === 'operator'
    ? refuse('forbidden', 'This needs the admin token; a manage token acts for its poll alone.')
    : refuse('forbidden', 'This manage token does not belong to this poll.')
}

/** What an API key may be good for. */
export type Scope = 'votes:write'

/**
 * Whether the bearer is an API key with this scope; null when it is. ADMIN_TOKEN is the first key, with every scope. A manage token
 * is none: whoever asks a question must not answer it for others.
 */
export function authorizeKey(bearer: string | null, scope: Scope, adminTokenHash: string | null): Refused | null {
  if (bearer === null || bearer === '') {
    return refuse('unauthenticated', `Show an API key with the scope ${scope} as a bearer.`)
  }
  const refused = authorize(bearer, 'operator', adminTokenHash)
  if (refused?.refused !== 'forbidden') return refused
  return refuse('forbidden', `This needs an API key with the scope ${scope}; a manage token is none.`)
}

export function refuseStranger(): Refused {
  return refuse('unauthenticated', 'Show the manage token of this poll, or the admin token, as a bearer.')
}

/** SHA-256, hexadecimal. Enough for tokens of 32 random bytes, which nobody can guess from it. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}

/** A new manage token; it is shown once, and only its hash is kept. */
export function createManageToken(): string {
  return `mt_${randomBytes(32).toString('base64url')}`
}

/** Both hexadecimal. Compared in constant time, so that the time it takes tells nothing about where they differ. */
function isSameHash(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))
}
