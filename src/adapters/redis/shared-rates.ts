import type { SharedRates } from '../../ports/shared-rates.ts'
import { orUnavailable } from './faults.ts'
import type { Keys } from './keys.ts'
import { loadScript } from './scripts.ts'
import type { Servers } from './servers.ts'

const chargeScript = loadScript('rate-limit')

/** Rates in Redis: per key the moment from which it is as if nothing had been asked, in microseconds by the clock of Redis. */
export function createSharedRates(servers: Servers, keys: Pick<Keys, 'rate'>): SharedRates {
  return {
    charge: (charges) =>
      orUnavailable('cache', async () => {
        const names = charges.map(({ key }) => keys.rate(key))
        const costs = charges.flatMap(({ costMs, aheadMsMax }) => [toMicros(costMs), toMicros(aheadMsMax)])
        // The script answers with one number for each key.
        const ahead = (await chargeScript(servers, names, costs)) as readonly number[]
        return ahead.map((micros) => micros / 1000)
      }),
  }
}

function toMicros(ms: number): number {
  return Math.ceil(ms * 1000)
}
