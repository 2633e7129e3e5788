import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inject } from 'vitest'
import { createLog } from '../../src/runtime/log.ts'
import { stopProcess } from '../../src/runtime/process-identity.ts'
import { provideRedisServer } from '../../src/runtime/redis-server.ts'
import { keepOnLeash } from './leash.ts'

const log = createLog({ name: 'test', level: 'warn' })

/** The Redis that all test files share, with a prefix that no other file's keys and channels have. */
export const shareTestRedis = (): { readonly redisUrl: string; readonly prefix: string } => ({
  redisUrl: inject('redisUrl'),
  prefix: `test-${randomBytes(8).toString('hex')}:`,
})

export type TestRedis = {
  readonly redisUrl: string
  readonly port: number
  /** Where its append-only file lies. */
  readonly dir: string
  readonly pid: () => number
  /** Ends the server as a crash would, keeping its data. */
  readonly kill: () => Promise<void>
  /** Starts it again on the same port and data; stops it in an orderly way first if it still runs. Takes further options. */
  readonly restart: (more?: readonly string[]) => Promise<void>
  readonly stop: () => Promise<void>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/** A Redis of its own, for a test that kills or reconfigures it. Takes options of redis-server, after the durable defaults. */
export const startTestRedis = async (args: readonly string[] = []): Promise<TestRedis> => {
  const dir = await mkdtemp(join(tmpdir(), 'tallycast-redis-'))
  const leash = keepOnLeash(dir, 'redis.pid')
  let server = await provideRedisServer({ dir, log, args, isRestarted: false })
  const { port, redisUrl } = server

  const kill = async (): Promise<void> => {
    await stopProcess(server.pid(), [{ signal: 'SIGKILL', withinMs: 2_000 }])
  }
  const restart = async (more: readonly string[] = []): Promise<void> => {
    await server.stop()
    server = await provideRedisServer({ dir, log, args: [...args, ...more], port, isRestarted: false })
    if (server.port !== port) throw new Error(`port ${port} was taken by somebody else meanwhile`)
  }
  const stop = async (): Promise<void> => {
    await server.stop()
    await rm(dir, { recursive: true, force: true })
    leash.release()
  }
  return { redisUrl, port, dir, pid: () => server.pid(), kill, restart, stop, [Symbol.asyncDispose]: stop }
}
