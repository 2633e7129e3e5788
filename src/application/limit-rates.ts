// Limits how often somebody may ask. Decides at once, by what this process has seen, and shares that with the others in the background.
import { createFirstRequests, FIRST_REQUESTS_MOST } from '../domain/first-requests.ts'
import { charge, intervalOf, waitOf } from '../domain/rate.ts'
import { createRecentMap } from '../domain/recent-map.ts'
import { type NamedRate, type Refused, refuseBeyond } from '../domain/refusal.ts'
import { createKeyedHash } from './keyed-hash.ts'
import { createSettleRates, type SettleRatesParts, type Spent } from './limit-rates/settle-rates.ts'

/** A rate that each of many keys may ask at. */
export type RateLimit = {
  /** Counts a request under this key and lets it pass; or refuses it, and counts nothing. */
  take(key: string): Refused | null
  /** What `take` would answer. Counts nothing. */
  look(key: string): Refused | null
}

export type LimitRates = {
  /** `detail`: what somebody is told who asks too often. */
  limit(rate: NamedRate, detail: string): RateLimit
  /** Resolves when nothing of this is under way. */
  idle(): Promise<void>
}

export type LimitRatesParts = Omit<SettleRatesParts, 'now'> & {
  /** Names keys for the other processes, so that nobody who reads there sees an address or a voter. */
  readonly service: Uint8Array
  /** Milliseconds that only grow. */
  readonly now?: () => number
  readonly keysMax?: number
}

/** Of each limit, twice over: more are known at no moment, and those that asked longest ago are forgotten. */
const keysMaxDefault = 50_000
/** Of a rate's amount: with so many unsettled requests of a key the others hear of it. Whoever asks less often costs nobody anything. */
const settleShare = 1 / 4
const nameBytes = 16

export function createLimitRates({ service, keysMax = keysMaxDefault, ...parts }: LimitRatesParts): LimitRates {
  const now = parts.now ?? (() => performance.now())
  const settleRates = createSettleRates({ ...parts, now })
  const hashName = createKeyedHash(service, 'rate limit')

  return {
    limit(rate, detail) {
      const { name, periodMs } = rate
      const known = createRecentMap<Spent>({ keptMs: periodMs, keysMax })
      const firsts = createFirstRequests(periodMs)
      const intervalMs = intervalOf(rate)
      const settleAt = Math.ceil(rate.amount * settleShare)
      const firstsMost = Math.min(settleAt, FIRST_REQUESTS_MOST) - 1

      function refuseAt(spent: Spent | undefined, at: number): Refused | null {
        const wait = spent === undefined ? 0 : waitOf(rate, spent.freshAt, at)
        return wait > 0 ? refuseBeyond(rate, detail, wait) : null
      }

      /** As if all that were not looked at one by one had come now. */
      function afterFirsts(at: number): Spent {
        return { freshAt: at + firstsMost * intervalMs, owed: firstsMost }
      }

      function settleSoon(key: string, spent: Spent): void {
        const shared = hashName(`${name} `, key).toString('hex', 0, nameBytes)
        settleRates.soon({ key: shared, spent, intervalMs, periodMs })
      }

      return {
        take(key) {
          const at = now()
          const before = known.get(key, at)
          const refused = refuseAt(before, at)
          if (refused !== null) return refused
          if (before === undefined && firsts.count(key, at) <= firstsMost) return null
          const spent = before ?? afterFirsts(at)
          spent.freshAt = charge(rate, spent.freshAt, at)
          spent.owed += 1
          known.put(key, spent, at)
          if (spent.owed >= settleAt) settleSoon(key, spent)
          return null
        },
        look(key) {
          const at = now()
          return refuseAt(known.get(key, at), at)
        },
      }
    },
    idle: () => settleRates.idle(),
  }
}
