import { expect } from 'vitest'
import { processIdentity } from '../../../src/runtime/process-identity.ts'
import { type Fault, moreAccepted } from '../fault-case.ts'
import { childrenOf } from '../process-figures.ts'
import { sumMetric } from '../sum-metric.ts'
import type { Member, System } from '../system.ts'
import { waitUntil } from '../wait-until.ts'
import { restartInOrder } from './restart-faults.ts'

const votesMeanwhile = 100
const backWithinMs = 30_000
/** As long as its processes may take to stop by themselves. */
const goneWithinMs = 15_000

/** Of a system with one api, which is several processes. */
const onlyApi = ({ apis: [api] }: System): Member => {
  if (api === undefined) throw new Error('there is an api')
  return api
}

export const servingProcesses = async (api: Member): Promise<number> =>
  sumMetric([api], 'tallycast_api_processes_serving')

export const killApiProcess: Fault = {
  fact: 'one of the api processes behind a port is killed: the other one answers, and it is soon replaced',
  async inject({ system, load }) {
    const api = onlyApi(system)
    const [victim = 0, ...others] = childrenOf(api.pid())
    const restarted = async (): Promise<number> => sumMetric([api], 'tallycast_api_processes_restarted_total')
    const before = { accepted: load.accepted(), restarted: await restarted() }
    process.kill(victim, 'SIGKILL')
    await waitUntil(async () => (await restarted()) > before.restarted, {
      withinMs: backWithinMs,
      what: 'it is replaced',
    })
    await waitUntil(async () => (await servingProcesses(api)) === others.length + 1, {
      withinMs: backWithinMs,
      what: 'as many serve as before',
    })
    const meanwhile = load.accepted() - before.accepted
    expect(childrenOf(api.pid())).toEqual(expect.arrayContaining([...others]))
    return { 'processes started again': 1, 'votes accepted meanwhile': meanwhile }
  },
}

/** What whoever started them says of all, to those who operate them. */
const readiness = async ({ opsUrl }: Member): Promise<number> => (await fetch(`${opsUrl}/health/ready`)).status

export const pauseApiProcesses: Fault = {
  fact: 'api processes behind a port are ready while one of them answers, not while all stand still, and again with those that replace them',
  async inject({ system, load }) {
    const api = onlyApi(system)
    const [first = 0, ...others] = childrenOf(api.pid())
    const becomes = async (status: number, what: string): Promise<void> =>
      waitUntil(async () => (await readiness(api)) === status, { withinMs: backWithinMs, what })
    try {
      process.kill(first, 'SIGSTOP')
      await becomes(200, 'ready by the others')
      for (const other of others) process.kill(other, 'SIGSTOP')
      await becomes(503, 'not ready with none')
    } finally {
      for (const child of [first, ...others]) process.kill(child, 'SIGKILL')
    }
    await becomes(200, 'ready with those that replace them')
    await waitUntil(async () => (await servingProcesses(api)) === others.length + 1, {
      withinMs: backWithinMs,
      what: 'as many serve as before',
    })
    await moreAccepted(load, votesMeanwhile)
    return { 'processes that stood still': others.length + 1 }
  },
}

/** All of them stop with the one that was started, whether that is asked or dies. */
export const stopApiProcesses: Fault = {
  fact: 'api processes behind a port end with the one that started them, asked or killed, also one that stands still when it is asked, and what was accepted counts',
  async inject({ system, load }) {
    const api = onlyApi(system)
    const asked = childrenOf(api.pid())
    // It could not end by itself.
    process.kill(asked[0] ?? 0, 'SIGSTOP')
    await restartInOrder(api)
    expect(asked.filter((pid) => processIdentity(pid) !== null)).toEqual([])
    await moreAccepted(load, votesMeanwhile)

    const orphaned = childrenOf(api.pid())
    api.signal('SIGKILL')
    await waitUntil(() => orphaned.every((pid) => processIdentity(pid) === null), {
      withinMs: goneWithinMs,
      what: 'the processes whose parent died are gone',
    })
    await api.ended()
    await api.restart()
    return { 'ended in order': asked.length, 'ended with their parent': orphaned.length }
  },
}
