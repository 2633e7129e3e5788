import { readFileSync } from 'node:fs'

/** The memory that a process holds now, in MiB. */
export const residentMiB = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024

/** The connections to and from the process whose operators' side answers here, as its metrics say. */
export const countConnections = async (opsUrl: string): Promise<number> => {
  const text = await (await fetch(`${opsUrl}/metrics`)).text()
  const found = /^nodejs_active_resources\{[^}]*type="TCPSocketWrap"[^}]*\} (\d+)/m.exec(text)?.[1]
  if (found === undefined) throw new Error(`these metrics tell too little:\n${text}`)
  return Number(found)
}

/**
 * How many of the connections from these ports of this machine the server at this address still holds: the other end may have
 * hung up, it itself has not.
 */
export const heldConnections = (url: string, fromPorts: readonly number[]): number => {
  const wanted = new Set(fromPorts)
  const server = Number(new URL(url).port)
  const portIn = (address = ''): number => Number.parseInt(address.slice(address.indexOf(':') + 1), 16)
  // Established, and closed by the other end alone.
  const held = ['01', '08']
  return readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(
      ([, local, remote, state = '']) => held.includes(state) && portIn(local) === server && wanted.has(portIn(remote)),
    ).length
}

/** The processes that this one has started and that still are there. */
export const childrenOf = (pid: number): readonly number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)

/** The program that it runs, with its words. */
export const commandOf = (pid: number): string => readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
