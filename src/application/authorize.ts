import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { type ApiKey, hasScope, type Scope } from '../domain/api-key.ts'
import type { Poll } from '../domain/poll.ts'
import { refuseUnknown } from '../domain/poll-life.ts'
import { type Refused, refuse } from '../domain/refusal.ts'

/** Whom a bearer stands for: ADMIN_TOKEN for whoever runs the service, an API key for itself, a manage token for the organiser of one poll. */
export type Holder =
  | { readonly is: 'operator' }
  | { readonly is: 'key'; readonly key: ApiKey }
  | { readonly is: 'organiser'; readonly manageTokenHash: string }

const MANAGE_TOKEN = /^mt_[A-Za-z0-9_-]{43}$/

/**
 * Whom a bearer stands for that nobody has to look up; null for what may be an API key.
 *
 * What has the form of a manage token is taken for one: whose it is shows at the poll.
 */
export function recogniseBearer(bearer: string, hash: string, adminTokenHash: string | null): Holder | null {
  if (adminTokenHash !== null && isSameHash(hash, adminTokenHash)) return { is: 'operator' }
  return MANAGE_TOKEN.test(bearer) ? { is: 'organiser', manageTokenHash: hash } : null
}

/**
 * Whether the holder may do what needs this scope, whatever poll it is about; null when it may. ADMIN_TOKEN is the first key, with
 * every scope. A manage token is no key: whoever asks a question must not answer it for others.
 */
export function authorizeScope(holder: Holder, scope: Scope): Refused | null {
  if (holder.is === 'operator' || (holder.is === 'key' && hasScope(holder.key, scope))) return null
  const needed = `This needs the admin token, or an API key with the scope ${scope}`
  return refuse('forbidden', holder.is === 'key' ? `${needed}.` : `${needed}; a manage token acts for its poll alone.`)
}

/** What can be wanted with one poll: to see it as its organiser does, or to change it. */
export type PollScope = Extract<Scope, 'polls:read' | 'polls:write'>

/** Whether the holder may do this with some poll at all; null when it may. To be asked before the poll is looked for. */
export function authorizePolls(holder: Holder, scope: PollScope): Refused | null {
  return holder.is === 'organiser' ? null : authorizeScope(holder, scope)
}

/**
 * Whether the holder may do this with this poll; null when it may. A key acts for the polls that it created, and with `admin` for
 * all; of others it does not learn that they are there. A manage token that is not this poll's is `forbidden`: it may well be
 * another poll's, and looking that up would tell strangers which tokens exist.
 */
export function authorizePoll(
  holder: Holder,
  poll: Pick<Poll, 'manageTokenHash' | 'createdByKey'>,
  scope: PollScope,
): Refused | null {
  const refused = authorizePolls(holder, scope)
  if (refused !== null || holder.is === 'operator') return refused
  if (holder.is === 'key') {
    return poll.createdByKey === holder.key.prefix || hasScope(holder.key, 'admin') ? null : refuseUnknown()
  }
  if (isSameHash(holder.manageTokenHash, poll.manageTokenHash)) return null
  return refuse('forbidden', 'This manage token does not belong to this poll.')
}

export function refuseStranger(): Refused {
  return refuse(
    'unauthenticated',
    'Show the manage token of this poll, an API key, or the admin token, as a bearer: Authorization: Bearer <token>.',
  )
}

/** SHA-256, hexadecimal. Enough for tokens of 32 random bytes, which nobody can guess from it. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}

/** A new manage token; it is shown once, and only its hash is kept. */
export function createManageToken(): string {
  return `mt_${createSecret()}`
}

/** 256 random bits. */
export function createSecret(): string {
  return randomBytes(32).toString('base64url')
}

/** Both hexadecimal. Compared in constant time, so that the time it takes tells nothing about where they differ. */
export function isSameHash(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))
}
