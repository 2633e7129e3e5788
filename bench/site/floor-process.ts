import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { moveToCore, productCore } from './cores.ts'

export type FloorProcess = {
  readonly port: number
  readonly pid: number
  /** For programs that answer each message with one. */
  readonly ask: (message: object) => Promise<unknown>
  readonly stop: () => Promise<void>
}

/** Starts a program of `bench/programs/` on the product's core. It says which port it listens on. */
export async function startFloor(program: string, env: Readonly<Record<string, string>> = {}): Promise<FloorProcess> {
  const path = fileURLToPath(new URL(`../programs/${program}.ts`, import.meta.url))
  const child = fork(path, { env: { ...process.env, ...env } })
  // What these programs send.
  const [{ port }] = (await once(child, 'message')) as [{ port: number }]
  const pid = child.pid ?? 0
  moveToCore(pid, productCore)
  return {
    port,
    pid,
    async ask(message) {
      const answered = once(child, 'message')
      child.send(message)
      const [answer] = await answered
      return answer
    },
    async stop() {
      const ended = once(child, 'exit')
      child.disconnect()
      await ended
    },
  }
}
