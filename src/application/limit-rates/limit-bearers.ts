import { networkOf } from '../../domain/network.ts'
import { createRecentMap } from '../../domain/recent-map.ts'
import { isRefused, type Refused } from '../../domain/refusal.ts'
import { hashToken } from '../authorize.ts'
import type { RequestLimits } from './request-limits.ts'

/** Who asks with a bearer, and from where. */
export type ShownBearer = { readonly bearer: string | null; readonly address?: string | null }

export type LimitBearers = {
  /** Asks, unless this bearer has asked too often. `pollId`: null where no single poll is asked for. */
  ask<Answer>(
    shown: ShownBearer,
    pollId: string | null,
    ask: () => Promise<Answer | Refused>,
  ): Promise<Answer | Refused>
  /** Counts a call whose answer was at hand. */
  take(bearer: string, pollId: string | null): Refused | null
}

/** A bearer that was good is taken for one that is worth being looked at, so long and so many of them. */
const goodLimits = { keptMs: 10 * 60_000, keysMax: 5_000 }

/**
 * Limits calls by the bearer that they show. Only a bearer that was good once is counted as itself: made-up ones, of which there are as many
 * as somebody likes, count for their address, and beyond its ceiling only those are looked at that are known to be good.
 */
export function createLimitBearers(
  { keys, keyPolls, invalidTokens }: Pick<RequestLimits, 'keys' | 'keyPolls' | 'invalidTokens'>,
  now: () => number = () => performance.now(),
): LimitBearers {
  const good = createRecentMap<true>(goodLimits)

  function takeHash(hash: string, pollId: string | null): Refused | null {
    return (pollId === null ? null : keyPolls.take(`${hash} ${pollId}`)) ?? keys.take(hash)
  }

  /** Null where there is no address to count for. */
  function ceilingOf({ address }: ShownBearer): string | null {
    return address === undefined || address === null ? null : networkOf(address)
  }

  return {
    async ask(shown, pollId, ask) {
      const hash = shown.bearer === null ? null : hashToken(shown.bearer)
      const network = ceilingOf(shown)
      const isGood = hash !== null && good.get(hash, now()) !== undefined
      const refused = isGood ? takeHash(hash, pollId) : network === null ? null : invalidTokens.look(network)
      if (refused !== null) return refused
      const answer = await ask()
      if (isRefused(answer) && isWorthNothing(answer)) {
        if (network !== null) invalidTokens.take(network)
      } else if (hash !== null && !isRefused(answer)) {
        good.put(hash, true, now())
        // The first call is one of them.
        if (!isGood) takeHash(hash, pollId)
      }
      return answer
    },
    take: (bearer, pollId) => takeHash(hashToken(bearer), pollId),
  }
}

function isWorthNothing({ refused }: Refused): boolean {
  return refused === 'token_invalid' || refused === 'unauthenticated' || refused === 'forbidden'
}
