import { hash, randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import type { Position } from '../../domain/position.ts'
import type { VoterKey } from '../../domain/vote.ts'
import type { Config } from '../../runtime/config.ts'
import { createFaultLog } from '../../runtime/fault-log.ts'
import type { Log } from '../../runtime/log.ts'
import type { EndedSpan, SpanContext } from '../../runtime/span-export.ts'
import { version } from '../version.ts'

/** The two spans of a vote on its way into the log, both in a trace of its own. */
export type VoteSpans = { readonly request: SpanContext; readonly send: SpanContext }

export type Tracing = AsyncDisposable & {
  /** How OpenTelemetry names what holds the log. */
  readonly messagingSystem: 'redis' | 'postgresql'
  /** The spans of the vote that stands there; null where it is none of those that are traced. */
  readonly ofVote: (vote: { readonly voter: VoterKey; readonly position: Position }) => VoteSpans | null
  /** A new span: in the trace of `parent`, or in a trace of its own. */
  readonly begin: (parent: SpanContext | null) => SpanContext
  /** Milliseconds since 1970, with fractions. */
  readonly now: () => number
  readonly end: (span: EndedSpan) => void
}

/** W3C Trace Context, section 3.2: version, trace id, parent id, flags; a later version may say more behind them. */
const traceParentForm = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}(?:-|$)/
/** As many bits of a trace id as OpenTelemetry draws by (W3C Trace Context Level 2: the last 56 are random). */
const drawnDigits = 14
const drawnRange = 16 ** drawnDigits

/**
 * Null where no traces are wanted: then nothing of OpenTelemetry is loaded, and nobody asks.
 *
 * The ids of a vote's spans are a hash of its place in the log and of its voter's key there. So the api that lets the vote in and the
 * worker that records it name the same spans, and draw the same votes, and nothing of a trace has to be written into the log.
 */
export async function startTracing(config: Config, role: string, log: Log): Promise<Tracing | null> {
  const { traces, redisUrl } = config
  if (traces.exporter === 'none') return null
  const { startSpanExport } = await import('../../runtime/span-export.ts')
  const faults = createFaultLog(log)
  const service = { name: `tallycast-${role}`, version, instance: `${hostname()}-${process.pid}` }
  const spans = startSpanExport(service, (err) => faults({ err }, 'traces could not be sent'))
  return {
    messagingSystem: redisUrl === null ? 'postgresql' : 'redis',
    ofVote: ({ voter, position }) => spansOf(`${voter}${position}`, traces.share),
    begin: (parent) => ({
      traceId: parent?.traceId ?? randomBytes(16).toString('hex'),
      spanId: randomBytes(8).toString('hex'),
    }),
    now: () => performance.timeOrigin + performance.now(),
    end: spans.end,
    [Symbol.asyncDispose]: spans.stop,
  }
}

function spansOf(seed: string, share: number): VoteSpans | null {
  const digits = hash('sha256', seed)
  const traceId = digits.slice(0, 32)
  if (Number.parseInt(traceId.slice(-drawnDigits), 16) >= share * drawnRange) return null
  return {
    request: { traceId, spanId: digits.slice(32, 48) },
    send: { traceId, spanId: digits.slice(48) },
  }
}

/** As the header `traceparent` writes it, for a trace that is followed. */
export function traceParentOf({ traceId, spanId }: SpanContext): string {
  return `00-${traceId}-${spanId}-01`
}

/** Null where there is none, or it is not well formed. */
export function readTraceParent(text: string | undefined): SpanContext | null {
  const [, traceId, spanId] = traceParentForm.exec(text ?? '') ?? []
  return traceId === undefined || spanId === undefined ? null : { traceId, spanId }
}
