import { createHmac, createSecretKey, generateKeyPairSync, sign as signBytes } from 'node:crypto'
import { UnsecuredJWT } from 'jose'
import { afterEach, describe, expect, test } from 'vitest'
import { keysBehind } from '../../src/adapters/jwt/host-keys.ts'
import { createHostTokens, type HostTokenRules } from '../../src/adapters/jwt/host-tokens.ts'
import { createHostKeys } from '../../src/main/voter-identity.ts'
import type { HostTokens } from '../../src/ports/host-tokens.ts'
import { isUnavailable } from '../../src/ports/unavailable.ts'
import { readConfig } from '../../src/runtime/config.ts'
import {
  claimsFor,
  type HostKey,
  type KeySetServer,
  makeHostKey,
  signToken,
  startKeySetServer,
} from '../support/host-application.ts'

const rules: HostTokenRules = { audience: 'tallycast', issuer: null, lifeMax: 3600 }
const secret = 'a-secret-of-the-host-0123456789-abcdef'
const pollId = 'poll23456789ab'

/** As the api makes them of its environment. */
function fromEnvironment(
  env: Readonly<Record<string, string>>,
  more: Partial<HostTokenRules> = {},
  now = Date.now,
): HostTokens {
  const keys = createHostKeys(readConfig(env, 'all'))
  if (keys === null) throw new Error('no host is known')
  return createHostTokens(keys, { ...rules, ...more }, now)
}

const withSecret = (alg = 'HS256', key = secret) => ({
  sign: async (claims: object) => signToken({ ...claims }, createSecretKey(key, 'utf8'), alg),
})

describe.each(['EdDSA', 'ES256', 'RS256'] as const)('a token signed with %s', (algorithm) => {
  test('says whom its host vouches for, by a key that is given or behind a URL', async () => {
    const key = await makeHostKey(algorithm)
    const given = fromEnvironment({ HOST_TOKEN_PUBLIC_KEYS: key.publicPem })
    const server = await startKeySetServer([key.publicJwk])
    try {
      const token = await key.sign(claimsFor(pollId))
      expect(await given.subjectOf(token, pollId)).toBe('user-42')
      expect(await fromEnvironment({ HOST_TOKEN_JWKS_URL: server.url }).subjectOf(token, pollId)).toBe('user-42')
      const stranger = await makeHostKey(algorithm)
      expect(await given.subjectOf(await stranger.sign(claimsFor(pollId)), pollId)).toMatchObject({
        refused: 'token_invalid',
        detail: 'The token of the host is not signed with a key that is known here.',
      })
    } finally {
      await server.stop()
    }
  })
})

describe('a token of a host that shares a secret', () => {
  // It stands still, so that tokens are as old as they are meant to be.
  const nowMs = Date.now()
  const secrets = { HOST_TOKEN_SECRETS: `${secret},an-older-secret-of-the-host-0123456789` }
  const tokens = fromEnvironment(secrets, {}, () => nowMs)
  const subjectOf = async (claims: object): Promise<unknown> =>
    tokens.subjectOf(await withSecret().sign(claims), pollId)
  const inSeconds = (seconds: number): number => Math.floor(nowMs / 1000) + seconds

  test('says whom its host vouches for, also signed with an older secret, and no longer with any other', async () => {
    expect(await subjectOf(claimsFor(pollId))).toBe('user-42')
    const older = withSecret('HS256', 'an-older-secret-of-the-host-0123456789')
    expect(await tokens.subjectOf(await older.sign(claimsFor(pollId)), pollId)).toBe('user-42')
    const other = withSecret('HS256', 'another-secret-of-somebody-0123456789')
    expect(await tokens.subjectOf(await other.sign(claimsFor(pollId)), pollId)).toMatchObject({
      refused: 'token_invalid',
    })
  })

  test.each([
    ['for another poll', () => claimsFor('another-poll'), 'is for another poll'],
    ['for no poll', () => claimsFor(pollId, { poll_id: undefined }), 'poll_id'],
    ['for another service', () => claimsFor(pollId, { aud: 'elsewhere' }), 'aud'],
    ['for no service', () => claimsFor(pollId, { aud: undefined }), 'aud'],
    ['that has expired', () => claimsFor(pollId, { exp: inSeconds(-7) }), 'has expired'],
    ['that never expires', () => claimsFor(pollId, { exp: undefined }), 'exp'],
    ['that lives too long', () => claimsFor(pollId, { exp: inSeconds(3612) }), 'lives too long'],
    ['that is not valid yet', () => claimsFor(pollId, { nbf: inSeconds(30) }), 'nbf'],
    ['for nobody', () => claimsFor(pollId, { sub: undefined }), 'sub'],
    ['for an empty name', () => claimsFor(pollId, { sub: '' }), 'sub'],
    ['for too long a name', () => claimsFor(pollId, { sub: 'x'.repeat(201) }), 'sub'],
    ['for half a character', () => claimsFor(pollId, { sub: '\ud83d' }), 'sub'],
    ['for a number', () => ({ ...claimsFor(pollId), sub: 42 }), 'sub'],
  ])('%s is refused, and says why', async (_what, claims, why) => {
    expect(await subjectOf(claims())).toMatchObject({
      refused: 'token_invalid',
      detail: expect.stringContaining(why),
    })
  })

  test.each([
    ['of the longest life', () => claimsFor(pollId, { exp: inSeconds(3600) })],
    ['that has expired by less than clocks differ', () => claimsFor(pollId, { exp: inSeconds(-2) })],
    ['for several services, this one among them', () => claimsFor(pollId, { aud: ['elsewhere', 'tallycast'] })],
  ])('%s is taken', async (_what, claims) => {
    expect(await subjectOf(claims())).toBe('user-42')
  })

  test('for the longest name is taken', async () => {
    const sub = '\u{1f5f3}'.repeat(200)
    expect(await subjectOf(claimsFor(pollId, { sub }))).toBe(sub)
  })

  test('must come from the issuer that is named', async () => {
    const strict = fromEnvironment({ HOST_TOKEN_SECRETS: secret }, { issuer: 'https://host.example' })
    const { sign } = withSecret()
    const from = async (iss?: string): Promise<unknown> =>
      strict.subjectOf(await sign(claimsFor(pollId, iss === undefined ? {} : { iss })), pollId)
    expect(await from('https://host.example')).toBe('user-42')
    expect(await from('https://elsewhere.example')).toMatchObject({ refused: 'token_invalid' })
    expect(await from()).toMatchObject({ refused: 'token_invalid' })
  })

  test('that is unsigned, cut, changed or made up is refused', async () => {
    const good = await withSecret().sign(claimsFor(pollId))
    const [header = '', , signature = ''] = good.split('.')
    const otherClaims = Buffer.from(JSON.stringify(claimsFor(pollId, { sub: 'admin' }))).toString('base64url')
    const unsigned = new UnsecuredJWT(claimsFor(pollId)).encode()
    const hostile = [
      unsigned,
      `${unsigned}${signature}`,
      `${header}.${otherClaims}.${signature}`,
      good.slice(0, -2),
      good.split('.').slice(0, 2).join('.'),
      `${good}.${signature}`,
      await withSecret('HS384').sign(claimsFor(pollId)),
      await withSecret('HS512').sign(claimsFor(pollId)),
      '',
      '..',
      'a.b.c',
      'user-42',
      `${good.slice(0, 20)}\u0000${good.slice(20)}`,
      'x'.repeat(10_000),
    ]
    for (const token of hostile) {
      expect(await tokens.subjectOf(token, pollId)).toMatchObject({ refused: 'token_invalid' })
    }
  })

  test('is looked at up to 4096 characters', async () => {
    const { sign } = withSecret()
    const length = (await sign(claimsFor(pollId, { more: '' }))).length
    const room = Math.floor(((4096 - length) * 3) / 4)
    expect(await tokens.subjectOf(await sign(claimsFor(pollId, { more: 'x'.repeat(room) })), pollId)).toBe('user-42')
    expect(await tokens.subjectOf(await sign(claimsFor(pollId, { more: 'x'.repeat(room + 8) })), pollId)).toMatchObject(
      {
        detail: expect.stringContaining('longer'),
      },
    )
  })
})

test('a public key is never taken for a shared secret', async () => {
  for (const algorithm of ['EdDSA', 'ES256', 'RS256'] as const) {
    const key = await makeHostKey(algorithm)
    const tokens = fromEnvironment({ HOST_TOKEN_PUBLIC_KEYS: key.publicPem })
    const header = Buffer.from(JSON.stringify({ alg: 'HS256' })).toString('base64url')
    const body = Buffer.from(JSON.stringify(claimsFor(pollId))).toString('base64url')
    for (const taken of [key.publicPem, key.publicPem.trim(), JSON.stringify(key.publicJwk)]) {
      const signature = createHmac('sha256', taken).update(`${header}.${body}`).digest('base64url')
      expect(await tokens.subjectOf(`${header}.${body}.${signature}`, pollId)).toMatchObject({
        refused: 'token_invalid',
      })
    }
  }
})

test('several public keys verify, each by its own algorithm', async () => {
  const keys = [await makeHostKey('EdDSA'), await makeHostKey('EdDSA'), await makeHostKey('ES256')]
  const tokens = fromEnvironment({ HOST_TOKEN_PUBLIC_KEYS: keys.map(({ publicPem }) => publicPem).join('\n') })
  for (const key of keys) expect(await tokens.subjectOf(await key.sign(claimsFor(pollId)), pollId)).toBe('user-42')
})

describe('keys behind a URL', () => {
  const servers: KeySetServer[] = []
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.stop()
  })

  async function start(shown: readonly HostKey[] | null) {
    const server = await startKeySetServer(shown?.map(({ publicJwk }) => publicJwk) ?? null)
    servers.push(server)
    const keys = keysBehind(new URL(server.url))
    const tokens = createHostTokens(keys, rules, Date.now)
    const subjectOf = async (key: HostKey): Promise<unknown> =>
      tokens.subjectOf(await key.sign(claimsFor(pollId)), pollId)
    return { server, keys, subjectOf }
  }

  test('stay in use while the host is away, and are gone when it has taken them back', async () => {
    const [first, second] = [await makeHostKey('ES256', 'first'), await makeHostKey('ES256', 'second')]
    const { server, keys, subjectOf } = await start([first])
    await keys.refresh()
    server.show(null)
    await expect(keys.refresh()).rejects.toSatisfy(isUnavailable)
    expect(await subjectOf(first)).toBe('user-42')
    expect(await subjectOf(await makeHostKey('ES256', 'made up'))).toMatchObject({ refused: 'token_invalid' })
    server.show([second.publicJwk])
    await keys.refresh()
    expect(await subjectOf(second)).toBe('user-42')
    expect(await subjectOf(first)).toMatchObject({ refused: 'token_invalid' })
  })

  test('that were never fetched, and cannot be, make a vote wait for another time, until they can', async () => {
    const key = await makeHostKey('EdDSA')
    const { server, subjectOf } = await start(null)
    await expect(subjectOf(key)).rejects.toSatisfy(isUnavailable)
    server.show([key.publicJwk])
    expect(await subjectOf(key)).toBe('user-42')
  })

  test('without names are all tried', async () => {
    const [first, second] = [await makeHostKey('ES256'), await makeHostKey('ES256')]
    const { server, keys, subjectOf } = await start(null)
    server.show([first, second].map(({ publicJwk }) => ({ ...publicJwk, kid: 'one' })))
    await keys.refresh()
    expect(await subjectOf(first)).toBe('user-42')
    expect(await subjectOf(second)).toBe('user-42')
    expect(await subjectOf(await makeHostKey('ES256'))).toMatchObject({ refused: 'token_invalid' })
  })

  test('are not asked for again by each token with a made-up key', async () => {
    const { server, keys, subjectOf } = await start([await makeHostKey('ES256', 'known')])
    await keys.refresh()
    for (let number = 0; number < 20; number += 1) {
      expect(await subjectOf(await makeHostKey('ES256', `made up ${number}`))).toMatchObject({
        refused: 'token_invalid',
      })
    }
    expect(server.asked()).toBe(1)
  })

  test('that are too short verify nothing', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 })
    const { server, keys } = await start(null)
    server.show([{ ...publicKey.export({ format: 'jwk' }), kid: 'short', alg: 'RS256' }])
    await keys.refresh()
    const parts = [{ alg: 'RS256', kid: 'short' }, claimsFor(pollId)].map((part) =>
      Buffer.from(JSON.stringify(part)).toString('base64url'),
    )
    const signature = signBytes('sha256', Buffer.from(parts.join('.')), privateKey).toString('base64url')
    const tokens = createHostTokens(keys, rules, Date.now)
    expect(await tokens.subjectOf([...parts, signature].join('.'), pollId)).toMatchObject({ refused: 'token_invalid' })
  })

  test('of other kinds, and secrets among them, verify nothing', async () => {
    const { server, keys } = await start(null)
    const k = Buffer.from(secret).toString('base64url')
    server.show([{ kty: 'oct', k, alg: 'HS256', kid: 'one' }])
    await keys.refresh()
    const tokens = createHostTokens(keys, rules, Date.now)
    expect(await tokens.subjectOf(await withSecret().sign(claimsFor(pollId)), pollId)).toMatchObject({
      refused: 'token_invalid',
    })
  })
})

describe('what is known of a token at once', () => {
  const made = async () => {
    const key = await makeHostKey('EdDSA')
    const clock = { now: Date.now() }
    const keys = createHostKeys(readConfig({ HOST_TOKEN_PUBLIC_KEYS: key.publicPem }, 'all'))
    if (keys === null) throw new Error('no host is known')
    return { key, clock, tokens: createHostTokens(keys, rules, () => clock.now) }
  }

  test('is nothing before it was verified, its subject then, and that it has expired when it has', async () => {
    const { key, clock, tokens } = await made()
    const token = await key.sign(claimsFor(pollId))
    expect(tokens.knownSubject(token, pollId)).toBeNull()
    await tokens.subjectOf(token, pollId)
    expect(tokens.knownSubject(token, pollId)).toBe('user-42')
    expect(tokens.knownSubject(token, 'another-poll')).toMatchObject({
      detail: expect.stringContaining('another poll'),
    })
    const otherClaims = Buffer.from(JSON.stringify(claimsFor(pollId, { sub: 'admin' }))).toString('base64url')
    expect(tokens.knownSubject(token.replace(/\.[^.]+\./, `.${otherClaims}.`), pollId)).toBeNull()
    clock.now += 1_200_000
    expect(tokens.knownSubject(token, pollId)).toMatchObject({ detail: 'The token of the host has expired.' })
  })

  test('is all that is wrong with what it claims, whoever has signed it', async () => {
    const { tokens } = await made()
    const { sign } = await makeHostKey('EdDSA')
    for (const claims of [
      { exp: 1 },
      { aud: 'elsewhere' },
      { poll_id: 'other' },
      { sub: '' },
      { nbf: 9_999_999_999 },
    ]) {
      const token = await sign(claimsFor(pollId, claims))
      expect(tokens.knownSubject(token, pollId)).toMatchObject({ refused: 'token_invalid' })
    }
    for (const token of ['', 'a.b.c', await withSecret().sign(claimsFor(pollId)), 'x'.repeat(5_000)]) {
      expect(tokens.knownSubject(token, pollId)).toMatchObject({ refused: 'token_invalid' })
    }
    expect(tokens.knownSubject(await sign(claimsFor(pollId)), pollId)).toBeNull()
  })

  test('is for a minute at most that no key has signed it, since the host may have a new one', async () => {
    const { clock, tokens } = await made()
    const token = await (
      await makeHostKey('EdDSA')
    ).sign(claimsFor(pollId, { exp: Math.floor(Date.now() / 1000) + 900 }))
    const refused = await tokens.subjectOf(token, pollId)
    expect(tokens.knownSubject(token, pollId)).toEqual(refused)
    clock.now += 60_001
    expect(tokens.knownSubject(token, pollId)).toBeNull()
  })

  test('is nothing any more when the host has other keys', async () => {
    const [first, second] = [await makeHostKey('ES256', 'first'), await makeHostKey('ES256', 'second')]
    const server = await startKeySetServer([first.publicJwk])
    try {
      const keys = keysBehind(new URL(server.url))
      const tokens = createHostTokens(keys, rules, Date.now)
      const token = await first.sign(claimsFor(pollId))
      await keys.refresh()
      await tokens.subjectOf(token, pollId)
      await keys.refresh()
      expect(tokens.knownSubject(token, pollId)).toBe('user-42')
      server.show([second.publicJwk])
      await keys.refresh()
      expect(tokens.knownSubject(token, pollId)).toBeNull()
      expect(await tokens.subjectOf(token, pollId)).toMatchObject({ refused: 'token_invalid' })
    } finally {
      await server.stop()
    }
  })
})
