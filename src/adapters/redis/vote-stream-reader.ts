import type { Redis } from 'ioredis'
import type { EntryId } from '../../domain/position.ts'
import { DependencyUnavailable } from '../../ports/unavailable.ts'
import { type RedisConnections, waitUntilReady } from './connect.ts'

export type RawEntry = readonly [id: Buffer, fields: readonly Buffer[]]

type ReadLimits = { readonly entriesMax: number; readonly waitMs: number }

/** How much longer than it asked to wait a read may take before its connection is given up. */
const overrunMs = 1_000
const connectWithinMs = 1_000

/** Reads that wait: each stream has a connection of its own, because nothing else gets through while one waits. */
export function createStreamReaders(openReader: RedisConnections['openReader']) {
  const connections = new Map<string, Redis>()

  function connectionOf(stream: string): Redis {
    const known = connections.get(stream)
    const connection = openReader(stream, known)
    if (connection !== known) known?.disconnect()
    connections.set(stream, connection)
    return connection
  }

  function drop(stream: string, connection: Redis): void {
    connection.disconnect()
    if (connections.get(stream) === connection) connections.delete(stream)
  }

  async function readOn(connection: Redis, stream: string, after: EntryId, limits: ReadLimits) {
    await waitUntilReady(connection, connectWithinMs)
    return readEntries(connection, stream, after, limits)
  }

  return {
    /**
     * The entries after `after`, or none when the wait is over or the signal aborts. A connection on which a read is
     * still waiting is dropped at an abort, and when the read overruns: a client that lost its connection in the middle of
     * a wait may otherwise wait for ever, and a server that is stopped never says so.
     */
    async read(stream: string, after: EntryId, limits: ReadLimits, signal: AbortSignal): Promise<readonly RawEntry[]> {
      if (signal.aborted) return []
      const connection = connectionOf(stream)
      const { promise: ended, resolve } = Promise.withResolvers<'aborted' | 'overrun'>()
      const onAbort = (): void => resolve('aborted')
      const timer = setTimeout(() => resolve('overrun'), limits.waitMs + connectWithinMs + overrunMs)
      signal.addEventListener('abort', onAbort, { once: true })
      const reading = readOn(connection, stream, after, limits)
      try {
        const result = await Promise.race([reading, ended])
        if (typeof result !== 'string') return result
        // Its end comes with the connection's, and nobody is left to hear it.
        reading.catch(() => undefined)
        drop(stream, connection)
        if (result === 'aborted') return []
        throw new DependencyUnavailable('stream', `a read did not end ${overrunMs} ms after it should have`)
      } finally {
        clearTimeout(timer)
        signal.removeEventListener('abort', onAbort)
      }
    },
    stop(): void {
      for (const [stream, connection] of connections) drop(stream, connection)
    },
  }
}

async function readEntries(
  connection: Redis,
  stream: string,
  after: EntryId,
  { entriesMax, waitMs }: ReadLimits,
): Promise<readonly RawEntry[]> {
  // To Redis, BLOCK 0 means to wait for ever.
  const wait = waitMs > 0 ? ['BLOCK', Math.ceil(waitMs)] : []
  const reply = await connection.callBuffer('XREAD', ['COUNT', entriesMax, ...wait, 'STREAMS', stream, after])
  // The cast names the form of the answer: null, or the one stream with its entries.
  const [found] = (reply ?? []) as readonly (readonly [Buffer, readonly RawEntry[]])[]
  return found?.[1] ?? []
}
