import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { inject } from 'vitest'
import { createLog } from '../../src/runtime/log.ts'
import { stopProcess } from '../../src/runtime/process-identity.ts'
import { findRedisProgram } from '../../src/runtime/redis-program.ts'
import { provideRedisServer, type RedisServer } from '../../src/runtime/redis-server.ts'
import { findFreePorts } from './free-ports.ts'
import { keepOnLeash } from './leash.ts'

const log = createLog({ name: 'test', level: 'warn' })

/** The Redis that all test files share, with a prefix that no other file's keys and channels have. */
export const shareTestRedis = (): { readonly redisUrl: string; readonly prefix: string } => ({
  redisUrl: inject('redisUrl'),
  prefix: `test-${randomBytes(8).toString('hex')}:`,
})

/** The same for the Redis Cluster that they share. */
export const shareTestCluster = async (): Promise<{ readonly redisUrl: string; readonly prefix: string }> => {
  const answer = await fetch(inject('clusterAskUrl'))
  if (!answer.ok) throw new Error(await answer.text())
  return { redisUrl: await answer.text(), prefix: shareTestRedis().prefix }
}

export type TestRedis = {
  readonly redisUrl: string
  readonly port: number
  readonly pid: () => number
  /** Where it keeps its data. */
  readonly dir: string
  /** Ends the server as a crash would, keeping its data. */
  readonly kill: () => Promise<void>
  /** Starts it again on the same port and data, for this life with more options; stops it in an orderly way first if it still runs. */
  readonly restart: (more?: readonly string[]) => Promise<void>
  readonly stop: () => Promise<void>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/**
 * A Redis of its own, for a test that kills or reconfigures it. Takes options of redis-server, after the durable defaults, and a
 * command under which it is to run, which must end in becoming the program that it is given; and a port, where any does not do.
 */
export const startTestRedis = async (
  args: readonly string[] = [],
  under: readonly string[] = [],
  chosenPort?: number,
): Promise<TestRedis> => {
  const dir = await realpath(await mkdtemp(join(tmpdir(), 'tallycast-redis-')))
  const leash = keepOnLeash(dir, 'redis.pid')
  const programs = under.length === 0 ? null : await putBefore(under, dir)
  const start = async (options: readonly string[], port?: number): Promise<RedisServer> => {
    const { PATH } = process.env
    if (programs !== null) process.env['PATH'] = `${programs}${delimiter}${PATH}`
    try {
      return await provideRedisServer({
        dir,
        log,
        args: options,
        isRestarted: false,
        ...(port !== undefined && { port }),
      })
    } finally {
      process.env['PATH'] = PATH
    }
  }
  let server = await start(args, chosenPort ?? (await findFreePorts(1))[0])
  const { port, redisUrl } = server

  const kill = async (): Promise<void> => {
    await stopProcess(server.pid(), [{ signal: 'SIGKILL', withinMs: 2_000 }])
  }
  const restart = async (more: readonly string[] = []): Promise<void> => {
    await server.stop()
    server = await start([...args, ...more], port)
    if (server.port !== port) throw new Error(`port ${port} was taken by somebody else meanwhile`)
  }
  const stop = async (): Promise<void> => {
    await server.stop()
    await rm(dir, { recursive: true, force: true })
    leash.release()
  }
  return { redisUrl, port, pid: () => server.pid(), dir, kill, restart, stop, [Symbol.asyncDispose]: stop }
}

/** A folder with a `redis-server` that is the real one under this command. */
const putBefore = async (under: readonly string[], dir: string): Promise<string> => {
  const { path, libraries } = await findRedisProgram(log)
  const folder = join(dir, 'programs')
  await mkdir(folder)
  const words = [...under, ...(libraries === null ? [] : ['env', `LD_LIBRARY_PATH=${libraries}`]), path]
  const line = words.map((word) => `'${word}'`).join(' ')
  await writeFile(join(folder, 'redis-server'), `#!/bin/sh\nexec ${line} "$@"\n`, { mode: 0o755 })
  return folder
}
