import { spawn } from 'node:child_process'

/**
 * Runs beside a server until the pipe to our process breaks, however our process came to its end, even by `kill -9`. Then it
 * stops the server and removes its folder.
 */
const keeper = `
  read _ && exit
  kill -INT "$1" 2>/dev/null
  for _ in 1 2 3 4 5 6 7 8 9 10; do kill -0 "$1" 2>/dev/null || break; sleep 0.2; done
  kill -KILL "$1" 2>/dev/null
  rm -rf "$2"
`

export type Leash = { readonly release: () => void }

/** Makes sure that the server `pid` and its throw-away `folder` do not outlive this process. */
export const keepOnLeash = (pid: number, folder: string): Leash => {
  const child = spawn('/bin/sh', ['-c', keeper, 'leash', String(pid), folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  child.unref()
  // A released leash may be gone before it reads the line; that is all right.
  child.stdin.on('error', () => undefined)
  return { release: () => void child.stdin.end('released\n') }
}
