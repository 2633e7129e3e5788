import type { Redis } from 'ioredis'
import { isUnavailable } from '../../../ports/unavailable.ts'
import { waitUntilReady } from '../connect.ts'
import { slotOf } from './key-slot.ts'
import { addressSaid } from './redirects.ts'

/** Which server has which slot. Servers are called by their address, host:port. */
export type ClusterMap = {
  /** The primary that has the key; null while nobody says that one has. */
  readonly ownerOf: (key: string) => string | null
  readonly primaries: () => readonly string[]
  /** The connections over which the replicas are asked, each of which may be a primary soon. */
  readonly replicas: () => readonly Redis[]
  /** Whether it is said that all slots are served. */
  readonly isWell: () => boolean
  /** Whether the cluster knows this server, as whatever. */
  readonly has: (address: string) => boolean
  /** What a server said of a slot counts until the next look. */
  readonly moved: (slot: number, address: string) => void
  /** Hears which keys another server has than before, from whomever that is known. */
  readonly onMove: (listener: (hasMoved: (key: string) => boolean) => void) => void
  /** Looks soon, not at the next turn. */
  readonly lookNow: () => void
  /** Hears after each look, and whether a slot has another owner since the one before. */
  readonly onLook: (listener: (hasChanged: boolean) => void) => void
  readonly stop: () => void
}

type Range = { readonly first: number; readonly last: number; readonly address: string }

/** What one server says. */
type Said = {
  readonly isWell: boolean
  readonly ranges: readonly Range[]
  readonly addresses: readonly string[]
  /** The ranges as one text, to compare them. */
  readonly text: string
}

const lookEveryMs = 1_000
const answerWithinMs = 500

/**
 * Keeps asking the servers who has which slot.
 *
 * A server that is cut off from the others goes on saying what it knew last, and for a moment after a failover some have not heard of it. So
 * all are asked, and what most of those say that call the cluster well is taken; no answer is waited for once more than half of all have given theirs.
 * A map that is late costs a redirect, not a vote.
 */
export function createClusterMap(
  seeds: readonly string[],
  open: (address: string) => Redis,
  onFault: (address: string, fault: unknown) => void,
): ClusterMap {
  const connections = new Map<string, Redis>()
  const listeners = new Set<(hasChanged: boolean) => void>()
  const moveListeners = new Set<Parameters<ClusterMap['onMove']>[0]>()
  let owners: (string | undefined)[] = []
  let known: Said = { isWell: false, ranges: [], addresses: [], text: '' }
  let looking: Promise<void> | null = null
  let isStopped = false
  let hasMoved = false

  function connectionTo(address: string): Redis {
    const connection = connections.get(address) ?? open(address)
    connections.set(address, connection)
    return connection
  }

  async function ask(address: string): Promise<Said | null> {
    try {
      const redis = connectionTo(address)
      await waitUntilReady(redis, answerWithinMs)
      const [info, slots] = await Promise.all([redis.cluster('INFO'), redis.cluster('SLOTS')])
      return readSaid(info, slots, address)
    } catch (error) {
      // What failed on the way there the connection tells by itself.
      if (!isUnavailable(error)) onFault(address, error)
      return null
    }
  }

  async function look(): Promise<void> {
    let said = mostSaid(await hearMost(known.addresses.map(ask)))
    if (isStopped) return
    // All have other addresses by now, or this is the first look.
    said ??= mostSaid(await hearMost(seeds.map(ask)))
    if (said === null || isStopped) return
    const hasChanged = hasMoved || said.text !== known.text
    hasMoved = false
    known = said
    if (hasChanged) readOwners(said.ranges)
    for (const [address, connection] of connections) {
      if (said.addresses.includes(address)) continue
      connection.disconnect()
      connections.delete(address)
    }
    for (const listener of listeners) listener(hasChanged)
  }

  function tellMoved(isOther: (slot: number) => boolean): void {
    for (const listener of moveListeners) listener((key) => isOther(slotOf(key)))
  }

  function readOwners(ranges: readonly Range[]): void {
    const before = owners
    owners = listOwners(ranges)
    tellMoved((slot) => before[slot] !== owners[slot])
  }

  function lookNow(): void {
    if (isStopped || looking !== null) return
    looking = look().finally(() => (looking = null))
  }

  const listPrimaries = (): readonly string[] => [...new Set(known.ranges.map(({ address }) => address))]

  const timer = setInterval(lookNow, lookEveryMs)
  lookNow()
  return {
    ownerOf: (key) => owners[slotOf(key)] ?? null,
    primaries: listPrimaries,
    replicas: () => {
      const primaries = listPrimaries()
      return known.addresses.filter((address) => !primaries.includes(address)).map(connectionTo)
    },
    isWell: () => known.isWell,
    has: (address) => known.addresses.includes(address),
    moved: (slot, address) => {
      hasMoved = true
      lookNow()
      if (owners[slot] === address) return
      owners[slot] = address
      tellMoved((other) => other === slot)
    },
    onMove: (listener) => void moveListeners.add(listener),
    lookNow,
    onLook: (listener) => void listeners.add(listener),
    stop: () => {
      isStopped = true
      clearInterval(timer)
      for (const connection of connections.values()) connection.disconnect()
    },
  }
}

/** Resolves once more than half of all have answered, or none is left to. */
async function hearMost(asked: readonly Promise<Said | null>[]): Promise<readonly Said[]> {
  const heard: Said[] = []
  const { promise: isEnough, resolve } = Promise.withResolvers<void>()
  const hear = async (answer: Promise<Said | null>): Promise<void> => {
    const said = await answer
    if (said !== null) heard.push(said)
    if (2 * heard.length > asked.length) resolve()
  }
  await Promise.race([isEnough, Promise.all(asked.map(hear))])
  return [...heard]
}

function mostSaid(heard: readonly Said[]): Said | null {
  const well = heard.filter(({ isWell }) => isWell)
  const counted = well.length > 0 ? well : heard
  const timesSaid = ({ text }: Said): number => counted.filter((other) => other.text === text).length
  return counted.toSorted((a, b) => timesSaid(b) - timesSaid(a))[0] ?? null
}

type ServerSaid = readonly [host: string | null, port: number, ...unknown[]]

/** First slot, last slot, then the primary and its replicas, each with host and port first. */
type SlotsItem = readonly [first: number, last: number, ...servers: ServerSaid[]]

/** Throws where a primary has no address: slots that nobody can call are no answer, and the map stays as it was. */
export function readSaid(info: string, slots: readonly SlotsItem[], askedAddress: string): Said {
  const addressOf = ([host, port]: ServerSaid): string | null => addressSaid(host, port, askedAddress)
  const ranges = slots
    .map(([first, last, primary]) => {
      const address = primary === undefined ? null : addressOf(primary)
      if (address !== null) return { first, last, address }
      throw new Error(
        `${askedAddress} gives no name for the server of slots ${first}-${last}: cluster-announce-hostname is missing there`,
      )
    })
    .toSorted((a, b) => a.first - b.first)
  const addresses = slots.flatMap(([, , ...servers]) => servers.map(addressOf)).filter((address) => address !== null)
  return {
    isWell: info.includes('cluster_state:ok'),
    ranges,
    addresses: [...new Set(addresses)],
    text: ranges.map(({ first, last, address }) => `${first}-${last} ${address}`).join(),
  }
}

function listOwners(ranges: readonly Range[]): (string | undefined)[] {
  const owners: (string | undefined)[] = []
  for (const { first, last, address } of ranges) {
    for (let slot = first; slot <= last; slot += 1) owners[slot] = address
  }
  return owners
}
