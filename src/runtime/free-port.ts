import { once } from 'node:events'
import { createServer } from 'node:net'

/** A loopback port that nobody listens on: the wished one if it is free, else one that the system picks. */
export const findFreePort = async (wished = 0): Promise<number> => {
  const port = await tryPort(wished)
  if (port !== null) return port
  const other = await tryPort(0)
  if (other === null) throw new Error('the system has no free port left')
  return other
}

/** A port that was given as it is; for 0, one that is free now, where others have to be told which. */
export const nameablePort = async (given: number): Promise<number> => (given === 0 ? findFreePort() : given)

/** The port on which a listener stood for a moment; null when the wished port is taken. */
const tryPort = async (wished: number): Promise<number | null> => {
  const server = createServer()
  try {
    server.listen({ host: '127.0.0.1', port: wished, exclusive: true })
    await once(server, 'listening')
    const address = server.address()
    return address === null || typeof address === 'string' ? null : address.port
  } catch {
    return null
  } finally {
    server.close()
  }
}
