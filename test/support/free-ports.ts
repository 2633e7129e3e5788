import { once } from 'node:events'
import { createServer, type Server } from 'node:net'

/**
 * Below the range from which systems take the ports of outgoing connections: thousands of those come and go in a test, and
 * one of them could sit on the port of a server that is just being restarted.
 */
const firstPort = 20_000
const lastPort = 31_999
const triesMax = 1_000

/** Ports of this machine that nobody listens on, each another one. */
export const findFreePorts = async (count: number): Promise<readonly number[]> => {
  const held: { readonly server: Server; readonly port: number }[] = []
  try {
    for (let tries = 0; held.length < count; tries += 1) {
      if (tries === triesMax) throw new Error(`${count} free ports could not be found`)
      const port = firstPort + Math.floor(Math.random() * (lastPort - firstPort + 1))
      const server = createServer()
      try {
        server.listen({ host: '127.0.0.1', port, exclusive: true })
        await once(server, 'listening')
        held.push({ server, port })
      } catch {
        server.close() // taken: the next one
      }
    }
    return held.map(({ port }) => port)
  } finally {
    for (const { server } of held) server.close()
  }
}
