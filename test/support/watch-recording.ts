import type { Pool } from 'pg'
import { sleep } from '../../src/runtime/stop-signal.ts'

export type RecordingWatch = {
  /** The longest that a checkpoint stood still, over all partitions. Ends the watching. */
  readonly longestPauseMs: () => Promise<number>
}

const lookEveryMs = 20

/** Watches how the checkpoints move on while votes arrive. To be ended before the votes are. */
export const watchRecording = (pool: Pool): RecordingWatch => {
  const ending = new AbortController()
  const moved = new Map<number, { readonly recorded: string; readonly at: number }>()
  let longestMs = 0

  const look = async (): Promise<void> => {
    const { rows } = await pool.query<{ partition: number; recorded: string }>(
      'select partition, recorded from checkpoint',
    )
    const at = performance.now()
    for (const { partition, recorded } of rows) {
      const last = moved.get(partition)
      if (last !== undefined) longestMs = Math.max(longestMs, at - last.at)
      if (last?.recorded !== recorded) moved.set(partition, { recorded, at })
    }
  }
  const watch = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      await look()
      await sleep(lookEveryMs, ending.signal)
    }
  }
  const watching = watch()
  return {
    async longestPauseMs() {
      ending.abort()
      await watching
      return longestMs
    },
  }
}
