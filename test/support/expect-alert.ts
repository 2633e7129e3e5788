import { expect } from 'vitest'
import type { Prometheus } from './prometheus.ts'
import { waitUntil } from './wait-until.ts'

/** Longer than the rarest look of a process at itself (5 s), on a machine that others use. */
export const firesWithinMs = 20_000

export const becomesFiring = async (prometheus: Prometheus, alert: string, withinMs = firesWithinMs): Promise<void> =>
  waitUntil(async () => (await prometheus.firing()).includes(alert), { withinMs, what: `${alert} fires` })

/** Nobody is told of it before, and somebody is afterwards. */
export const expectAlert = async (
  prometheus: Prometheus,
  alert: string,
  cause: () => Promise<unknown>,
  withinMs = firesWithinMs,
): Promise<void> => {
  expect(await prometheus.firing()).not.toContain(alert)
  await cause()
  await becomesFiring(prometheus, alert, withinMs)
}
