import type { ViewerCounts } from '../../ports/viewer-counts.ts'
import { orUnavailable } from './faults.ts'
import type { Keys } from './keys.ts'
import { loadScript } from './scripts.ts'
import { onServerOf, readFields, type Servers } from './servers.ts'

const tellScript = loadScript('viewers-tell')

/** Viewers in Redis: a hash for each process, which expires as a whole, and the names of those that have one. */
export function createViewerCounts(servers: Servers, keys: Pick<Keys, 'viewersAt' | 'viewingProcesses'>): ViewerCounts {
  return {
    tell: (processId, changed, keptMs) =>
      orUnavailable('cache', async () => {
        const names = [keys.viewersAt(processId), keys.viewingProcesses]
        return (await tellScript(servers, names, [processId, keptMs, ...changed.flatMap((each) => [...each])])) === 1
      }),
    read: (pollId) =>
      orUnavailable('cache', async () => {
        const { viewingProcesses } = keys
        const processes = await onServerOf(servers, viewingProcesses, (redis) =>
          redis.zrange(viewingProcesses, '0', '-1'),
        )
        const viewers = await readFields(
          servers,
          processes.map((processId) => [keys.viewersAt(processId), pollId]),
        )
        return viewers.reduce((sum, each) => sum + Number(each ?? 0), 0)
      }),
  }
}
