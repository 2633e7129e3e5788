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
  /** Counts a call of a bearer that was just seen to be good. */
  take(bearer: string, pollId: string | null): Refused | null
}

/** A bearer that was good is taken for one that is worth being looked at, so long and so many of them. */
const goodLimits = { keptMs: 10 * 60_000, keysMax: 5_000 }

/**
 * Limits calls by the bearer that they show. Only a bearer that was good once is counted as itself: made-up ones, of which there are as many
 * as somebody likes, and calls of any other that come to nothing, count for their address; beyond its ceiling only those are looked at that are
 * known to be good.
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
      if (isRefused(answer)) {
        // What was only busy has said nothing of the bearer.
        if (!isGood && answer.retryAfterMs === undefined && network !== null) invalidTokens.take(network)
        return answer
      }
      if (hash === null) return answer
      good.put(hash, true, now())
      // The first call is one of them.
      if (!isGood) takeHash(hash, pollId)
      return answer
    },
    take(bearer, pollId) {
      const hash = hashToken(bearer)
      good.put(hash, true, now())
      return takeHash(hash, pollId)
    },
  }
}
