import { sleep } from '../../src/runtime/stop-signal.ts'

const sliceMs = 20

/**
 * Lets so much time pass in which this process, and whatever runs in it, could work: for as long as the machine stands still, that
 * counts for one slice.
 */
export const letPass = async (ms: number): Promise<void> => {
  for (let passedMs = 0; passedMs < ms; passedMs += sliceMs) await sleep(sliceMs)
}
