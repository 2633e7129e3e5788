import type { IncomingMessage } from 'node:http'

/** Who asked, as W3C Trace Context says it: a header of which Node makes one string, however often it came. */
export function traceParentIn({ headers }: Pick<IncomingMessage, 'headers'>): string | undefined {
  const { traceparent } = headers
  return typeof traceparent === 'string' ? traceparent : undefined
}
