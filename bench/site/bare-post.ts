import { cpuTimeSince, readCpuTimes, sumOf } from './cpu-time.ts'
import { startFloor } from './floor-process.ts'
import { type Load, type LoadReport, voteRequest } from './load.ts'

export const CONNECTIONS = 64
const answerBytes = 100
/** The request to the floor is as long as that to the product. */
const tokenCharacters = 52

export type BarePost = {
  /** CPU in microseconds per answer. */
  readonly measure: (load: Load, forMs: number) => Promise<{ readonly perSecond: number; readonly cpu: number }>
  readonly stop: () => Promise<void>
}

/** The floor of every vote: node:http that reads a POST of the same length and answers 202. */
export async function startBarePost(): Promise<BarePost> {
  const bare = await startFloor('bare-http', { STATUS: '202', ANSWER_BYTES: String(answerBytes) })
  return {
    async measure(load, forMs) {
      const varying = [`voter-token: ${'x'.repeat(tokenCharacters)}\r\n`]
      await load.prepare({ port: bare.port, ...voteRequest('000000000000'), varying })
      const before = readCpuTimes({ bare: bare.pid })
      const report = await load.run({ connections: CONNECTIONS, perSecond: null, forMs })
      const used = sumOf(cpuTimeSince(before, readCpuTimes({ bare: bare.pid })))
      return { perSecond: report.perSecond, cpu: used / acceptedOf(report) }
    },
    stop: bare.stop,
  }
}

/** A measurement in which anything else was answered is none. */
export function acceptedOf({ statuses, answered }: LoadReport): number {
  const accepted = statuses['202'] ?? 0
  if (accepted === 0 || accepted !== answered)
    throw new Error(`not every vote was accepted: ${JSON.stringify(statuses)}`)
  return accepted
}
