import { pino, stdSerializers } from 'pino'
import type { DestinationStream, Logger } from 'pino'

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

/** What a part of Tallycast may do with the log. */
export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>

/** Whoever reads these can act as a voter or an organiser, so no log line may carry them, at any of the usual depths. */
const secretFields = [
  'authorization',
  'cookie',
  '["set-cookie"]',
  '["voter-token"]',
  'voter_token',
  'manage_token',
  'ticket',
  'codes',
]
const places = ['', '*.', 'headers.', 'req.headers.', 'res.headers.', 'req.query.']

const redactedPaths = places.flatMap((place) =>
  secretFields.map((field) => (field.startsWith('[') ? `${place.replace(/\.$/, '')}${field}` : `${place}${field}`)),
)

type LogOptions = {
  readonly name: string
  readonly level: LogLevel
  /** Where the lines go; standard output when not given. */
  readonly destination?: DestinationStream
}

/** The log of one process: a JSON object per line, times in RFC 3339, secrets blacked out. */
export const createLog = ({ name, level, destination }: LogOptions): Logger => {
  const options = {
    name,
    level,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: redactedPaths, censor: '[redacted]' },
    serializers: { req: describeRequest, err: describeFault },
  }
  return destination === undefined ? pino(options) : pino(options, destination)
}

/**
 * What a fault says, and nothing else that hangs on it: the Redis client hangs the whole command on its errors, password and votes
 * included, and the PostgreSQL client the values of a row.
 */
const describeFault = (fault: unknown): unknown => {
  if (!(fault instanceof Error)) return fault
  const { type, message, stack } = stdSerializers.err(fault)
  return { type, message, ...('code' in fault && { code: fault.code }), stack }
}

/** A ticket rides in the query of a URL, so the query is left out of what is logged about a request. */
const describeRequest = (request: { readonly method?: string; readonly url?: string; readonly id?: unknown }) => ({
  id: request.id,
  method: request.method,
  path: request.url?.split('?', 1)[0],
})
