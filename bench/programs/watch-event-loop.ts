// Loaded into a process before its own code (NODE_OPTIONS=--import): for how long its event loop stood still. With SIGUSR2 it
// writes to a file of its number how long at most since the signal before, and begins anew.
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'

const everyMs = 1
const { TOLD_FOLDER } = process.env

if (TOLD_FOLDER !== undefined) {
  const path = join(TOLD_FOLDER, String(process.pid))
  // A timer of libuv: what it waits beyond its time, the loop could do nothing else either.
  const delays = monitorEventLoopDelay({ resolution: everyMs })
  /** Processor time of the main thread between two turns of a timer: what the loop stood still for by its own doing. */
  let [usedBefore, mostUsed] = [0, 0]
  let isWatching = false
  const used = (): number => {
    const { user, system } = process.threadCpuUsage()
    return (user + system) / 1000
  }
  const look = (): void => {
    const now = used()
    mostUsed = Math.max(mostUsed, now - usedBefore)
    usedBefore = now
  }
  process.on('SIGUSR2', () => {
    const blocks = { clockMs: Math.max(0, delays.max / 1e6 - everyMs), processorMs: mostUsed }
    writeFileSync(`${path}.new`, JSON.stringify(blocks))
    renameSync(`${path}.new`, path)
    delays.reset()
    delays.enable()
    mostUsed = 0
    usedBefore = used()
    if (!isWatching) setInterval(look, everyMs).unref()
    isWatching = true
  })
}
