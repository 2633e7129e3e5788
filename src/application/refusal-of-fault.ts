import { type Refused, refuseForNow } from '../domain/refusal.ts'
import { isUnavailable } from '../ports/unavailable.ts'

/** What a fault means to whoever waits for an answer: a dependency that is away for now is told so, a bug (null) is not. */
export function refusalOfFault(fault: unknown): Refused | null {
  if (!isUnavailable(fault)) return null
  return refuseForNow('unavailable', `The ${fault.dependency} cannot be reached right now. Please try again.`)
}
