import type { Log } from './log.ts'

const sameEveryMs = 10_000
/** Different faults that are remembered; a process that meets more at once has said enough. */
const differentMax = 200

/** Logs a fault that is got round, as `log.warn` would. */
export type FaultLog = (fields: { readonly err: unknown; readonly [field: string]: unknown }, message: string) => void

type Said = { at: number; unsaid: number }

/**
 * A log for faults that come again for as long as something is away: the first one is logged at once, the same one after that only
 * once in ten seconds, with the number of those that went unlogged as `repeated`. So an outage of an hour is some hundred lines, and
 * the disk that fills up is not ours.
 */
export const createFaultLog = (log: Pick<Log, 'warn'>, now: () => number = () => performance.now()): FaultLog => {
  const known = new Map<string, Said>()
  return (fields, message) => {
    const name = `${message}: ${words(fields.err)}`
    const said = known.get(name)
    const at = now()
    if (said !== undefined && at - said.at < sameEveryMs) {
      said.unsaid += 1
      return
    }
    if (said === undefined && known.size >= differentMax) known.clear()
    known.set(name, { at, unsaid: 0 })
    log.warn(said === undefined || said.unsaid === 0 ? fields : { ...fields, repeated: said.unsaid }, message)
  }
}

/** What tells one fault from another: what it says, and what its causes say. */
const words = (fault: unknown): string => {
  if (!(fault instanceof Error)) return String(fault)
  return fault.cause === undefined ? fault.message : `${fault.message}: ${words(fault.cause)}`
}
