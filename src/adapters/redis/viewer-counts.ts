import type { Redis } from 'ioredis'
import type { ViewerCounts } from '../../ports/viewer-counts.ts'
import { orUnavailable } from './faults.ts'
import type { Keys } from './keys.ts'
import { loadScript } from './scripts.ts'

const tellScript = loadScript('viewers-tell')

/** Viewers in Redis: a hash for each process, which expires as a whole, and the names of those that have one. */
export function createViewerCounts(redis: Redis, keys: Pick<Keys, 'viewersAt' | 'viewingProcesses'>): ViewerCounts {
  return {
    tell: (processId, changed, keptMs) =>
      orUnavailable('cache', async () => {
        const names = [keys.viewersAt(processId), keys.viewingProcesses]
        return (await tellScript(redis, names, [processId, keptMs, ...changed.flatMap((each) => [...each])])) === 1
      }),
    read: (pollId) =>
      orUnavailable('cache', async () => {
        const pipeline = redis.pipeline()
        for (const processId of await redis.zrange(keys.viewingProcesses, '0', '-1'))
          pipeline.hget(keys.viewersAt(processId), pollId)
        const replies = (await pipeline.exec()) ?? []
        return replies.reduce((sum, [error, viewers]) => {
          if (error !== null) throw error
          return sum + Number(viewers ?? 0)
        }, 0)
      }),
  }
}
