import { ChannelCredentials, Metadata, type ServiceError, status } from '@grpc/grpc-js'
import { afterEach, expect, test } from 'vitest'
import { loadAdminService } from '../../src/adapters/grpc/contract.ts'
import { certify, type Certified, makeAuthority } from '../support/certificates.ts'
import { createHttpClient } from '../support/http-client.ts'
import { adminToken, type RunningSystem, startSystem } from '../support/running-system.ts'

const undo: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step()
})

async function start(env: Readonly<Record<string, string>>): Promise<RunningSystem> {
  const system = await startSystem('postgres', env)
  undo.push(system.stop)
  return system
}

/** What a call of this client ends with; OK: it was answered. */
async function callWith(address: string, credentials: ChannelCredentials): Promise<status> {
  const client = new (loadAdminService())(address, credentials)
  const metadata = new Metadata()
  metadata.set('authorization', `Bearer ${adminToken}`)
  const { promise, resolve } = Promise.withResolvers<status>()
  const end = (error: ServiceError | null): void => resolve(error === null ? status.OK : error.code)
  client.pipelineStatus({}, metadata, { deadline: Date.now() + 5_000 }, end)
  const code = await promise
  client.close()
  return code
}

const tlsOf = (authority: Certified, shown?: Certified): ChannelCredentials => {
  const pair = shown === undefined ? [] : [Buffer.from(shown.key), Buffer.from(shown.cert)]
  return ChannelCredentials.createSsl(Buffer.from(authority.cert), ...pair)
}

async function createsPolls(system: RunningSystem): Promise<number> {
  const call = createHttpClient(system.url)
  return (await call('POST', '/polls', { json: { question: 'What?', options: ['A', 'B'] } })).status
}

test('with a certificate the admin is asked over TLS, by the api as by others, and in the clear by nobody', async () => {
  const authority = await makeAuthority()
  const server = await certify(authority)
  const system = await start({
    GRPC_TLS_CERT: server.cert,
    GRPC_TLS_KEY: server.key,
    ADMIN_GRPC_TLS_CA: authority.cert,
  })
  expect(await createsPolls(system)).toBe(201)
  expect(await callWith(system.grpcAddress, tlsOf(authority))).toBe(status.OK)
  expect(await callWith(system.grpcAddress, tlsOf(await makeAuthority()))).toBe(status.UNAVAILABLE)
  expect(await callWith(system.grpcAddress, ChannelCredentials.createInsecure())).toBe(status.UNAVAILABLE)
})

test('with an authority for clients only those are answered that it has signed a certificate for', async () => {
  const [authority, clients, stranger] = [await makeAuthority(), await makeAuthority(), await makeAuthority()]
  const [server, api] = [await certify(authority), await certify(clients)]
  const system = await start({
    GRPC_TLS_CERT: server.cert,
    GRPC_TLS_KEY: server.key,
    GRPC_TLS_CLIENT_CA: clients.cert,
    ADMIN_GRPC_TLS_CA: authority.cert,
    ADMIN_GRPC_TLS_CERT: api.cert,
    ADMIN_GRPC_TLS_KEY: api.key,
  })
  expect(await createsPolls(system)).toBe(201)
  expect(await callWith(system.grpcAddress, tlsOf(authority, await certify(clients)))).toBe(status.OK)
  expect(await callWith(system.grpcAddress, tlsOf(authority))).toBe(status.UNAVAILABLE)
  expect(await callWith(system.grpcAddress, tlsOf(authority, await certify(stranger)))).toBe(status.UNAVAILABLE)
})

test('an api that trusts another authority than the admin has makes organisers come back', async () => {
  const authority = await makeAuthority()
  const server = await certify(authority)
  const system = await start({
    GRPC_TLS_CERT: server.cert,
    GRPC_TLS_KEY: server.key,
    ADMIN_GRPC_TLS_CA: (await makeAuthority()).cert,
  })
  expect(await createsPolls(system)).toBe(503)
})
