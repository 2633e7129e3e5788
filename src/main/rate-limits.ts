import { createLimitRates } from '../application/limit-rates.ts'
import { createLimitBearers, type LimitBearers } from '../application/limit-rates/limit-bearers.ts'
import { createRequestLimits, noRequestLimits, type RequestLimits } from '../application/limit-rates/request-limits.ts'
import type { RoleContext } from './role.ts'

export type RateLimits = {
  readonly requestLimits: RequestLimits
  readonly limitBearers: LimitBearers
  /** Resolves when nothing of this is under way. */
  readonly idle: () => Promise<void>
}

/** How often who may ask, as the environment has it. */
export function createRateLimits(
  { config, adapters: { sharedRates }, signal }: RoleContext,
  service: Uint8Array,
  report: (fault: unknown) => void,
): RateLimits {
  const limitRates = createLimitRates({ service, sharedRates, report, signal })
  const requestLimits = config.isRateLimited
    ? createRequestLimits(limitRates, config.requestsPerMinute)
    : noRequestLimits
  return { requestLimits, limitBearers: createLimitBearers(requestLimits), idle: () => limitRates.idle() }
}
