import type { Client } from '../../client/src/client.ts'
import type { WatchListener } from '../../client/src/watch.ts'

/** Watches until the watch ends by itself, because the poll is final or gone or the service refuses; or until `signal` ends it. */
export async function followPoll(
  client: Client,
  pollId: string,
  { onTally, onStatus }: WatchListener,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted) return
  await new Promise<void>((resolve) => {
    const watch = client.watch(pollId, {
      onTally,
      onStatus(status) {
        onStatus?.(status)
        if (status === 'closed') leave()
      },
    })
    const leave = (): void => {
      signal.removeEventListener('abort', leave)
      watch.stop()
      resolve()
    }
    signal.addEventListener('abort', leave)
  })
}
