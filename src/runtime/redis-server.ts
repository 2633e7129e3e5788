import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { findFreePort } from './free-port.ts'
import { keepRunning } from './keep-running.ts'
import type { Running } from './keep-running.ts'
import type { Log } from './log.ts'
import { isServerOn, stopProcess } from './process-identity.ts'
import { findRedisProgram, redisEnvironment } from './redis-program.ts'
import type { RedisProgram } from './redis-program.ts'
import { SetupProblem } from './setup-problem.ts'
import { stopChild } from './stop-child.ts'
import { waitFor } from './stop-signal.ts'

/** A long log of votes takes its time to be read again. */
const readyWithinMs = 120_000
const pingWithinMs = 1_000
const portAttemptsMax = 3
const logTailCharacters = 2_000
const stopSteps = [
  { signal: 'SIGTERM', withinMs: 5_000 },
  { signal: 'SIGKILL', withinMs: 1_000 },
] as const

type RedisServerOptions = {
  /** Where it keeps its data; made when missing. One server per folder. */
  readonly dir: string
  readonly log: Log
  /** Cuts the start short; it does not stop a server that runs. */
  readonly signal?: AbortSignal
  /** Loopback port; one that is free when not given. */
  readonly port?: number
  /** Whether it is started again, on the same port, when it ends unasked. */
  readonly isRestarted?: boolean
  /** Redis's own options, after ours, for instance ['--appendfsync', 'everysec']. */
  readonly args?: readonly string[]
}

export type RedisServer = {
  readonly redisUrl: string
  readonly port: number
  readonly pid: () => number
  readonly stop: () => Promise<void>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/**
 * Starts a real Redis on this machine's loopback that keeps every accepted write over a crash, and keeps it running. Finds
 * the program, or fetches it. Throws a SetupProblem where its user can mend what is wrong.
 */
export const provideRedisServer = async (options: RedisServerOptions): Promise<RedisServer> => {
  const { log, signal, args = [], isRestarted = true } = options
  const dir = prepareFolder(options.dir)
  const program = await findRedisProgram(log, signal)
  await stopOrphan(dir, log)

  for (let attempt = 0; attempt < portAttemptsMax; attempt++) {
    const port = await findFreePort(attempt === 0 ? options.port : 0)
    const running = await launch(program, dir, port, args, signal)
    if (running === 'port_taken') continue
    log.debug({ serverPid: running.pid, port }, 'redis-server runs')

    const startAgain = async (stopping: AbortSignal): Promise<Running> => {
      const again = await launch(program, dir, port, args, stopping)
      if (again === 'port_taken') throw new Error(`another program has taken port ${port}`)
      return again
    }
    const server = keepRunning(running, { name: 'redis-server', log, stopSteps, startAgain, isRestarted })
    const { pid, stop } = server
    return { redisUrl: `redis://127.0.0.1:${port}`, port, pid, stop, [Symbol.asyncDispose]: stop }
  }
  throw new Error(`other programs took ${portAttemptsMax} ports, each just before redis-server could`)
}

/** Starts the server and waits until it answers. Says 'port_taken' where another program has the port. */
const launch = async (
  program: RedisProgram,
  dir: string,
  port: number,
  args: readonly string[],
  signal: AbortSignal | undefined,
): Promise<Running | 'port_taken'> => {
  const serverLog = join(dir, 'redis.log')
  const logBefore = existsSync(serverLog) ? statSync(serverLog).size : 0
  const child = spawnServer(program, dir, port, args)
  const { pid } = child
  if (pid !== undefined && (await becomesReady(child, port, signal))) return { child, pid }
  if (pid !== undefined) await stopChild(child, stopSteps)
  signal?.throwIfAborted()
  const lastWords = readFileSync(serverLog).subarray(logBefore).toString('utf8').slice(-logTailCharacters).trim()
  if (lastWords.includes('Address already in use')) return 'port_taken'
  throw new SetupProblem(
    `redis-server did not start. Its last words:\n${lastWords}`,
    `look into ${serverLog}; a full disk and a damaged append-only file are the usual causes`,
  )
}

const prepareFolder = (dir: string): string => {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 })
    return realpathSync(dir)
  } catch (cause) {
    throw new SetupProblem(
      `the folder ${dir} for redis-server cannot be made`,
      'make its parent writable for the user that starts Tallycast, or name another folder with DATA_DIR',
      { cause },
    )
  }
}

/** Two servers on one append-only file would ruin it, so one that a killed Tallycast left behind is stopped first. */
const stopOrphan = async (dir: string, log: Log): Promise<void> => {
  const pidFile = join(dir, 'redis.pid')
  if (!existsSync(pidFile)) return
  const pid = Number.parseInt(readFileSync(pidFile, 'utf8'), 10)
  const isOurs = isServerOn(pid, 'redis-server', dir) || isServerOn(pid, 'valkey-server', dir)
  if (!isOurs) return
  log.warn({ serverPid: pid }, 'a redis-server is left over from a Tallycast that was killed; stopping it')
  if (await stopProcess(pid, stopSteps)) return
  throw new SetupProblem(`a redis-server (process ${pid}) still runs on ${dir} and does not stop`, `kill -9 ${pid}`)
}

const spawnServer = (program: RedisProgram, dir: string, port: number, args: readonly string[]): ChildProcess => {
  const settings = {
    bind: '127.0.0.1',
    port: String(port),
    dir,
    pidfile: join(dir, 'redis.pid'),
    daemonize: 'no',
    appendonly: 'yes',
    appendfsync: 'always',
    'no-appendfsync-on-rewrite': 'no',
    save: '',
    'maxmemory-policy': 'noeviction',
  }
  const options = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])
  const serverLog = openSync(join(dir, 'redis.log'), 'a', 0o600)
  try {
    // A session of its own: Ctrl-C in the terminal reaches Tallycast alone, which stops its server last.
    return spawn(program.path, [...options, ...args], {
      cwd: dir,
      env: redisEnvironment(program),
      detached: true,
      stdio: ['ignore', serverLog, serverLog],
    })
  } finally {
    closeSync(serverLog)
  }
}

/** True when the server answers; false when it ended, the time was up or the stop was asked for before. */
const becomesReady = async (child: ChildProcess, port: number, signal: AbortSignal | undefined): Promise<boolean> => {
  let hasEnded = false
  const onEnd = (): void => {
    hasEnded = true
  }
  child.once('exit', onEnd)
  child.once('error', onEnd)
  const isSettled = async (): Promise<boolean> => hasEnded || (await answersPing(port))
  return (await waitFor(isSettled, { withinMs: readyWithinMs, signal })) && !hasEnded
}

/** False also while it still loads its data: then it answers -LOADING. */
const answersPing = async (port: number): Promise<boolean> => {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect({ host: '127.0.0.1', port, timeout: pingWithinMs })
  socket.on('connect', () => socket.write('PING\r\n'))
  socket.on('data', (answer) => resolve(answer.toString('latin1').startsWith('+PONG')))
  socket.on('timeout', () => resolve(false))
  socket.on('error', () => resolve(false))
  socket.on('close', () => resolve(false))
  try {
    return await promise
  } finally {
    socket.destroy()
  }
}
