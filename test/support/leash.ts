import { spawn } from 'node:child_process'
import { join } from 'node:path'

/**
 * Runs beside a server until the pipe to our process breaks, however our process came to its end, even by `kill -9`. Then it
 * stops what the pid file names, with processes of its own that stand still and cannot follow it, and removes the folder.
 */
const keeper = `
  read _ && exit
  sleep 0.5 # a server that was only just started has written its pid file by then
  read pid 2>/dev/null <"$2" && children=$(cat "/proc/$pid/task/$pid/children" 2>/dev/null)
  [ -n "$pid" ] && kill -INT "$pid" 2>/dev/null &&
    for _ in 1 2 3 4 5 6 7 8 9 10; do kill -0 "$pid" 2>/dev/null || break; sleep 0.2; done &&
    kill -KILL "$pid" $children 2>/dev/null
  rm -rf "$1"
`

export type Leash = { readonly release: () => void }

/**
 * Makes sure that a throw-away folder, and the server whose pid stands in `pidFile` below it, do not outlive this process.
 * To be called before the server starts, so that there is no moment in which it could be forgotten.
 */
export const keepOnLeash = (folder: string, pidFile: string): Leash => {
  const child = spawn('/bin/sh', ['-c', keeper, 'leash', folder, join(folder, pidFile)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  child.unref()
  // A released leash may be gone before it reads the line; that is all right.
  child.stdin.on('error', () => undefined)
  return { release: () => void child.stdin.end('released\n') }
}
