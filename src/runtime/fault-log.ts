import type { Log } from './log.ts'

const sameEveryMs = 10_000
/** Different faults within ten seconds; a process that meets more has said enough, and tells of all further ones as if they were one. */
const differentMax = 200

/** Logs a fault that is got round, as `log.warn` would. */
export type FaultLog = (fields: FaultFields, message: string) => void

type FaultFields = { readonly err: unknown; readonly [field: string]: unknown }

type Unsaid = { count: number; latest: FaultFields; message: string }

/**
 * A log for faults that come again for as long as something is away: the first one is logged at once, and the same one after that
 * only once in ten seconds, with the number of those that went unlogged as `repeated`; so also the last ones before it ends. The same:
 * at the same partition, of the same duty, whatever the fields say. So an outage of an hour is some hundred lines of each, and the disk
 * that fills up is not ours.
 */
export const createFaultLog = (
  log: Pick<Log, 'warn'>,
  after: (ms: number, run: () => void) => void = afterUnlessEnded,
): FaultLog => {
  const known = new Map<string, Unsaid>()

  const saySoon = (name: string, unsaid: Unsaid): void =>
    after(sameEveryMs, () => {
      if (unsaid.count === 0) return void known.delete(name)
      log.warn({ ...unsaid.latest, repeated: unsaid.count }, unsaid.message)
      unsaid.count = 0
      saySoon(name, unsaid)
    })

  return (fields, message) => {
    const own = nameOf(fields, message)
    const name = known.has(own) || known.size < differentMax ? own : 'one too many'
    const unsaid = known.get(name)
    if (unsaid !== undefined) {
      unsaid.count += 1
      unsaid.latest = fields
      unsaid.message = message
      return
    }
    const first: Unsaid = { count: 0, latest: fields, message }
    known.set(name, first)
    log.warn(fields, message)
    saySoon(name, first)
  }
}

/** Keeps no process alive. */
const afterUnlessEnded = (ms: number, run: () => void): void => void setTimeout(run, ms).unref()

/** What tells one fault from another: what is done where, what the fault says, and what its causes say. */
const nameOf = ({ err, ...others }: FaultFields, message: string): string =>
  `${message} ${JSON.stringify(others)}: ${words(err)}`

const words = (fault: unknown): string => {
  if (!(fault instanceof Error)) return String(fault)
  return fault.cause === undefined ? fault.message : `${fault.message}: ${words(fault.cause)}`
}
