import { setTimeout as sleep } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { DependencyUnavailable } from '../../../ports/unavailable.ts'
import { createClusterMap } from './map.ts'
import { type ClusterServers, createClusterServers } from './servers.ts'
import { openConnection, readyWithinMsDefault, type RedisConnections, type RedisSettings } from '../connect.ts'
import type { RedisCluster } from '../servers.ts'

export type ClusterSettings = Omit<RedisSettings, 'url'> & {
  /** Servers to ask first for all others, as URLs of one Redis each. Name, password and TLS of the first hold for all. */
  readonly seeds: readonly [string, ...string[]]
}

/** How long a server may take to say what it knows of the cluster. */
const mapTimeoutMs = 500
/** How long a start waits for the rest of the cluster once some of it serves. */
const restWithinMs = 2_000
const readyLookMs = 50

/**
 * Opens connections to a cluster: one per duty and server. Each comes back by itself for as long as nobody calls `stop`.
 *
 * `ready` is content with a part of the cluster: while one primary is away the partitions of all others can be served, and a process that
 * had to wait for it could not be started, or restarted, in the very outage in which it is wanted.
 */
export function connectCluster(settings: ClusterSettings): RedisConnections<RedisCluster> {
  const { seeds } = settings
  const seedAddresses = seeds.map(addressOf)
  /** What went wrong last with each server. */
  const faults = new Map<string, unknown>()
  const onFault = (address: string, fault: unknown): void => void faults.set(address, fault)
  const openTo = (address: string, duty: string, own: Partial<RedisSettings> = {}, hasCommandTimeout = true): Redis => {
    const onError = (_duty: string, error: Error): void => {
      onFault(address, error)
      settings.onError?.(`${duty} at ${address}`, error)
    }
    const url = urlOf(seeds[0], address)
    const redis = openConnection({ ...settings, url, onError, ...own }, duty, hasCommandTimeout)
    redis.once('end', () => faults.delete(address))
    return redis
  }
  const map = createClusterMap(
    seedAddresses,
    (address) => openTo(address, 'map', { commandTimeoutMs: mapTimeoutMs }),
    onFault,
  )
  const serve = (duty: string): ClusterServers => createClusterServers(map, (address) => openTo(address, duty))
  const duties = {
    commands: serve('commands'),
    cache: serve('cache'),
    publisher: serve('publisher'),
    subscriber: serve('subscriber'),
  }
  /** Where each connection of a reader leads. */
  const readers = new WeakMap<Redis, string>()
  return {
    ...duties,
    openReader: (key, known) => {
      const address = map.ownerOf(key)
      if (address === null) throw new Error('Connection is closed: no server has the slot')
      if (known !== undefined && readers.get(known) === address) return known
      const opened = openTo(address, 'reader', {}, false)
      readers.set(opened, address)
      return opened
    },
    ready: async (withinMs = readyWithinMsDefault) => {
      const since = performance.now()
      for (;;) {
        const waitedMs = performance.now() - since
        const primaries = map.primaries()
        const serving = countServing(Object.values(duties))
        const isWhole = map.isWell() && serving === primaries.length
        if (serving > 0 && (isWhole || waitedMs >= Math.min(restWithinMs, withinMs))) return
        if (waitedMs >= withinMs) throw noneServes(primaries.length > 0 ? primaries : seedAddresses, faults, withinMs)
        map.lookNow()
        await sleep(readyLookMs)
      }
    },
    stop: () => {
      map.stop()
      for (const servers of Object.values(duties)) servers.stop()
    },
  }
}

/** How many primaries serve each of the duties. */
function countServing(duties: readonly ClusterServers[]): number {
  const [first = [], ...others] = duties.map((servers) => servers.primaries().map((redis) => redis.status === 'ready'))
  return first.filter((isReady, at) => isReady && others.every((other) => other[at])).length
}

/** Names who was asked, and what came of it. */
function noneServes(addresses: readonly string[], faults: ReadonlyMap<string, unknown>, withinMs: number): Error {
  const causes = addresses.map((address) => {
    const fault = faults.get(address)
    return `${address}: ${fault instanceof Error ? fault.message || fault.name : 'no answer'}`
  })
  const cause = new Error(causes.join('; '))
  return new DependencyUnavailable('stream', `no server of the cluster served within ${withinMs} ms`, { cause })
}

const portDefault = 6379

function addressOf(url: string): string {
  const { hostname, port } = new URL(url)
  return `${hostname.replace(/^\[|\]$/g, '')}:${port || portDefault}`
}

/** The URL of the seed, with another server in it. */
function urlOf(seed: string, address: string): string {
  const url = new URL(seed)
  const [host, port] = [address.slice(0, address.lastIndexOf(':')), address.slice(address.lastIndexOf(':') + 1)]
  url.host = `${host.includes(':') ? `[${host}]` : host}:${port}`
  return url.href
}
