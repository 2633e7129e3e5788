import { once } from 'node:events'
import { createServer, type Server } from 'node:net'

/**
 * Below the range from which systems take the ports of outgoing connections: thousands of those come and go in a test, and
 * one of them could sit on the port of a server that is just being restarted.
 */
const firstPort = 20_000
const portsMax = 6_000
/** Beside each port there is one on which whoever has found it listens. */
const guardsFrom = firstPort + portsMax
const triesMax = 1_000

/**
 * Ports of this machine that nobody listens on, each another one. For as long as this process lives nobody else finds them here: a
 * server may come to its port seconds later, or again, and other test files look for ports meanwhile.
 */
export const findFreePorts = async (count: number): Promise<readonly number[]> => {
  const found: number[] = []
  for (let n = 0; n < count; n += 1) found.push(...(await findPortsInRow(1)))
  return found
}

/** The same for ports that follow each other. */
export const findPortsInRow = async (count: number): Promise<readonly number[]> => {
  for (let tries = 0; tries < triesMax; tries += 1) {
    const first = Math.floor(Math.random() * (portsMax - count + 1))
    const row = Array.from({ length: count }, (_, n) => first + n)
    const guards = await listenOnAll(row.map((nth) => guardsFrom + nth))
    if (guards === null) continue
    const ports = row.map((nth) => firstPort + nth)
    const servers = await listenOnAll(ports)
    await closeAll(servers ?? guards)
    if (servers === null) continue
    for (const guard of guards) guard.unref()
    return ports
  }
  throw new Error(`${count} free ports in a row could not be found`)
}

/** Null where somebody listens on one of them already. */
const listenOnAll = async (ports: readonly number[]): Promise<readonly Server[] | null> => {
  const servers: Server[] = []
  for (const port of ports) {
    const server = createServer()
    try {
      server.listen({ host: '127.0.0.1', port, exclusive: true })
      await once(server, 'listening')
    } catch {
      await closeAll(servers)
      return null
    }
    servers.push(server)
  }
  return servers
}

const closeAll = async (servers: readonly Server[]): Promise<void> => {
  const closed = servers.map((server) => once(server, 'close'))
  for (const server of servers) server.close()
  await Promise.all(closed)
}
