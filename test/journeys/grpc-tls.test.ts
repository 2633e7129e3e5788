import { expect, test } from 'vitest'
import { certify, makeAuthority } from '../support/certificates.ts'
import { createDataFolder } from '../support/embedded-system.ts'
import { findFreePorts, findPortsInRow } from '../support/free-ports.ts'
import { organisePoll } from '../support/organiser.ts'
import { startServerProcess } from '../support/server-process.ts'
import { waitUntil } from '../support/wait-until.ts'

test.each(['all', 'full'] as const)('with certificates on both sides %s starts by one command too', async (program) => {
  const folder = createDataFolder()
  const authority = await makeAuthority()
  const [server, api] = [await certify(authority), await certify(authority)]
  const [port = 0, grpcPort = 0] = await findFreePorts(2)
  // One for each process, where there are three.
  const [opsPort] = await findPortsInRow(3)
  const system = startServerProcess({
    name: program,
    program,
    env: {
      HOST: '127.0.0.1',
      DATA_DIR: folder.path,
      PORT: String(port),
      GRPC_PORT: String(grpcPort),
      OPS_PORT: String(opsPort),
      GRPC_TLS_CERT: server.cert,
      GRPC_TLS_KEY: server.key,
      GRPC_TLS_CLIENT_CA: authority.cert,
      ADMIN_GRPC_URL: `localhost:${grpcPort}`,
      ADMIN_GRPC_TLS_CA: authority.cert,
      ADMIN_GRPC_TLS_CERT: api.cert,
      ADMIN_GRPC_TLS_KEY: api.key,
    },
  })
  try {
    const isThere = (): boolean => system.output().includes('Ctrl-C stops it') || !system.isRunning()
    await waitUntil(isThere, { withinMs: 60_000, what: 'it says that it runs' })
    expect(await organisePoll(`http://127.0.0.1:${port}`)).toMatchObject({ id: expect.any(String) })
    system.signal('SIGINT')
    expect(await system.ended(20_000)).toEqual({ exitCode: 0, signal: null })
  } catch (error) {
    console.error(system.output())
    throw error
  } finally {
    await system.stop()
    folder.remove()
  }
})
