import { prefixOfKey, refuseEndedKey } from '../domain/api-key.ts'
import { isRefused, type Refused, refuse, refuseForNow } from '../domain/refusal.ts'
import type { ApiKeys } from '../ports/api-keys.ts'
import { type Holder, hashToken, isSameHash, recogniseBearer, refuseStranger } from './authorize.ts'

/** Says whom a bearer stands for. A key that was revoked or has expired is refused within `keptMs` of it. */
export type JudgeBearer = {
  /** Nobody's, or of no key of this service: refused. */
  readonly judge: (bearer: string | null) => Promise<Holder | Refused>
  /** The same at once; null where a key has to be looked up. */
  readonly judgeKnown: (bearer: string | null) => Holder | Refused | null
}

export type JudgeLimits = {
  /** How long a good key is believed without being looked up again; 0: not at all. */
  readonly keptMs: number
  readonly keptMax: number
  /** At the same time; whoever shows made-up keys must not keep the store from everybody else. */
  readonly lookupsMax: number
}

/** The promise is 10 s; a lookup may take some of it. */
export const JUDGE_LIMITS: JudgeLimits = { keptMs: 5_000, keptMax: 1_000, lookupsMax: 32 }

export type JudgeBearerParts = {
  readonly keys: Pick<ApiKeys, 'find'>
  /** SHA-256 of ADMIN_TOKEN, hexadecimal; null where there is none. */
  readonly adminTokenHash: string | null
  /** Told of a key that somebody shows who has it. */
  readonly onUsed: (prefix: string) => void
  readonly limits?: Partial<JudgeLimits>
  /** Milliseconds that only grow. */
  readonly now?: () => number
}

export function createJudgeBearer({ keys, adminTokenHash, onUsed, ...parts }: JudgeBearerParts): JudgeBearer {
  const { keptMs, keptMax, lookupsMax } = { ...JUDGE_LIMITS, ...parts.limits }
  const now = parts.now ?? (() => performance.now())
  // Good keys alone: made-up ones would push them out. By the hash, so that no key lies in memory.
  const kept = new Map<string, { readonly holder: Holder; readonly until: number }>()
  const lookups = new Map<string, Promise<Holder | Refused>>()

  function keep(hash: string, holder: Holder, until: number): void {
    kept.delete(hash)
    const [oldest] = kept.keys()
    if (kept.size >= keptMax && oldest !== undefined) kept.delete(oldest)
    if (keptMs > 0) kept.set(hash, { holder, until })
  }

  async function lookUp(bearer: string, hash: string): Promise<Holder | Refused> {
    // From before the question: the answer may be that old.
    const until = now() + keptMs
    const prefix = prefixOfKey(bearer)
    const found = prefix === null ? null : await keys.find(prefix)
    if (found === null || !isSameHash(hash, found.hash)) return noKey
    const ended = refuseEndedKey(found.key, found.now)
    if (ended !== null) {
      kept.delete(hash)
      return ended
    }
    onUsed(found.key.prefix)
    const holder: Holder = { is: 'key', key: found.key }
    keep(hash, holder, until)
    return holder
  }

  function judgeHash(bearer: string, hash: string): Holder | Refused | null {
    const holder = recogniseBearer(bearer, hash, adminTokenHash)
    if (holder !== null) return holder
    if (prefixOfKey(bearer) === null) return noKey
    const known = kept.get(hash)
    return known !== undefined && known.until > now() ? known.holder : null
  }

  return {
    judgeKnown: (bearer) =>
      bearer === null || bearer === '' ? refuseStranger() : judgeHash(bearer, hashToken(bearer)),
    async judge(bearer) {
      if (bearer === null || bearer === '') return refuseStranger()
      const hash = hashToken(bearer)
      const known = judgeHash(bearer, hash)
      if (known !== null) return known
      const running = lookups.get(hash)
      if (running !== undefined) return running
      if (lookups.size >= lookupsMax) return tooMany
      const lookup = lookUp(bearer, hash).finally(() => lookups.delete(hash))
      lookups.set(hash, lookup)
      return lookup
    },
  }
}

const noKey = refuse('token_invalid', 'This bearer is no key of this service.')
const tooMany = refuseForNow('overloaded', 'Too many keys are being looked up right now. Please try again.')

/** Whether whoever shows the bearer passes the check; the reason where not. */
export async function judgeFor(
  judgeBearer: Pick<JudgeBearer, 'judge'>,
  bearer: string | null,
  check: (holder: Holder) => Refused | null,
): Promise<Holder | Refused> {
  const holder = await judgeBearer.judge(bearer)
  return isRefused(holder) ? holder : (check(holder) ?? holder)
}
