import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

export type BulkLoadPlan = {
  readonly port: number
  readonly pollId: string
  readonly adminToken: string
  readonly optionIds: readonly number[]
  readonly votes: number
  /** Requests at the same time, each with its share of the votes. */
  readonly streams: number
}

export type BulkLoadReport = {
  readonly ms: number
  /** Lines that say that their vote is accepted. */
  readonly accepted: number
  /** Any others, the first of them in full. */
  readonly others: number
  readonly firstOther: string | null
}

export type BulkLoad = {
  /** Sends all votes as fast as they are taken, and reads all answers. */
  readonly run: () => Promise<BulkLoadReport>
}

/** A host in a process of its own, with its votes ready to be sent; it ends when they are answered. */
export async function prepareBulkLoad(plan: BulkLoadPlan): Promise<BulkLoad> {
  const program = fileURLToPath(new URL('../programs/bulk-load.ts', import.meta.url))
  const child = fork(program, { serialization: 'advanced' })
  const ready = once(child, 'message')
  child.send(plan)
  await ready
  return {
    async run() {
      const told = once(child, 'message')
      const ended = once(child, 'exit')
      child.send('go')
      // What the program tells.
      const [answer] = (await told) as [{ report: BulkLoadReport } | { fault: string }]
      child.disconnect()
      await ended
      if ('fault' in answer) throw new Error(`the load: ${answer.fault}`)
      return answer.report
    },
  }
}
