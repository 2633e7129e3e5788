import { logLevels } from './log.ts'
import { certificate, privateKey, publicKeys, signingKey } from './pem-settings.ts'
import { networks, origins } from './network-settings.ts'
import { redisUrl } from './redis-url.ts'
import { choice, flag, hostAndPort, hostName, integer, list, optional, share, text, url } from './setting.ts'
import type { Role, Setting } from './setting.ts'

/** How surely an accepted vote is kept, from the strictest promise about one Redis to that about several. */
const voteDurabilities = ['durable', 'fast', 'memory', 'replicated'] as const

/** Who may create polls: whoever reaches the service, or who shows an API key with the scope polls:write. */
const pollCreations = ['anyone', 'key'] as const

/** Over OTLP, or nowhere. */
const tracesExporters = ['none', 'otlp'] as const

const port = { least: 0, most: 65_535 } // 0: one that the system picks
const perMinute = { least: 1, most: 1_000_000 }
const tokenCharactersMin = 16
const secretCharactersMin = 32

/**
 * Every variable of the environment that Tallycast reads, with its default and its unit. Each may also be given as
 * NAME_FILE, the path of a file that holds the value. `.env.example` says the same to people.
 */
export const settings = {
  DATABASE_URL: optional(url(['postgres:', 'postgresql:'])),
  /** A standby that may be read: exports, results to be signed and recounts do. */
  DATABASE_REPLICA_URL: optional(url(['postgres:', 'postgresql:'])),
  /** Of each process, those that read exports and results to be signed not counted. */
  DATABASE_CONNECTIONS_MAX: integer({ least: 2, most: 1_000, fallback: 10 }),
  /** A PostgreSQL that is silent is noticed within this and a second; no statement of ours takes longer when all is well. */
  DATABASE_STATEMENT_TIMEOUT_MS: integer({ least: 1_000, most: 600_000, fallback: 10_000, unit: 'milliseconds' }),
  DATABASE_LOCK_TIMEOUT_MS: integer({ least: 100, most: 600_000, fallback: 5_000, unit: 'milliseconds' }),
  REDIS_URL: optional(redisUrl),
  REDIS_PREFIX: text({ fallback: '', pattern: /^[\w.:-]{0,64}$/, form: 'at most 64 letters, digits and _ . : -' }),
  DATA_DIR: text({ fallback: './data', pattern: /^[^\0]+$/, form: 'a folder' }),

  HOST: hostName('0.0.0.0'),
  PORT: integer({ ...port, fallback: 8000 }),
  /** So many processes answer on PORT, each with its own share of the connections. */
  API_PROCESSES: integer({ least: 1, most: 64, fallback: 1 }),
  PUBLIC_URL: optional(url(['http:', 'https:'], { isBase: true })),
  /** Whose X-Forwarded-For is believed. */
  TRUSTED_PROXIES: networks(64),
  /** Whose pages may frame `/p/{id}/embed`. */
  EMBED_ORIGINS: origins(64),
  GRPC_HOST: hostName('127.0.0.1'),
  GRPC_PORT: integer({ ...port, fallback: 50_051 }),
  /** Says that only our own processes can reach GRPC_HOST, so that it may be opened without ADMIN_TOKEN. */
  GRPC_TRUSTED_NETWORK: flag(false),
  /** With these two gRPC is served over TLS; with the third to those alone whose certificate that authority has signed. */
  GRPC_TLS_CERT: optional(certificate),
  GRPC_TLS_KEY: optional(privateKey),
  GRPC_TLS_CLIENT_CA: optional(certificate),
  ADMIN_GRPC_URL: hostAndPort('127.0.0.1:50051'),
  /** Who has signed the certificate of the admin process: then the api speaks TLS with it, and shows the other two where they are given. */
  ADMIN_GRPC_TLS_CA: optional(certificate),
  ADMIN_GRPC_TLS_CERT: optional(certificate),
  ADMIN_GRPC_TLS_KEY: optional(privateKey),
  OPS_HOST: hostName('127.0.0.1'),
  OPS_PORT: integer({
    ...port,
    // One each, so that the processes of one machine do not meet on a port.
    fallback: (role: Role) => (role === 'worker' ? 9465 : role === 'admin' ? 9466 : 9464),
  }),

  ADMIN_TOKEN: optional(
    text({
      pattern: new RegExp(`^\\S{${tokenCharactersMin},}$`),
      form: `${tokenCharactersMin} or more characters, no spaces`,
    }),
  ),
  /** The newest signs, all are accepted. None: the one that the migration made. */
  SESSION_SECRETS: list({ itemCharactersMin: secretCharactersMin, itemsMax: 8 }),

  /** Signs final results. None: the one that the migration made. The others have signed, and are published so that their results stay good. */
  RESULT_SIGNING_KEY: optional(signingKey),
  RESULT_PUBLIC_KEYS: publicKeys(16, ['EdDSA']),

  /** The keys of a host whose tokens name voters: behind a URL, or given here, or secrets that it shares with us. One of the three. */
  HOST_TOKEN_JWKS_URL: optional(url(['https:', 'http:'])),
  HOST_TOKEN_PUBLIC_KEYS: publicKeys(8),
  HOST_TOKEN_SECRETS: list({ itemCharactersMin: secretCharactersMin, itemsMax: 8 }),
  /** What a token's `aud` must name. None: PUBLIC_URL, or tallycast without one. */
  HOST_TOKEN_AUDIENCE: optional(text({ pattern: /^\S{1,200}$/, form: 'at most 200 characters, no spaces' })),
  HOST_TOKEN_ISSUER: optional(text({ pattern: /^\S{1,200}$/, form: 'at most 200 characters, no spaces' })),
  HOST_TOKEN_LIFE_MAX: integer({ least: 10, most: 86_400, fallback: 3_600, unit: 'seconds' }),

  POLL_CREATION: choice(pollCreations, 'anyone'),
  VOTE_PARTITIONS: integer({ least: 1, most: 64, fallback: 1 }),
  VOTE_DURABILITY: choice(voteDurabilities, 'durable'),
  VOTE_DURABILITY_CHECK: flag(true),
  /** Per partition, because only there can the door count exactly. */
  UNRECORDED_VOTES_MAX: integer({ least: 1, most: 1_000_000_000, fallback: 1_000_000 }),
  LEASE_MS: integer({ least: 500, most: 60_000, fallback: 5_000, unit: 'milliseconds' }),
  UPDATE_INTERVAL_MS: integer({ least: 10, most: 60_000, fallback: 100, unit: 'milliseconds' }),
  /** How often each viewer's connection is tried: one that is silent for two of these is ended, and no proxy takes one for idle. */
  VIEWER_PING_MS: integer({ least: 1_000, most: 60_000, fallback: 15_000, unit: 'milliseconds' }),
  STREAM_RETENTION_MS: integer({ least: 0, most: 30 * 86_400_000, fallback: 3_600_000, unit: 'milliseconds' }),
  /** 0: recent polls are not recounted. */
  RECOUNT_EVERY_MS: integer({ least: 0, most: 86_400_000, fallback: 60_000, unit: 'milliseconds' }),
  POLL_REDIS_TTL: integer({ least: 1, most: 365 * 86_400, fallback: 86_400, unit: 'seconds' }),

  // What one api process holds at most, before it tells others to come back.
  CONNECTIONS_MAX: integer({ least: 10, most: 1_000_000, fallback: 30_000 }),
  VIEWERS_MAX: integer({ least: 1, most: 1_000_000, fallback: 20_000 }),
  VIEWER_BUFFER_BYTES_MAX: integer({ least: 4096, most: 16_777_216, fallback: 65_536, unit: 'bytes' }),
  /** Each is a connection to PostgreSQL with a snapshot. */
  EXPORTS_MAX: integer({ least: 1, most: 100, fallback: 4 }),
  WAITING_VOTES_MAX: integer({ least: 1, most: 1_000_000, fallback: 10_000 }),
  VOTE_UNREAD_MS_MAX: integer({ least: 25, most: 10_000, fallback: 500, unit: 'milliseconds' }),

  // How often somebody may ask in a minute, and at once.
  RATE_LIMITS: flag(true),
  VOTER_REQUESTS_PER_MINUTE: integer({ ...perMinute, fallback: 60 }),
  KEY_REQUESTS_PER_MINUTE: integer({ ...perMinute, fallback: 6_000 }),
  KEY_POLL_REQUESTS_PER_MINUTE: integer({ ...perMinute, fallback: 1_200 }),
  /** Behind one address there may be a venue: 2,000 people who come, vote and try again are a quarter of this. */
  ADDRESS_NEWCOMERS_PER_MINUTE: integer({ ...perMinute, fallback: 20_000 }),
  ADDRESS_NEW_POLLS_PER_MINUTE: integer({ ...perMinute, fallback: 300 }),
  ADDRESS_INVALID_TOKENS_PER_MINUTE: integer({ ...perMinute, fallback: 600 }),
  ADDRESS_JOIN_CODES_PER_MINUTE: integer({ ...perMinute, fallback: 300 }),
  ADDRESS_SIGNED_RESULTS_PER_MINUTE: integer({ ...perMinute, fallback: 60 }),

  /** As OpenTelemetry names them; where traces go, and what else it reads, stands in its own variables (OTEL_EXPORTER_OTLP_*). */
  OTEL_TRACES_EXPORTER: choice(tracesExporters, 'none'),
  /** Which share of the votes is traced. */
  OTEL_TRACES_SAMPLER_ARG: share(0.01),

  SHUTDOWN_TIMEOUT_MS: integer({ least: 100, most: 600_000, fallback: 10_000, unit: 'milliseconds' }),
  /** Whoever starts everything with one command looks at the terminal: there, only what needs attention. */
  LOG_LEVEL: choice(logLevels, (role: Role) => (role === 'all' || role === 'full' ? 'warn' : 'info')),
} satisfies Record<string, Setting<unknown>>

export type SettingName = keyof typeof settings
export type SettingValues = {
  readonly [Name in SettingName]: (typeof settings)[Name] extends Setting<infer Value> ? Value : never
}
