// A worker of a version to come, which understands the entry format 2: for the tests the same bytes as format 1.
import { Redis } from 'ioredis'
import { createKeys } from '../../../src/adapters/redis/keys.ts'
import { decodeEntry, ENTRY_FORMAT_VERSION } from '../../../src/adapters/vote-entry.ts'
import { runProcess } from '../../../src/main/role.ts'
import { runWorker } from '../../../src/main/worker.ts'
import type { StreamEntry, VoteStream } from '../../../src/ports/vote-stream.ts'

await runProcess('worker', async (context, onReady) => {
  const { config, adapters } = context
  if (config.redisUrl === null) throw new Error('this worker is for the full profile')
  const redis = new Redis(config.redisUrl)
  const keys = createKeys(config.redisPrefix)

  async function readNewer(partition: number, entry: StreamEntry): Promise<StreamEntry> {
    if (entry.content.type !== 'newer') return entry
    const [found] = await redis.xrangeBuffer(keys.stream(partition), entry.id, entry.id)
    const fields = found?.[1] ?? []
    const at = fields.findIndex((name, index) => index % 2 === 0 && name.toString() === 'v')
    const votes = fields[at + 1] ?? null
    return { ...entry, content: decodeEntry({ formatVersion: ENTRY_FORMAT_VERSION, votes, close: null }) }
  }
  const stream: VoteStream = {
    ...adapters.stream,
    read: async (partition, ...asked) => {
      const entries = await adapters.stream.read(partition, ...asked)
      return Promise.all(entries.map(async (entry) => readNewer(partition, entry)))
    },
  }
  await runWorker({ ...context, adapters: { ...adapters, stream } }, onReady)
  redis.disconnect()
})
