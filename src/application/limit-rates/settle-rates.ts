import type { RateCharge, SharedRates } from '../../ports/shared-rates.ts'

/** What one key has used at this process. Times are milliseconds of a clock that only grows. */
export type Spent = {
  /** As GCRA has it: the moment from which it is as if nothing had been asked. */
  freshAt: number
  /** Requests of which the other processes have not heard. */
  owed: number
}

/** A key whose requests the others should hear of. */
export type Owing = {
  /** By which all processes know it; nothing of whoever asks can be read from it. */
  readonly key: string
  readonly spent: Spent
  readonly intervalMs: number
  readonly periodMs: number
}

export type SettleRates = {
  /** Tells the others of what is owed, soon. Waits for nothing, and never throws. */
  soon(owing: Owing): void
  /** Resolves when nothing is under way. */
  idle(): Promise<void>
}

export type SettleRatesParts = {
  /** Null: there is nobody to be told. */
  readonly sharedRates: SharedRates | null
  readonly report: (fault: unknown) => void
  readonly now: () => number
  /** Once it aborts nobody is told any more. */
  readonly signal: AbortSignal
}

export const SETTLE_LIMITS = {
  /** Charged in one call, which keeps the store for as long as it takes. */
  chargesMax: 500,
  /** Keys that wait for their turn. Those beyond are told of when they ask again. */
  waitingMax: 5_000,
  /** After a failure. What was owed is forgotten: it may have been charged, and each process goes on by what it has seen itself. */
  restMs: 1_000,
  /** No key is charged for more than this many periods ahead. */
  periodsMax: 2,
} as const

/**
 * Shares what keys have used with the other processes, one call at a time: while it is under way the next ones gather.
 */
export function createSettleRates({ sharedRates, report, now, signal }: SettleRatesParts): SettleRates {
  const waiting = new Map<string, Owing>()
  let settling: Promise<void> | null = null
  let restsUntil = 0

  async function settle(rates: SharedRates, batch: readonly Owing[]): Promise<void> {
    const charges = batch.map(chargeOf)
    for (const { spent } of batch) spent.owed = 0
    const ahead = await rates.charge(charges)
    const at = now()
    for (const [index, { spent, intervalMs }] of batch.entries()) {
      const sinceThen = spent.owed * intervalMs
      spent.freshAt = Math.max(spent.freshAt, at + (ahead[index] ?? 0) + sinceThen)
    }
  }

  async function settleAll(rates: SharedRates): Promise<void> {
    do {
      await endOfTick()
      const batch = [...waiting.values()].slice(0, SETTLE_LIMITS.chargesMax)
      for (const { key } of batch) waiting.delete(key)
      try {
        await settle(rates, batch)
      } catch (fault) {
        waiting.clear()
        restsUntil = now() + SETTLE_LIMITS.restMs
        if (!signal.aborted) report(fault)
      }
    } while (waiting.size > 0 && !signal.aborted)
    settling = null
  }

  return {
    soon(owing) {
      if (sharedRates === null || signal.aborted || waiting.size >= SETTLE_LIMITS.waitingMax) return
      if (now() < restsUntil) return
      waiting.set(owing.key, owing)
      settling ??= settleAll(sharedRates)
    },
    idle: async () => settling ?? undefined,
  }
}

function chargeOf({ key, spent, intervalMs, periodMs }: Owing): RateCharge {
  return { key, costMs: spent.owed * intervalMs, aheadMsMax: SETTLE_LIMITS.periodsMax * periodMs }
}

async function endOfTick(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  setImmediate(resolve)
  await promise
}
