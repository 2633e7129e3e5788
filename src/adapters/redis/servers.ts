import { Redis } from 'ioredis'

/**
 * Work on the connection to one server. Its first command is sent before it waits for anything; `ask` is called in front of each
 * further one, because a cluster that is moving the key refuses a command that nobody announced.
 */
export type Work<T> = (redis: Redis, ask: () => void) => Promise<T>

/** Whether work waits for keys that are on their way to another server, as long as a caller can, or its caller hears of it at once. */
export type Patience = 'waits' | 'hears at once'

/** Servers that share the keys between them. */
export type RedisCluster = {
  /** Does the work on the server that has the key; on another one, where the answer is that the key is there. */
  readonly at: <T>(key: string, work: Work<T>, patience?: Patience) => Promise<T>
  readonly primaries: () => readonly Redis[]
  /** To ask them about themselves: what they have of the keys may be old. */
  readonly replicas: () => readonly Redis[]
  /** Hears each time after which a key may be in a shorter log, and which: a connection was lost, or another server has its slot. */
  readonly onInterruption: (listener: InterruptionListener) => void
  /** Hears after each look at who has which slot, and whether that has changed. */
  readonly onLook: (listener: (hasChanged: boolean) => void) => void
}

export type InterruptionListener = (isConcerned: (key: string) => boolean) => void

/** What an adapter is given: a connection to the one Redis, or a cluster. */
export type Servers = Redis | RedisCluster

export function onServerOf<T>(servers: Servers, key: string, work: Work<T>, patience?: Patience): Promise<T> {
  return servers instanceof Redis ? work(servers, askNobody) : servers.at(key, work, patience)
}

/** For what any server may be asked: the one that has the key first, and while that is away one of the others. */
export async function onServerNear<T>(servers: Servers, key: string, work: Work<T>): Promise<T> {
  try {
    return await onServerOf(servers, key, work)
  } catch (error) {
    if (servers instanceof Redis) throw error
    try {
      return await Promise.any(servers.primaries().map((redis) => work(redis, askNobody)))
    } catch {
      throw error
    }
  }
}

export function onInterruption(servers: Servers, listener: InterruptionListener): void {
  if (servers instanceof Redis) servers.on('close', () => listener(() => true))
  else servers.onInterruption(listener)
}

/** One field of each of the hashes. Sent at once, which only one server can be asked for as a whole. */
export async function readFields(
  servers: Servers,
  fields: readonly (readonly [key: string, field: string])[],
): Promise<readonly (string | null)[]> {
  if (!(servers instanceof Redis)) {
    return Promise.all(fields.map(([key, field]) => servers.at(key, (redis) => redis.hget(key, field))))
  }
  const pipeline = servers.pipeline()
  for (const [key, field] of fields) pipeline.hget(key, field)
  const replies = (await pipeline.exec()) ?? []
  return fields.map((_field, at) => {
    const reply = replies[at]
    if (reply === undefined) throw new Error('a pipeline left a command without an answer')
    const [error, value] = reply
    if (error !== null) throw error
    return value as string | null // what HGET answers
  })
}

function askNobody(): void {
  // One Redis has every key, and moves none.
}
