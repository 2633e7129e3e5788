import { type AcceptedVote, type Client, createClient, type Poll, TallycastError } from '../../client/src/index.ts'
import { beginSession, forgetSession, readSession } from './kept-session.ts'
import { plainFetch } from './plain-fetch.ts'

/** Where a poll is, and what the page around it shows of its visitor: the token by which it vouches for them, if it does. */
export type Source = { readonly service: string; readonly pollId: string; readonly hostToken: string | null }

/** What somebody asks for. `key` stays the same for as long as it is the same wish. */
export type Wish = {
  readonly kind: 'vote' | 'change' | 'retract'
  readonly optionIds: readonly number[]
  /** For which it is meant. */
  readonly round: number
  /** Empty where the poll asks for none. */
  readonly code: string
  readonly key: string
}

type Identity = Poll['voter_identity']

/** A client that shows this token, or nothing. */
export function clientOf({ service }: Source, voterToken: string | null): Client {
  return createClient({ url: service, fetch: plainFetch, ...(voterToken !== null && { voterToken }) })
}

/** What can be shown of the voter in a poll of this identity before anybody has voted; null where that is nothing. */
export function tokenOf({ service, hostToken }: Source, identity: Identity, code: string): string | null {
  switch (identity) {
    case 'none':
      return null
    case 'session':
      return readSession(service)
    case 'token':
      return hostToken
    case 'code':
      return code === '' ? null : code
  }
}

/**
 * Resolves when the vote is in; rejects with a `TallycastError`. A session that was kept and that the service does not take any more is given up for a
 * new one: its owner can do nothing about it.
 */
export async function castVote(source: Source, identity: Identity, wish: Wish): Promise<AcceptedVote> {
  if (identity !== 'session') return send(clientOf(source, tokenOf(source, identity, wish.code)), source, wish)
  try {
    return await send(clientOf(source, await beginSession(source.service)), source, wish)
  } catch (error) {
    if (!isStranger(error)) throw error
    forgetSession(source.service)
    return send(clientOf(source, await beginSession(source.service)), source, wish)
  }
}

/** Whether the service does not know whoever showed that. */
export function isStranger(error: unknown): boolean {
  return error instanceof TallycastError && error.status === 401
}

async function send(client: Client, { pollId }: Source, { kind, optionIds, round, key }: Wish): Promise<AcceptedVote> {
  switch (kind) {
    case 'vote':
      return client.vote(pollId, optionIds, { round, key })
    case 'change':
      return client.change(pollId, optionIds, { round, key })
    case 'retract':
      return client.retract(pollId, { round, key })
  }
}
