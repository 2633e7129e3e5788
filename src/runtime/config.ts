import { createPrivateKey, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { readFileSync } from 'node:fs'
import { settings } from './config-settings.ts'
import type { SettingValues } from './config-settings.ts'
import type { Role, Setting } from './setting.ts'
import { SetupProblem } from './setup-problem.ts'

export type Config = ReturnType<typeof nameValues>

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Reads what the environment says about a process of this role. Nothing but `env` and the files that it names is looked at.
 * Throws one SetupProblem that lists everything that is wrong.
 */
export const readConfig = (
  env: Environment,
  role: Role,
  readText: (path: string) => string = (path) => readFileSync(path, 'utf8'),
): Config => {
  const problems: string[] = []
  const values: Record<string, unknown> = {}
  for (const [name, setting] of Object.entries<Setting<unknown>>(settings)) {
    const given = findText(env, name, readText)
    const result = 'problem' in given ? given : readValue(setting, given.value, role)
    if ('problem' in result) problems.push(`${name} ${result.problem}`)
    else values[name] = result.value
  }
  // Each name of the table has its value now, read by its own setting, or there is a problem and nobody sees this.
  const config = nameValues(values as SettingValues)
  if (problems.length === 0) problems.push(...findContradictions(config, role))
  if (problems.length === 0) return config
  throw new SetupProblem(
    `the environment has ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}:\n${problems.map((problem) => `  ${problem}`).join('\n')}`,
    'correct the variables named above; .env.example lists all of them with their defaults',
  )
}

type Given = { readonly value: string | null } | { readonly problem: string }

/** The text of NAME, or of the file that NAME_FILE names. An empty variable counts as not given, as Compose writes one. */
const findText = (env: Environment, name: string, readText: (path: string) => string): Given => {
  const direct = env[name]?.trim() ?? ''
  const path = env[`${name}_FILE`]?.trim() ?? ''
  if (direct !== '' && path !== '') return { problem: `and ${name}_FILE are both set; give one of them` }
  if (path === '') return { value: direct === '' ? null : direct }
  try {
    const content = readText(path).trim()
    return content === '' ? { problem: `cannot be taken from ${name}_FILE: ${path} is empty` } : { value: content }
  } catch (error) {
    return { problem: `cannot be taken from ${name}_FILE: ${error instanceof Error ? error.message : String(error)}` }
  }
}

const readValue = (setting: Setting<unknown>, given: string | null, role: Role) => {
  if (given !== null) return setting.read(given)
  return { value: typeof setting.fallback === 'function' ? setting.fallback(role) : setting.fallback }
}

/** The names that the code uses. */
const nameValues = (values: SettingValues) => ({
  databaseUrl: values.DATABASE_URL,
  databaseReplicaUrl: values.DATABASE_REPLICA_URL,
  databaseConnectionsMax: values.DATABASE_CONNECTIONS_MAX,
  statementTimeoutMs: values.DATABASE_STATEMENT_TIMEOUT_MS,
  lockTimeoutMs: values.DATABASE_LOCK_TIMEOUT_MS,
  redisUrl: values.REDIS_URL,
  redisPrefix: values.REDIS_PREFIX,
  dataDir: values.DATA_DIR,
  host: values.HOST,
  port: values.PORT,
  apiProcesses: values.API_PROCESSES,
  publicUrl: values.PUBLIC_URL,
  trustedProxies: values.TRUSTED_PROXIES,
  embedOrigins: values.EMBED_ORIGINS,
  grpcHost: values.GRPC_HOST,
  grpcPort: values.GRPC_PORT,
  isGrpcNetworkTrusted: values.GRPC_TRUSTED_NETWORK,
  grpcTlsCert: values.GRPC_TLS_CERT,
  grpcTlsKey: values.GRPC_TLS_KEY,
  grpcTlsClientCa: values.GRPC_TLS_CLIENT_CA,
  adminGrpcUrl: values.ADMIN_GRPC_URL,
  adminGrpcTlsCa: values.ADMIN_GRPC_TLS_CA,
  adminGrpcTlsCert: values.ADMIN_GRPC_TLS_CERT,
  adminGrpcTlsKey: values.ADMIN_GRPC_TLS_KEY,
  opsHost: values.OPS_HOST,
  opsPort: values.OPS_PORT,
  adminToken: values.ADMIN_TOKEN,
  sessionSecrets: values.SESSION_SECRETS,
  resultSigningKey: values.RESULT_SIGNING_KEY,
  resultPublicKeys: values.RESULT_PUBLIC_KEYS,
  hostTokenJwksUrl: values.HOST_TOKEN_JWKS_URL,
  hostTokenPublicKeys: values.HOST_TOKEN_PUBLIC_KEYS,
  hostTokenSecrets: values.HOST_TOKEN_SECRETS,
  hostTokenAudience: values.HOST_TOKEN_AUDIENCE ?? values.PUBLIC_URL ?? 'tallycast',
  hostTokenIssuer: values.HOST_TOKEN_ISSUER,
  hostTokenLifeMaxSeconds: values.HOST_TOKEN_LIFE_MAX,
  pollCreation: values.POLL_CREATION,
  votePartitions: values.VOTE_PARTITIONS,
  voteDurability: values.VOTE_DURABILITY,
  isVoteDurabilityChecked: values.VOTE_DURABILITY_CHECK,
  connectionsMax: values.CONNECTIONS_MAX,
  viewersMax: values.VIEWERS_MAX,
  viewerBufferBytesMax: values.VIEWER_BUFFER_BYTES_MAX,
  exportsMax: values.EXPORTS_MAX,
  waitingVotesMax: values.WAITING_VOTES_MAX,
  voteUnreadMsMax: values.VOTE_UNREAD_MS_MAX,
  isRateLimited: values.RATE_LIMITS,
  requestsPerMinute: {
    voters: values.VOTER_REQUESTS_PER_MINUTE,
    keys: values.KEY_REQUESTS_PER_MINUTE,
    keyPolls: values.KEY_POLL_REQUESTS_PER_MINUTE,
    newcomers: values.ADDRESS_NEWCOMERS_PER_MINUTE,
    newPolls: values.ADDRESS_NEW_POLLS_PER_MINUTE,
    invalidTokens: values.ADDRESS_INVALID_TOKENS_PER_MINUTE,
    joinCodes: values.ADDRESS_JOIN_CODES_PER_MINUTE,
    signedResults: values.ADDRESS_SIGNED_RESULTS_PER_MINUTE,
  },
  unrecordedVotesMax: values.UNRECORDED_VOTES_MAX,
  leaseMs: values.LEASE_MS,
  updateIntervalMs: values.UPDATE_INTERVAL_MS,
  viewerPingMs: values.VIEWER_PING_MS,
  streamRetentionMs: values.STREAM_RETENTION_MS,
  recountEveryMs: values.RECOUNT_EVERY_MS,
  pollRedisTtlSeconds: values.POLL_REDIS_TTL,
  traces: { exporter: values.OTEL_TRACES_EXPORTER, share: values.OTEL_TRACES_SAMPLER_ARG },
  shutdownTimeoutMs: values.SHUTDOWN_TIMEOUT_MS,
  logLevel: values.LOG_LEVEL,
})

/** What each value allows and all of them together do not. */
const findContradictions = (config: Config, role: Role): string[] => {
  const problems: string[] = []
  const isAlone = role !== 'all' && role !== 'full'
  if (isAlone && !isBeside(role) && config.databaseUrl === null) {
    problems.push(`DATABASE_URL is missing: the ${role} process brings no PostgreSQL (npm start does)`)
  }
  if (!isBeside(role) && config.databaseUrl === null && config.databaseReplicaUrl !== null) {
    problems.push('DATABASE_REPLICA_URL needs DATABASE_URL: the PostgreSQL that npm start brings has no replica')
  }
  if (config.apiProcesses > 1 && config.port === 0 && (role === 'api' || !isAlone)) {
    problems.push('PORT 0 would give each of API_PROCESSES another port: name the one that they share')
  }
  if (role === 'full' && config.opsPort > 65_533) {
    problems.push('OPS_PORT must be 65533 or less: npm run full takes the two ports after it too')
  }
  const servesGrpc = role === 'admin' || !isAlone
  const isGuarded = config.adminToken !== null || config.isGrpcNetworkTrusted || isLoopback(config.grpcHost)
  if (servesGrpc && !isGuarded) {
    problems.push(
      `GRPC_HOST ${config.grpcHost} is reachable from other machines: set ADMIN_TOKEN, or GRPC_TRUSTED_NETWORK=on where only Tallycast's own processes can reach it`,
    )
  }
  return [...problems, ...findHostKeys(config), ...findTlsGaps(config, role), ...findSharedPorts(config, role)]
}

/** Half of what TLS needs, or one end of a connection without the other. */
const findTlsGaps = (config: Config, role: Role): string[] => {
  const { grpcTlsCert, grpcTlsKey, grpcTlsClientCa, adminGrpcTlsCa, adminGrpcTlsCert, adminGrpcTlsKey } = config
  const isServed = grpcTlsCert !== null && grpcTlsKey !== null
  const problems = [
    ...findPairGap('GRPC_TLS_CERT', grpcTlsCert, 'GRPC_TLS_KEY', grpcTlsKey),
    ...findPairGap('ADMIN_GRPC_TLS_CERT', adminGrpcTlsCert, 'ADMIN_GRPC_TLS_KEY', adminGrpcTlsKey),
  ]
  if (grpcTlsClientCa !== null && !isServed) problems.push('GRPC_TLS_CLIENT_CA needs GRPC_TLS_CERT and GRPC_TLS_KEY')
  if (adminGrpcTlsCert !== null && adminGrpcTlsCa === null) problems.push('ADMIN_GRPC_TLS_CERT needs ADMIN_GRPC_TLS_CA')
  // gRPC names the host in the TLS handshake, where RFC 6066 (section 3) allows no address.
  if (adminGrpcTlsCa !== null && isIP(config.adminGrpcUrl.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')) !== 0) {
    problems.push('ADMIN_GRPC_URL must have a name (as localhost:50051), not an address: TLS checks the name')
  }
  const hasBothEnds = role === 'all' || role === 'full'
  if (hasBothEnds && grpcTlsClientCa !== null && adminGrpcTlsCert === null) {
    problems.push('GRPC_TLS_CLIENT_CA lets nobody in without a certificate: give the api one, ADMIN_GRPC_TLS_CERT')
  }
  if (hasBothEnds && isServed !== (adminGrpcTlsCa !== null)) {
    problems.push(
      'GRPC_TLS_CERT and ADMIN_GRPC_TLS_CA belong together: here the api asks an admin that is started with it',
    )
  }
  return problems
}

const findPairGap = (certName: string, cert: string | null, keyName: string, key: string | null): string[] => {
  if ((cert === null) !== (key === null)) return [`${certName} and ${keyName} are only good together`]
  if (cert === null || key === null) return []
  const isPair = new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))
  return isPair ? [] : [`${keyName} is not the key of ${certName}`]
}

/** With several it would depend on the token which of them is asked. */
const findHostKeys = ({ hostTokenJwksUrl, hostTokenPublicKeys, hostTokenSecrets }: Config): string[] => {
  const given = [
    ...(hostTokenJwksUrl === null ? [] : ['HOST_TOKEN_JWKS_URL']),
    ...(hostTokenPublicKeys.length === 0 ? [] : ['HOST_TOKEN_PUBLIC_KEYS']),
    ...(hostTokenSecrets.length === 0 ? [] : ['HOST_TOKEN_SECRETS']),
  ]
  return given.length > 1 ? [`${given.join(' and ')} are both set; a host has its keys in one place`] : []
}

const findSharedPorts = (config: Config, role: Role): string[] => {
  const servesHttp = role === 'api' || role === 'all' || role === 'full'
  const servesGrpc = role === 'admin' || role === 'all' || role === 'full'
  const ports: (readonly [string, number])[] = [
    ...(servesHttp ? [['PORT', config.port] as const] : []),
    ...(servesGrpc ? [['GRPC_PORT', config.grpcPort] as const] : []),
    ...(role === 'migrate' || isBeside(role) ? [] : [['OPS_PORT', config.opsPort] as const]),
    ...(role === 'full' && config.opsPort !== 0 ? nextTwo('OPS_PORT', config.opsPort) : []),
  ]
  return ports.flatMap(([name, port], index) =>
    ports
      .slice(0, index)
      .filter(([, other]) => port !== 0 && other === port)
      .map(([other]) => `${name} and ${other} are both ${port}; give each a port of its own`),
  )
}

/** Its three processes have one each. */
const nextTwo = (name: string, port: number) => [1, 2].map((place) => [`${name} + ${place}`, port + place] as const)

/** A command that finds the database of the Tallycast that runs on DATA_DIR. */
const isBeside = (role: Role): boolean => ['recount', 'keys', 'trace', 'verify', 'prune'].includes(role)

const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || /^127(\.\d+){3}$/.test(host)
