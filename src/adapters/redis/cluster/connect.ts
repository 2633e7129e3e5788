import type { Redis } from 'ioredis'
import { createClusterMap } from './map.ts'
import { type ClusterServers, createClusterServers } from './servers.ts'
import {
  openConnection,
  readyWithinMsDefault,
  type RedisConnections,
  type RedisSettings,
  waitUntilReady,
} from '../connect.ts'
import type { RedisCluster } from '../servers.ts'

export type ClusterSettings = Omit<RedisSettings, 'url'> & {
  /** Servers to ask first for all others, as URLs of one Redis each. Name, password and TLS of the first hold for all. */
  readonly seeds: readonly [string, ...string[]]
}

/** How long a server may take to say what it knows of the cluster. */
const mapTimeoutMs = 500

/** Opens connections to a cluster: one per duty and server. Each comes back by itself for as long as nobody calls `stop`. */
export function connectCluster(given: ClusterSettings): RedisConnections<RedisCluster> {
  const { seeds } = given
  let lastError: Error | undefined
  const settings: ClusterSettings = {
    ...given,
    onError: (duty, error) => {
      lastError = error
      given.onError?.(duty, error)
    },
  }
  const openTo = (duty: string, address: string, hasCommandTimeout = true): Redis =>
    openConnection({ ...settings, url: urlOf(seeds[0], address) }, duty, hasCommandTimeout)
  const map = createClusterMap(
    seeds.map(addressOf),
    (address) => openConnection({ ...settings, url: urlOf(seeds[0], address), commandTimeoutMs: mapTimeoutMs }, 'map'),
    () => lastError,
  )
  const serve = (duty: string): ClusterServers => createClusterServers(map, (address) => openTo(duty, address))
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
      const opened = openTo('reader', address, false)
      readers.set(opened, address)
      return opened
    },
    ready: async (withinMs = readyWithinMsDefault) => {
      await map.ready(withinMs)
      const all = Object.values(duties).flatMap((servers) => servers.primaries())
      await Promise.all(all.map((redis) => waitUntilReady(redis, withinMs)))
    },
    stop: () => {
      map.stop()
      for (const servers of Object.values(duties)) servers.stop()
    },
  }
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
