import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { readConfig } from '../../src/runtime/config.ts'
import { settings } from '../../src/runtime/config-settings.ts'
import type { Role, Setting } from '../../src/runtime/setting.ts'
import { SetupProblem } from '../../src/runtime/setup-problem.ts'
import { certify, makeAuthority } from '../support/certificates.ts'

const databaseUrl = 'postgres://u:geheim@127.0.0.1/tallycast'
const noFiles = (path: string): string => {
  throw new Error(`there is no file ${path}`)
}

const problemOf = (env: Record<string, string>, role: Role, readText = noFiles): string => {
  try {
    readConfig(env, role, readText)
  } catch (error) {
    if (error instanceof SetupProblem) return error.message
    throw error
  }
  throw new Error('no problem was found')
}

test('an empty environment starts everything on embedded parts', () => {
  expect(readConfig({}, 'all', noFiles)).toMatchObject({
    databaseUrl: null,
    redisUrl: null,
    host: '0.0.0.0',
    port: 8000,
    grpcHost: '127.0.0.1',
    adminToken: null,
    sessionSecrets: [],
    voteDurability: 'durable',
    isVoteDurabilityChecked: true,
    pollRedisTtlSeconds: 86_400,
    logLevel: 'warn',
  })
})

test('each role has its own port for health and metrics', () => {
  const roles = ['all', 'api', 'worker', 'admin'] as const
  const ports = roles.map((role) => readConfig({ DATABASE_URL: databaseUrl }, role, noFiles).opsPort)
  expect(ports).toEqual([9464, 9464, 9465, 9466])
})

test('one to 64 api processes share a port, which has to have a number', () => {
  const processesOf = (given: string) => readConfig({ API_PROCESSES: given }, 'all', noFiles).apiProcesses
  expect([readConfig({}, 'all', noFiles).apiProcesses, processesOf('1'), processesOf('64')]).toEqual([1, 1, 64])
  for (const given of ['0', '65', '1.5', 'all']) {
    const problem = problemOf({ API_PROCESSES: given }, 'all')
    expect(problem).toContain('API_PROCESSES must be a whole number from 1 to 64')
  }
  for (const role of ['all', 'full', 'api'] as const) {
    const env = { DATABASE_URL: databaseUrl, PORT: '0' }
    expect(problemOf({ ...env, API_PROCESSES: '2' }, role)).toContain('PORT 0 would give each of API_PROCESSES')
    expect(readConfig({ ...env, API_PROCESSES: '1' }, role, noFiles).port).toBe(0)
  }
})

test('all problems are named at once', () => {
  const problem = problemOf(
    {
      DATABASE_URL: 'mysql://localhost/x',
      PORT: '80a',
      VOTE_PARTITIONS: '65',
      VOTE_DURABILITY: 'sure',
      VOTE_DURABILITY_CHECK: 'yes',
      ADMIN_TOKEN: 'short',
      ADMIN_GRPC_URL: 'http://admin',
      PUBLIC_URL: 'polls.example.org',
      SESSION_SECRETS: 'a,b',
      LOG_LEVEL: 'loud',
      REDIS_URL: 'redis://127.0.0.1',
      REDIS_URL_FILE: '/run/redis-url',
      OPS_PORT_FILE: '/run/missing',
    },
    'api',
  )
  expect(problem.split('\n')).toEqual([
    'the environment has 12 problems:',
    '  DATABASE_URL must be a URL that begins with postgres:// or postgresql://',
    '  REDIS_URL and REDIS_URL_FILE are both set; give one of them',
    '  PORT must be a whole number from 0 to 65535, not "80a"',
    '  PUBLIC_URL must be a URL that begins with http:// or https://',
    '  ADMIN_GRPC_URL must be host:port',
    '  OPS_PORT cannot be taken from OPS_PORT_FILE: there is no file /run/missing',
    '  ADMIN_TOKEN must be 16 or more characters, no spaces',
    '  SESSION_SECRETS must be items of 32 or more characters with commas between',
    '  VOTE_PARTITIONS must be a whole number from 1 to 64, not "65"',
    '  VOTE_DURABILITY must be one of durable, fast, memory, replicated, not "sure"',
    '  VOTE_DURABILITY_CHECK must be on or off, not "yes"',
    '  LOG_LEVEL must be one of fatal, error, warn, info, debug, trace, silent, not "loud"',
  ])
})

test('a host has its keys in one place, and only such as verify a token', () => {
  const jwksUrl = 'https://app.example.org/keys'
  const secrets = 'x'.repeat(32)
  const problem = problemOf({ HOST_TOKEN_JWKS_URL: jwksUrl, HOST_TOKEN_SECRETS: secrets }, 'all')
  expect(problem).toContain('HOST_TOKEN_JWKS_URL and HOST_TOKEN_SECRETS are both set')
  const pemOf = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' })
  const good = generateKeyPairSync('ed25519').publicKey
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey
  for (const given of ['no key', pemOf(weak), pemOf(generateKeyPairSync('x25519').publicKey), pemOf(good).repeat(9)]) {
    expect(problemOf({ HOST_TOKEN_PUBLIC_KEYS: given }, 'all')).toContain('HOST_TOKEN_PUBLIC_KEYS')
  }
  for (const given of [pemOf(good).repeat(8), pemOf(good).repeat(8).replaceAll('\n', '\\n')]) {
    const config = readConfig({ HOST_TOKEN_PUBLIC_KEYS: given }, 'all', noFiles)
    expect(config.hostTokenPublicKeys.map(({ algorithm }) => algorithm)).toEqual(Array(8).fill('EdDSA'))
  }
})

test('results are signed and verified with Ed25519 keys alone', () => {
  const pemOf = (key: KeyObject): string =>
    key.export({ type: key.type === 'public' ? 'spki' : 'pkcs8', format: 'pem' })
  const [good, other] = [generateKeyPairSync('ed25519'), generateKeyPairSync('ec', { namedCurve: 'P-256' })]
  for (const given of ['no key', pemOf(other.privateKey), pemOf(good.publicKey)]) {
    const problem = problemOf({ RESULT_SIGNING_KEY: given }, 'api')
    expect(problem).toContain('RESULT_SIGNING_KEY must be a private Ed25519 key in PEM')
    expect(problem).not.toContain('BEGIN')
  }
  for (const given of ['no key', pemOf(other.publicKey), pemOf(good.privateKey), pemOf(good.publicKey).repeat(17)]) {
    expect(problemOf({ RESULT_PUBLIC_KEYS: given }, 'api')).toContain('RESULT_PUBLIC_KEYS')
  }
  const env = { RESULT_SIGNING_KEY: pemOf(good.privateKey), RESULT_PUBLIC_KEYS: pemOf(good.publicKey).repeat(16) }
  const { resultSigningKey, resultPublicKeys } = readConfig({ ...env, DATABASE_URL: databaseUrl }, 'api', noFiles)
  expect([resultSigningKey, resultPublicKeys.length]).toEqual([env.RESULT_SIGNING_KEY.trim(), 16])
})

test('tokens are for PUBLIC_URL, where nothing else is said', () => {
  const audienceOf = (env: Record<string, string>): string => readConfig(env, 'all', noFiles).hostTokenAudience
  expect(audienceOf({})).toBe('tallycast')
  expect(audienceOf({ PUBLIC_URL: 'https://polls.example.org/' })).toBe('https://polls.example.org')
  expect(audienceOf({ PUBLIC_URL: 'https://polls.example.org', HOST_TOKEN_AUDIENCE: 'polls' })).toBe('polls')
})

test('TLS for gRPC comes whole: a certificate with its own key, and both ends where both are here', async () => {
  const authority = await makeAuthority()
  const [one, two] = [await certify(authority), await certify(authority)]
  const served = { GRPC_TLS_CERT: one.cert, GRPC_TLS_KEY: one.key }
  const asked = { ADMIN_GRPC_TLS_CA: authority.cert, ADMIN_GRPC_URL: 'localhost:50051' }
  const problems: readonly [Record<string, string>, string][] = [
    [{ GRPC_TLS_CERT: one.cert }, 'GRPC_TLS_CERT and GRPC_TLS_KEY are only good together'],
    [{ ...served, ...asked, GRPC_TLS_KEY: two.key }, 'GRPC_TLS_KEY is not the key of GRPC_TLS_CERT'],
    [{ ...asked, ...served, GRPC_TLS_CERT: 'x' }, 'GRPC_TLS_CERT must be a certificate in PEM'],
    [{ ...asked, ...served, GRPC_TLS_KEY: one.cert }, 'GRPC_TLS_KEY must be a private key in PEM'],
    [{ GRPC_TLS_CLIENT_CA: authority.cert }, 'GRPC_TLS_CLIENT_CA needs'],
    [{ ADMIN_GRPC_TLS_CERT: one.cert, ADMIN_GRPC_TLS_KEY: one.key }, 'ADMIN_GRPC_TLS_CERT needs ADMIN_GRPC_TLS_CA'],
    [{ ...asked, ...served, ADMIN_GRPC_URL: '127.0.0.1:50051' }, 'ADMIN_GRPC_URL must have a name'],
    [{ ...asked, ...served, ADMIN_GRPC_URL: '[::1]:50051' }, 'ADMIN_GRPC_URL must have a name'],
    [{ ...asked, ...served, GRPC_TLS_CLIENT_CA: authority.cert }, 'give the api one, ADMIN_GRPC_TLS_CERT'],
    [served, 'belong together'],
    [asked, 'belong together'],
  ]
  for (const [env, problem] of problems) expect(problemOf(env, 'all')).toContain(problem)
  expect(readConfig({ ...served, ...asked }, 'all', noFiles)).toMatchObject({ grpcTlsCert: one.cert })
  const database = { DATABASE_URL: databaseUrl }
  expect(readConfig({ ...database, ...served }, 'admin', noFiles).grpcTlsKey).toBe(one.key)
  expect(readConfig({ ...database, ...asked }, 'api', noFiles).adminGrpcTlsCa).toBe(authority.cert)
})

test('a problem never repeats a secret', () => {
  const problem = problemOf(
    { DATABASE_URL: 'http://u:geheim@host', ADMIN_TOKEN: 'geheim', SESSION_SECRETS: 'geheim', REDIS_URL: 'geheim' },
    'all',
  )
  expect(problem).not.toContain('geheim')
})

test('a value may lie in a file, whose line end does not count', () => {
  const config = readConfig({ ADMIN_TOKEN_FILE: '/run/token' }, 'all', () => '0123456789abcdef\n')
  expect(config.adminToken).toBe('0123456789abcdef')
  expect(problemOf({ ADMIN_TOKEN_FILE: '/run/empty' }, 'all', () => ' \n')).toContain('/run/empty is empty')
})

test('an empty variable counts as not given', () => {
  expect(readConfig({ ADMIN_TOKEN: '', PUBLIC_URL: ' ', PORT: '' }, 'all', noFiles)).toMatchObject({
    adminToken: null,
    publicUrl: null,
    port: 8000,
  })
})

test('a process that brings no PostgreSQL needs DATABASE_URL', () => {
  for (const role of ['api', 'worker', 'admin', 'migrate'] as const) {
    expect(problemOf({}, role)).toContain('DATABASE_URL is missing')
  }
})

test('a replica is one of a PostgreSQL that is given', () => {
  const replica = { DATABASE_REPLICA_URL: databaseUrl }
  expect(problemOf(replica, 'all')).toContain('DATABASE_REPLICA_URL needs DATABASE_URL')
  for (const env of [replica, { ...replica, DATABASE_URL: databaseUrl }]) {
    expect(readConfig(env, 'recount', noFiles).databaseReplicaUrl).toBe(databaseUrl)
  }
  expect(readConfig({ ...replica, DATABASE_URL: databaseUrl }, 'all', noFiles).databaseReplicaUrl).toBe(databaseUrl)
})

test('a recount may go without DATABASE_URL, and no port is its business', () => {
  const config = readConfig({ PORT: '9464', GRPC_HOST: '0.0.0.0' }, 'recount', noFiles)
  expect(config).toMatchObject({ databaseUrl: null, dataDir: './data' })
})

describe('gRPC on other addresses than loopback', () => {
  const env = { DATABASE_URL: databaseUrl, GRPC_HOST: '0.0.0.0' }

  test('needs a token or a trusted network', () => {
    expect(problemOf(env, 'admin')).toContain('GRPC_HOST 0.0.0.0 is reachable from other machines')
    expect(problemOf(env, 'all')).toContain('GRPC_HOST')
    expect(readConfig({ ...env, ADMIN_TOKEN: '0123456789abcdef' }, 'admin', noFiles).grpcHost).toBe('0.0.0.0')
    expect(readConfig({ ...env, GRPC_TRUSTED_NETWORK: 'on' }, 'admin', noFiles).grpcHost).toBe('0.0.0.0')
  })

  test('is none of a worker’s business', () => {
    expect(readConfig(env, 'worker', noFiles).grpcHost).toBe('0.0.0.0')
  })
})

test('two servers of one process cannot share a port, unless the system picks it', () => {
  expect(problemOf({ PORT: '9464' }, 'all')).toContain('OPS_PORT and PORT are both 9464')
  expect(problemOf({ PORT: '9466' }, 'full')).toContain('OPS_PORT + 2 and PORT are both 9466')
  expect(readConfig({ PORT: '9466' }, 'all', noFiles).port).toBe(9466)
  expect(problemOf({ OPS_PORT: '65534' }, 'full')).toContain('OPS_PORT must be 65533 or less')
  expect(readConfig({ PORT: '0', OPS_PORT: '0', GRPC_PORT: '0' }, 'all', noFiles).port).toBe(0)
})

test('the base of the links is kept without a slash at its end', () => {
  expect(readConfig({ PUBLIC_URL: 'https://example.org/polls/' }, 'all', noFiles).publicUrl).toBe(
    'https://example.org/polls',
  )
})

test('.env.example names every variable with its default', () => {
  const lines = readFileSync(new URL('../../.env.example', import.meta.url), 'utf8').matchAll(/^# ([A-Z_]+)=(.*)$/gm)
  const example = new Map([...lines].map(([, name = '', value = '']) => [name, value]))
  const named = [...example.keys()].map((name) => name.replace(/_FILE$/, ''))
  expect(named.toSorted()).toEqual(Object.keys(settings).toSorted())
  for (const [name, setting] of Object.entries<Setting<unknown>>(settings)) {
    // What is too long for a line is shown by its file.
    if (example.has(`${name}_FILE`)) continue
    const read = setting.read(example.get(name) ?? '')
    expect([name, read]).toEqual([name, { value: defaultOf(setting) }])
  }
})

/** Where roles differ, the default of an api. What has no default shows an example, of which it is enough that it can be read. */
const defaultOf = ({ fallback }: Setting<unknown>): unknown => {
  if (fallback === null || (Array.isArray(fallback) && fallback.length === 0)) return expect.anything()
  return typeof fallback === 'function' ? fallback('api') : fallback
}

test('whose pages may frame a poll is any, none, or a list of origins', () => {
  const embedOrigins = (given: string): readonly string[] =>
    readConfig({ EMBED_ORIGINS: given }, 'all', noFiles).embedOrigins
  expect([embedOrigins(''), embedOrigins('any'), embedOrigins('none')]).toEqual([['*'], ['*'], []])
  const some = ['https://example.org', 'http://localhost:8080', 'https://*.example.org']
  expect(embedOrigins(some.join(', '))).toEqual(some)
  for (const given of [
    'example.org',
    'https://a.example/page',
    "'self'",
    'https://a.example b',
    '*',
    'any,none',
    'https:',
    ',',
  ]) {
    expect(problemOf({ EMBED_ORIGINS: given }, 'all')).toContain('EMBED_ORIGINS must be any, none, or origins')
  }
  const origins = (count: number): string => Array.from({ length: count }, (_, at) => `https://${at}.example`).join(',')
  expect(embedOrigins(origins(64))).toHaveLength(64)
  expect(problemOf({ EMBED_ORIGINS: origins(65) }, 'all')).toContain('EMBED_ORIGINS must be at most 64 origins')
})

test.each([
  ['DATABASE_CONNECTIONS_MAX', 'databaseConnectionsMax', 2, 1_000, 10],
  ['DATABASE_STATEMENT_TIMEOUT_MS', 'statementTimeoutMs', 1_000, 600_000, 10_000],
  ['DATABASE_LOCK_TIMEOUT_MS', 'lockTimeoutMs', 100, 600_000, 5_000],
] as const)('%s has its limits', (name, key, least, most, fallback) => {
  const read = (given: string): number => readConfig({ [name]: given }, 'all', noFiles)[key]
  expect([read(''), read(`${least}`), read(`${most}`)]).toEqual([fallback, least, most])
  for (const given of [least - 1, most + 1]) {
    expect(problemOf({ [name]: `${given}` }, 'all')).toMatch(new RegExp(`${name} must be .*from ${least} to ${most}`))
  }
})

describe('how often somebody may ask', () => {
  const names = [
    'VOTER_REQUESTS_PER_MINUTE',
    'KEY_REQUESTS_PER_MINUTE',
    'KEY_POLL_REQUESTS_PER_MINUTE',
    'ADDRESS_NEWCOMERS_PER_MINUTE',
    'ADDRESS_NEW_POLLS_PER_MINUTE',
    'ADDRESS_INVALID_TOKENS_PER_MINUTE',
    'ADDRESS_JOIN_CODES_PER_MINUTE',
    'ADDRESS_SIGNED_RESULTS_PER_MINUTE',
  ] as const

  test('is limited unless told otherwise, by numbers that let a venue in', () => {
    expect(readConfig({}, 'all', noFiles)).toMatchObject({
      isRateLimited: true,
      trustedProxies: null,
      requestsPerMinute: {
        voters: 60,
        keys: 6_000,
        keyPolls: 1_200,
        newcomers: 20_000,
        newPolls: 300,
        invalidTokens: 600,
        joinCodes: 300,
        signedResults: 60,
      },
    })
    expect(readConfig({ RATE_LIMITS: 'off' }, 'all', noFiles).isRateLimited).toBe(false)
  })

  test.each(names)('%s takes 1 to 1,000,000', (name) => {
    for (const value of ['1', '1000000']) expect(() => readConfig({ [name]: value }, 'all', noFiles)).not.toThrow()
    for (const value of ['0', '1000001', 'many']) {
      expect(problemOf({ [name]: value }, 'all')).toContain(`${name} must be a whole number from 1 to 1000000`)
    }
  })

  test('proxies that are trusted are addresses and networks', () => {
    const { trustedProxies } = readConfig({ TRUSTED_PROXIES: '10.0.0.0/8, 192.0.2.1,2001:db8::/32' }, 'all', noFiles)
    const isTrusted = (address: string, family: 'ipv4' | 'ipv6'): boolean | undefined =>
      trustedProxies?.check(address, family)
    expect([isTrusted('10.1.2.3', 'ipv4'), isTrusted('192.0.2.1', 'ipv4'), isTrusted('2001:db8::9', 'ipv6')]).toEqual([
      true,
      true,
      true,
    ])
    expect([isTrusted('11.0.0.1', 'ipv4'), isTrusted('192.0.2.2', 'ipv4'), isTrusted('2001:db9::9', 'ipv6')]).toEqual([
      false,
      false,
      false,
    ])
    for (const given of ['proxy.example', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', '2001:db8::/129', '10.0.0.1,,']) {
      expect(problemOf({ TRUSTED_PROXIES: given }, 'all')).toContain('TRUSTED_PROXIES must be addresses or networks')
    }
    const addresses = (count: number): string => Array.from({ length: count }, (_, last) => `10.0.0.${last}`).join(',')
    expect(() => readConfig({ TRUSTED_PROXIES: addresses(64) }, 'all', noFiles)).not.toThrow()
    expect(problemOf({ TRUSTED_PROXIES: addresses(65) }, 'all')).toContain(
      'TRUSTED_PROXIES must be at most 64 networks',
    )
  })
})
