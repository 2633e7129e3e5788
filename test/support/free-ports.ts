import { once } from 'node:events'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { processIdentity } from '../../src/runtime/process-identity.ts'

/**
 * Below the range from which systems take the ports of outgoing connections: thousands of those come and go in a test, and
 * one of them could sit on the port of a server that is just being restarted.
 */
const firstPort = 20_000
const lastPort = 31_999
const triesMax = 1_000

/** A file for each port that was drawn, with the process that drew it. */
const drawnFolder = join(tmpdir(), `tallycast-test-ports-${userInfo().uid}`)

/** Ports of this machine that nobody listens on, each another one, which no other process of the tests draws while this one lives. */
export const findFreePorts = async (count: number): Promise<readonly number[]> => {
  const found: number[] = []
  for (let n = 0; n < count; n += 1) found.push(...(await findPortsInRow(1)))
  return found
}

/** The same for ports that follow each other. */
export const findPortsInRow = async (count: number): Promise<readonly number[]> => {
  for (let tries = 0; tries < triesMax; tries += 1) {
    const first = firstPort + Math.floor(Math.random() * (lastPort - firstPort + 2 - count))
    const ports = Array.from({ length: count }, (_, n) => first + n)
    if (ports.every(draw) && (await areFree(ports))) return ports
  }
  throw new Error(`${count} free ports in a row could not be found`)
}

/**
 * Whether the port is this draw's from now on. Servers listen on theirs a while after they were given it, and not while they are restarted: nobody
 * else must be given it in between.
 */
const draw = (port: number): boolean => {
  mkdirSync(drawnFolder, { recursive: true })
  const path = join(drawnFolder, String(port))
  for (let tries = 0; tries < 2; tries += 1) {
    try {
      writeFileSync(path, String(process.pid), { flag: 'wx' })
      return true
    } catch {
      if (isKept(path)) return false
      rmSync(path, { force: true })
    }
  }
  return false
}

const isKept = (path: string): boolean => {
  try {
    const pid = readFileSync(path, 'utf8')
    // Nothing stands in it yet: it is being written.
    return pid === '' || processIdentity(Number(pid)) !== null
  } catch {
    return false
  }
}

const areFree = async (ports: readonly number[]): Promise<boolean> => {
  const servers: Server[] = []
  try {
    for (const port of ports) {
      const server = createServer()
      servers.push(server)
      server.listen({ host: '127.0.0.1', port, exclusive: true })
      await once(server, 'listening')
    }
    return true
  } catch {
    return false // taken: the next ones
  } finally {
    for (const server of servers) server.close()
  }
}
