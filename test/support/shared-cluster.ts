import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { startPatientCluster, type TestCluster } from './redis-cluster.ts'

/** One Redis Cluster for a whole run, which is made when the first test asks for it. */
export type SharedCluster = {
  /** Answers with the cluster's URL. */
  readonly askUrl: string
  readonly stop: () => Promise<void>
}

export const offerSharedCluster = async (): Promise<SharedCluster> => {
  let cluster: Promise<TestCluster> | null = null
  const server = createServer((_request, response) => {
    cluster ??= startPatientCluster()
    cluster.then(
      ({ redisUrl }) => response.end(redisUrl),
      (error: unknown) => response.writeHead(500).end(String(error)),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // The address of a TCP server has a port.
  const { port } = server.address() as AddressInfo
  const stop = async (): Promise<void> => {
    server.close()
    await (await cluster)?.stop()
  }
  return { askUrl: `http://127.0.0.1:${port}`, stop }
}
