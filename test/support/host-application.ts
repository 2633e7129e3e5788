import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT } from 'jose'

/** The claims of a token that is good for this poll, for ten minutes: longer than a test of many steps takes anywhere. */
export function claimsFor(pollId: string, more: object = {}): JWTPayload {
  return { sub: 'user-42', aud: 'tallycast', exp: Math.floor(Date.now() / 1000) + 600, poll_id: pollId, ...more }
}

type SigningKey = Parameters<SignJWT['sign']>[0]

/** Signs whatever it is given, as a host application does. */
export async function signToken(claims: JWTPayload, key: SigningKey, alg: string, kid?: string): Promise<string> {
  const header = kid === undefined ? { alg } : { alg, kid }
  return new SignJWT(claims).setProtectedHeader(header).sign(key)
}

export type HostKey = {
  readonly algorithm: string
  readonly kid: string
  readonly publicPem: string
  /** As a key set has it. */
  readonly publicJwk: object
  readonly sign: (claims: JWTPayload) => Promise<string>
}

export async function makeHostKey(algorithm: 'EdDSA' | 'ES256' | 'RS256', kid = 'one'): Promise<HostKey> {
  const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true })
  return {
    algorithm,
    kid,
    publicPem: await exportSPKI(publicKey),
    publicJwk: { ...(await exportJWK(publicKey)), kid, alg: algorithm, use: 'sig' },
    sign: async (claims) => signToken(claims, privateKey, algorithm, kid),
  }
}

export type KeySetServer = {
  readonly url: string
  /** What it shows from now on; null: it fails. */
  show(keys: readonly object[] | null): void
  readonly asked: () => number
  readonly stop: () => Promise<void>
}

/** A host's key set behind a URL. */
export async function startKeySetServer(first: readonly object[] | null): Promise<KeySetServer> {
  let keys = first
  let asked = 0
  const server = createServer((_request, response) => {
    asked += 1
    response.writeHead(keys === null ? 500 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ keys: keys ?? [] }))
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  // It listens on a port.
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/keys`,
    show: (next) => {
      keys = next
    },
    asked: () => asked,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
