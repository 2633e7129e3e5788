import { Redis } from 'ioredis'
import { DependencyUnavailable } from '../../ports/unavailable.ts'
import type { Servers } from './servers.ts'

export type RedisSettings = {
  readonly url: string
  /** How long a command may go without an answer, in milliseconds. */
  readonly commandTimeoutMs?: number
  /** Hears of lost connections and failed attempts, in a cluster also of which server; the next attempt follows by itself. */
  readonly onError?: (duty: string, error: Error) => void
}

/** One connection per duty (in a cluster, per duty and server), so that none waits behind another's commands. */
export type RedisConnections<Of extends Servers = Redis> = {
  /** Votes and doors, and what a worker asks of the stream without waiting. */
  readonly commands: Of
  readonly cache: Of
  readonly publisher: Of
  readonly subscriber: Of
  /**
   * A connection of its own for reads of this key that wait: `known` where that still leads to the server that has it, else
   * another. The caller disconnects both.
   */
  readonly openReader: (key: string, known?: Redis) => Redis
  /** Resolves when all connections serve; throws `DependencyUnavailable` when they do not within the time. */
  readonly ready: (withinMs?: number) => Promise<void>
  readonly stop: () => void
}

const commandTimeoutMsDefault = 2_000
export const readyWithinMsDefault = 10_000
const connectTimeoutMs = 5_000
/** Redis guesses how long it will go on loading its data, and guesses badly: it is asked again after this at the latest. */
const loadingLookMs = 1_000
const reconnectMs = { least: 20, doublesFrom: 50, most: 2_000 }

/** Opens the connections. Each comes back by itself for as long as nobody calls `stop`. */
export function connectRedis(settings: RedisSettings): RedisConnections {
  const duties = {
    commands: openConnection(settings, 'commands'),
    cache: openConnection(settings, 'cache'),
    publisher: openConnection(settings, 'publisher'),
    subscriber: openConnection(settings, 'subscriber'),
  }
  return {
    ...duties,
    // A read may wait longer than any command should take: its reader watches the time.
    openReader: (_key, known) => known ?? openConnection(settings, 'reader', false),
    ready: async (withinMs = readyWithinMsDefault) => {
      await Promise.all(Object.values(duties).map((redis) => waitUntilReady(redis, withinMs)))
    },
    stop: () => {
      for (const redis of Object.values(duties)) redis.disconnect()
    },
  }
}

/** What went wrong last with each connection since it served. */
const lastErrors = new WeakMap<Redis, Error>()

/** What the server answered to whoever it does not let in, if that is why the connection does not serve. */
export function refusalOf(redis: Redis): string | null {
  const message = lastErrors.get(redis)?.message ?? ''
  return /\b(?:WRONGPASS|NOAUTH|NOPERM)\b/.test(message) ? message : null
}

/** Waits until the connection serves; throws `DependencyUnavailable`, with what went wrong, when it does not within the time, or is closed. */
export async function waitUntilReady(redis: Redis, withinMs: number): Promise<void> {
  if (redis.status === 'ready') return
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const timer = setTimeout(resolve, withinMs, false)
  const waiters = waitersOf(redis)
  waiters.add(resolve)
  const isReady = await promise
  clearTimeout(timer)
  waiters.delete(resolve)
  if (isReady) return
  const { host, port } = redis.options
  const cause = lastErrors.get(redis)
  throw new DependencyUnavailable('stream', `Redis at ${host}:${port} did not serve within ${withinMs} ms`, { cause })
}

type Waiter = (isReady: boolean) => void

const waitersByConnection = new WeakMap<Redis, Set<Waiter>>()

/** Any number may wait for a server that is gone, at every look and with every vote: the connection has one listener for them all. */
function waitersOf(redis: Redis): Set<Waiter> {
  const known = waitersByConnection.get(redis)
  if (known !== undefined) return known
  const waiters = new Set<Waiter>()
  waitersByConnection.set(redis, waiters)
  const tell = (isReady: boolean): void => {
    for (const waiter of waiters) waiter(isReady)
  }
  redis.on('ready', () => tell(true))
  redis.on('end', () => tell(false))
  return waiters
}

/** Milliseconds since 1970 by the clock of Redis. */
export async function readClock(redis: Redis): Promise<number> {
  const [seconds, microseconds] = await redis.time()
  return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000)
}

/** Opens a connection to one server. */
export function openConnection(settings: RedisSettings, duty: string, hasCommandTimeout = true): Redis {
  const commandTimeout = settings.commandTimeoutMs ?? commandTimeoutMsDefault
  const redis = new Redis(settings.url, {
    connectionName: `tallycast-${duty}`,
    // A right more than a user needs, for what nobody reads.
    disableClientInfo: true,
    // Answers keep one form, whatever the server offers.
    protocol: 2,
    connectTimeout: connectTimeoutMs,
    // Two commands' time without a byte, while somebody waits for one: the other side is gone without a word.
    ...(hasCommandTimeout ? { commandTimeout, socketTimeout: 2 * commandTimeout } : {}),
    // While Redis is away, callers hear so at once; nothing piles up here.
    enableOfflineQueue: false,
    // A write whose answer was lost may have happened. Only who asked knows whether it may be repeated.
    autoResendUnfulfilledCommands: false,
    // Zero: a lost connection answers what waits on it at once. With null the promises would never settle.
    maxRetriesPerRequest: 0,
    // The feed subscribes again itself, because its listeners must hear of the gap.
    autoResubscribe: false,
    enableAutoPipelining: false,
    retryStrategy: reconnectAfterMs,
    maxLoadingRetryTime: loadingLookMs,
    // After a failover the old primary answers so until the connection is made anew.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  })
  redis.on('ready', () => lastErrors.delete(redis))
  redis.on('error', (error: Error) => {
    lastErrors.set(redis, error)
    settings.onError?.(duty, error)
  })
  return redis
}

/** With jitter, so that processes that lost the same Redis do not all come back in the same moment. */
function reconnectAfterMs(attempt: number): number {
  const ceiling = Math.min(reconnectMs.most, reconnectMs.doublesFrom * 2 ** Math.min(attempt, 10))
  return reconnectMs.least + Math.floor(Math.random() * (ceiling - reconnectMs.least))
}
