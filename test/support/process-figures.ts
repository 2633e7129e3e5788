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
