import type { LimitRates, RateLimit } from '../limit-rates.ts'

/** Everything that is limited by how often it is asked. Who is known is limited as who it is; an address is a loose ceiling for those who are not. */
export type RequestLimits = {
  /** By voter key, which is another one in each poll: votes, and questions for what is the voter's own. */
  readonly voters: RateLimit
  /** By API key, and by manage token: all calls. */
  readonly keys: RateLimit
  /** The same, with one poll. */
  readonly keyPolls: RateLimit
  /** By address: new sessions, and votes of somebody of whom nothing is known. */
  readonly newcomers: RateLimit
  /** By address: polls that are made without a key. */
  readonly newPolls: RateLimit
  /** By address: tokens that were looked into, and came to nothing, and voting codes that are none. */
  readonly invalidTokens: RateLimit
  /** By address: join codes that were tried; one that was good there counts no more. */
  readonly joinCodes: RateLimit
  /** By address: results that have to be read to be signed. */
  readonly signedResults: RateLimit
}

/** How many of each in a minute, and as many at once. */
export type RequestsPerMinute = Readonly<Record<keyof RequestLimits, number>>

const periodMs = 60_000
const wait = 'Please wait for as long as Retry-After says.'

export function createRequestLimits(
  limitRates: Pick<LimitRates, 'limit'>,
  perMinute: RequestsPerMinute,
): RequestLimits {
  const limit = (name: string, amount: number, what: string): RateLimit =>
    limitRates.limit({ name, amount, periodMs }, `${what} ${wait}`)
  return {
    voters: limit('voter', perMinute.voters, 'You have asked too often in this poll.'),
    keys: limit('key', perMinute.keys, 'Too many calls were made with this key.'),
    keyPolls: limit(
      'key-poll',
      perMinute.keyPolls,
      'Too many calls were made for this poll with this key or manage token.',
    ),
    newcomers: limit('newcomers', perMinute.newcomers, 'Too many new voters come from your address.'),
    newPolls: limit('new-polls', perMinute.newPolls, 'Too many polls were made from your address.'),
    invalidTokens: limit(
      'invalid-tokens',
      perMinute.invalidTokens,
      'Too many tokens or codes from your address were not valid.',
    ),
    joinCodes: limit('join-codes', perMinute.joinCodes, 'Too many codes were tried from your address.'),
    signedResults: limit('signed-results', perMinute.signedResults, 'Too many results were signed for your address.'),
  }
}

const always: RateLimit = { take: () => null, look: () => null }

/** Lets everybody pass. */
export const noRequestLimits: RequestLimits = {
  voters: always,
  keys: always,
  keyPolls: always,
  newcomers: always,
  newPolls: always,
  invalidTokens: always,
  joinCodes: always,
  signedResults: always,
}
