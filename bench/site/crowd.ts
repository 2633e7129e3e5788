import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { waitUntil } from '../../test/support/wait-until.ts'

export type CrowdPlan = {
  readonly port: number
  readonly pollId: string
  readonly viewers: number
  /** How fast they come in the beginning. */
  readonly perSecond: number
  /** Of every so many viewers one notes when it was shown which total; 0: none does. */
  readonly notedEvery: number
}

/** What the crowd has seen until now. */
export type CrowdSeen = {
  readonly messages: number
  readonly bytes: number
  /** Viewers whose connection stands and has brought a state. */
  readonly watching: number
  /** The oldest version that any of those sees. */
  readonly oldest: number
  /** How often a viewer was shown an older version than one before. */
  readonly timesBack: number
  /** Connections that have ended, for whatever reason. */
  readonly ended: number
}

/** What one viewer was shown: the total of votes, and when by the machine's clock, in milliseconds. */
export type Notes = { readonly totals: readonly number[]; readonly atMs: readonly number[] }

export type CrowdMessage =
  | { readonly come: CrowdPlan }
  | { readonly seen: null }
  /** All at once lose their connections and come back, each at a random moment of this time. */
  | { readonly drop: { readonly withinMs: number } }
  | { readonly notes: null }

export type Crowd = {
  readonly pid: number
  readonly seen: () => Promise<CrowdSeen>
  readonly drop: (withinMs: number) => Promise<void>
  readonly notes: () => Promise<readonly Notes[]>
  /** Waits until every viewer is there and sees at least this version. */
  readonly allSee: (version: number, withinMs?: number) => Promise<CrowdSeen>
  readonly stop: () => Promise<void>
}

/** Brings so many viewers, from a process of their own, and waits until each has a state. */
export async function startCrowd(plan: CrowdPlan): Promise<Crowd> {
  const program = fileURLToPath(new URL('../programs/crowd.ts', import.meta.url))
  const child: ChildProcess = fork(program, { serialization: 'advanced' })
  const ask = async (message: CrowdMessage): Promise<unknown> => {
    const answered = once(child, 'message')
    child.send(message)
    const [reply] = await answered
    return reply
  }
  // What the program answers to this.
  const seen = async (): Promise<CrowdSeen> => (await ask({ seen: null })) as CrowdSeen
  const crowd: Crowd = {
    pid: child.pid ?? 0,
    seen,
    async drop(withinMs) {
      await ask({ drop: { withinMs } })
    },
    // What the program answers to this.
    notes: async () => (await ask({ notes: null })) as readonly Notes[],
    async allSee(version, withinMs = 30_000) {
      let last = await seen()
      const isThere = async (): Promise<boolean> => {
        last = await seen()
        return last.watching === plan.viewers && last.oldest >= version
      }
      const what = (): string => `${plan.viewers} viewers see version ${version}: ${JSON.stringify(last)}`
      await waitUntil(isThere, { withinMs, what })
      return last
    },
    async stop() {
      if (child.exitCode !== null) return
      const ended = once(child, 'exit')
      child.disconnect()
      await ended
    },
  }
  await ask({ come: plan })
  await crowd.allSee(0, 60_000)
  return crowd
}
