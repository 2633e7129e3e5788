import pg from 'pg'
import { createDoorRestoration } from '../../src/adapters/postgres/door-restoration.ts'
import { createListener } from '../../src/adapters/postgres/listen.ts'
import { createTallyCache } from '../../src/adapters/postgres/tally-cache.ts'
import { createTallyFeed } from '../../src/adapters/postgres/tally-feed.ts'
import { createViewerCounts } from '../../src/adapters/postgres/viewer-counts.ts'
import { createVoteDoor } from '../../src/adapters/postgres/vote-door.ts'
import { createVoteStream } from '../../src/adapters/postgres/vote-stream.ts'
import { parseEntryId } from '../../src/domain/position.ts'
import type { AdapterOptions, Adapters } from './adapters.ts'
import { createTestDatabase } from './postgres.ts'
import { startTcpProxy } from './tcp-proxy.ts'

/** The adapters of life without Redis. News arrives through a proxy that the test can break. */
async function create(options: AdapterOptions = {}): Promise<Adapters> {
  const database = await createTestDatabase()
  const listenerUrl = new URL(database.databaseUrl)
  const proxy = await startTcpProxy(listenerUrl.hostname, Number(listenerUrl.port))
  listenerUrl.host = `127.0.0.1:${proxy.port}`

  const pool = new pg.Pool({ connectionString: database.databaseUrl, max: 4 })
  pool.on('error', () => undefined)
  const listener = createListener({ connectionString: listenerUrl.href })
  const occurrences = (text: string): number => proxy.sent().split(text).length - 1
  return {
    door: createVoteDoor(pool, options),
    restoration: createDoorRestoration(pool),
    stream: createVoteStream(pool, listener),
    cache: createTallyCache(pool),
    feed: createTallyFeed(pool, listener),
    viewerCounts: createViewerCounts(pool),
    takeOut: async (partition, entries) => {
      const numbers = entries.map((entry) => parseEntryId(entry)[0])
      await pool.query('delete from vote_event where partition = $1 and number = any ($2)', [partition, numbers])
    },
    cutFeed: async () => proxy.cut(),
    countSubscriptions: async (pollId) => {
      const ends = occurrences(`unlisten "poll_updates_${pollId}"`)
      return occurrences(`listen "poll_updates_${pollId}"`) - 2 * ends
    },
    stop: async () => {
      await listener.stop()
      await pool.end()
      await proxy.stop()
      await database.drop()
    },
  }
}

export const postgres = { name: 'postgres', create }
