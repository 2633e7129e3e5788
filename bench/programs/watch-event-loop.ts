// Loaded into a process before its own code (NODE_OPTIONS=--import): for how long its event loop stood still. With SIGUSR2 it
// writes to a file of its number how long at most since the signal before, and begins anew.
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'

const resolution = 1
const { EVENT_LOOP_FOLDER } = process.env

if (EVENT_LOOP_FOLDER !== undefined) {
  const path = join(EVENT_LOOP_FOLDER, String(process.pid))
  // A timer of libuv: what it waits beyond its time, the loop could do nothing else either.
  const delays = monitorEventLoopDelay({ resolution })
  process.on('SIGUSR2', () => {
    const blockedMs = Math.max(0, delays.max / 1e6 - resolution)
    writeFileSync(`${path}.new`, String(blockedMs))
    renameSync(`${path}.new`, path)
    delays.reset()
    delays.enable()
  })
}
