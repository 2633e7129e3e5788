import { setTimeout as sleep } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { slotOf } from './key-slot.ts'
import type { ClusterMap } from './map.ts'
import { readRedirect, type Redirect, resolveRedirect } from './redirects.ts'
import { waitUntilReady } from '../connect.ts'
import type { InterruptionListener, Patience, RedisCluster, Work } from '../servers.ts'

/**
 * How often work is sent on, and how often it waits for a slot that is moving, before the caller hears that it cannot be done now. While
 * it waits it is sent on each time, too: to where some of its keys are.
 */
const timesMax = { moved: 5, ask: 25, again: 20 } satisfies Record<Redirect['type'], number>
const againMs = 25
/** How long a server that we were sent to may take until it is connected. */
const connectWithinMs = 500

/** One duty's connections to the servers of a cluster. */
export type ClusterServers = RedisCluster & { readonly stop: () => void }

/**
 * Sends work to the server that has the key.
 *
 * Work is repeated only where the server has refused it: MOVED, ASK and TRYAGAIN say that nothing was done. A connection that was lost
 * and an answer that does not come say nothing; only who asked knows whether it may ask again.
 */
export function createClusterServers(map: ClusterMap, open: (address: string) => Redis): ClusterServers {
  const connections = new Map<string, Redis>()
  const listeners = new Set<InterruptionListener>()
  /** Servers that we were sent to since the last look. One that is about to get its first slot is in no map yet. */
  const sentTo = new Set<string>()
  /** Where keys of a slot that is on its way were found last. */
  const guests = new Map<number, string>()
  let isStopped = false

  const interrupt: InterruptionListener = (isConcerned) => {
    for (const listener of listeners) listener(isConcerned)
  }

  function connectionTo(address: string): Redis {
    const known = connections.get(address)
    if (known !== undefined) return known
    const opened = open(address)
    connections.set(address, opened)
    opened.on('close', () => {
      interrupt((key) => map.ownerOf(key) === address || guests.get(slotOf(key)) === address)
      map.lookNow()
    })
    // The server has taken a subscription from us, because it no longer has the slot of its channel.
    opened.on('moved', () => map.lookNow())
    return opened
  }

  /** Where it is another server's than before, that one's replica may have taken over, with a shorter log. */
  function foundAt(slot: number, address: string): void {
    const before = guests.get(slot)
    guests.set(slot, address)
    if (before !== undefined && before !== address) interrupt((key) => slotOf(key) === slot)
  }

  async function workAt<T>(address: string, isAsked: boolean, work: Work<T>): Promise<T> {
    const redis = connectionTo(address)
    if (sentTo.has(address)) await waitUntilReady(redis, connectWithinMs)
    const ask = (): void => {
      // Where it fails, so does what follows on the same connection.
      if (isAsked) redis.asking().catch(() => undefined)
    }
    ask()
    return work(redis, ask)
  }

  async function at<T>(key: string, work: Work<T>, patience: Patience = 'waits'): Promise<T> {
    let asked: string | null = null
    const left = { ...timesMax, ...(patience === 'hears at once' && { again: 0 }) }
    for (;;) {
      const address: string | null = asked ?? map.ownerOf(key)
      if (address === null || isStopped) throw new Error('Connection is closed: no server has the slot')
      try {
        return await workAt(address, asked !== null, work)
      } catch (error) {
        const said = readRedirect(error)
        if (said === null) throw error
        const redirect = resolveRedirect(said, address)
        if (left[redirect.type] === 0) throw error
        left[redirect.type] -= 1
        asked = redirect.type === 'ask' ? redirect.address : null
        if (redirect.type !== 'again') sentTo.add(redirect.address)
        if (redirect.type === 'ask') foundAt(slotOf(key), redirect.address)
        if (redirect.type === 'moved') map.moved(redirect.slot, redirect.address)
        if (redirect.type === 'again') await sleep(againMs)
      }
    }
  }

  map.onLook(() => {
    if (isStopped) return
    for (const address of map.primaries()) connectionTo(address)
    for (const [address, connection] of connections) {
      if (map.has(address) || sentTo.has(address)) continue
      connection.disconnect()
      connections.delete(address)
    }
    sentTo.clear()
  })
  map.onMove(interrupt)
  return {
    at,
    primaries: () => map.primaries().map(connectionTo),
    replicas: map.replicas,
    onInterruption: (listener) => void listeners.add(listener),
    onLook: map.onLook,
    stop: () => {
      isStopped = true
      for (const connection of connections.values()) connection.disconnect()
    },
  }
}
