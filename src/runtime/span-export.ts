import { diag, type DiagLogger, type HrTime, SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { envDetector, detectResources, resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, type ReadableSpan } from '@opentelemetry/sdk-trace'

/** Names a span among all others, as W3C Trace Context writes it: 32 and 16 hexadecimal digits. */
export type SpanContext = { readonly traceId: string; readonly spanId: string }

/** What was done, once it is over. Times are milliseconds since 1970, with fractions. */
export type EndedSpan = {
  readonly name: string
  readonly kind: 'internal' | 'server' | 'producer' | 'consumer'
  readonly context: SpanContext
  readonly parent: SpanContext | null
  readonly links: readonly SpanContext[]
  readonly startMs: number
  readonly endMs: number
  readonly isFault: boolean
  /** Names by OpenTelemetry's semantic conventions where there is one. Never who voted, or for what. */
  readonly attributes: Readonly<Record<string, string | number>>
}

export type SpanExport = {
  /** Returns at once, and never throws. */
  readonly end: (span: EndedSpan) => void
  /** Sends what waits, for two seconds at most. */
  readonly stop: () => Promise<void>
}

const scope = { name: 'tallycast' }
/** A collector that has not taken spans by then does not get them; so a process that is told to stop waits no longer either. */
const sendMsMax = 2_000
const kinds = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
} as const

/**
 * Sends spans to the collector that the standard variables name (OTEL_EXPORTER_OTLP_ENDPOINT, default http://localhost:4318). What it
 * does not take in time is dropped: at most 2,048 spans wait. `report` hears of every attempt that failed.
 */
export function startSpanExport(
  service: { readonly name: string; readonly version: string; readonly instance: string },
  report: (fault: unknown) => void,
): SpanExport {
  diag.setLogger(reportingTo(report))
  // The environment has the last word, as OpenTelemetry wants it: OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES.
  const resource = resourceFromAttributes({
    'service.name': service.name,
    'service.version': service.version,
    'service.instance.id': service.instance,
  }).merge(detectResources({ detectors: [envDetector] }))
  const processor = new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ timeoutMillis: sendMsMax }) })

  function readable(span: EndedSpan): ReadableSpan {
    return {
      name: span.name,
      kind: kinds[span.kind],
      spanContext: () => sampled(span.context),
      ...(span.parent !== null && { parentSpanContext: sampled(span.parent) }),
      startTime: hrTime(span.startMs),
      endTime: hrTime(span.endMs),
      duration: hrTime(span.endMs - span.startMs),
      status: { code: span.isFault ? SpanStatusCode.ERROR : SpanStatusCode.UNSET },
      attributes: { ...span.attributes },
      links: span.links.map((context) => ({ context: sampled(context) })),
      events: [],
      ended: true,
      resource,
      instrumentationScope: scope,
      droppedAttributesCount: 0,
      droppedEventsCount: 0,
      droppedLinksCount: 0,
    }
  }

  return {
    end: (span) => processor.onEnd(readable(span)),
    async stop() {
      const { promise: timeUp, resolve } = Promise.withResolvers<void>()
      const timer = setTimeout(resolve, sendMsMax)
      await Promise.race([processor.shutdown().catch(report), timeUp])
      clearTimeout(timer)
    },
  }
}

function sampled(context: SpanContext) {
  return { ...context, traceFlags: TraceFlags.SAMPLED }
}

/** Seconds and nanoseconds, of which a span of less than a millisecond needs the fraction. */
function hrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1000)
  return [seconds, Math.round((ms - seconds * 1000) * 1e6)]
}

function reportingTo(report: (fault: unknown) => void): DiagLogger {
  const silent = (): void => {}
  const tell = (message: string): void => report(new Error(message))
  return { error: tell, warn: tell, info: silent, debug: silent, verbose: silent }
}
