import { errorOf, TallycastError } from './errors.ts'
import { jitteredMs, pause } from './pause.ts'

export type SendOptions = {
  /** Where the service is; it ends with a slash. */
  readonly base: string
  readonly fetch: typeof fetch
  /** What is shown with every call that does not say otherwise. */
  readonly headers: () => Readonly<Record<string, string>>
  readonly random: () => number
}

export type Asked = {
  readonly method: string
  readonly path: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** Whether the same call may be sent again without harm, where no answer came or the service asks to come back. */
  readonly mayRepeat: boolean
  readonly signal?: AbortSignal | undefined
}

const attemptsMax = 5
const answerWithinMs = 10_000
const pauses = { firstMs: 300, longestMs: 5_000 }
/** A service that wants more patience than this is given up; the error says when to come back. */
const patienceMs = 15_000

/**
 * One call, sent again as often as it may and helps: at most five times, with a pause that grows, is random, and is at least what the service asks
 * for. Resolves with the body of the answer, or null where there is none; rejects with a `TallycastError`, or with the signal's reason.
 */
export function createSend(options: SendOptions) {
  async function sendOnce({ method, path, body, headers, signal }: Asked): Promise<unknown> {
    signal?.throwIfAborted()
    const giveUp = new AbortController()
    const onAbort = (): void => giveUp.abort(signal?.reason)
    const timer = setTimeout(() => giveUp.abort(), answerWithinMs)
    signal?.addEventListener('abort', onAbort, { once: true })
    try {
      const response = await options.fetch(`${options.base}${path}`, {
        method,
        headers: {
          ...options.headers(),
          ...headers,
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: giveUp.signal,
      })
      if (!response.ok) throw await errorOf(response)
      return response.status === 204 ? null : await response.json()
    } catch (cause) {
      signal?.throwIfAborted()
      if (cause instanceof TallycastError) throw cause
      if (cause instanceof SyntaxError) {
        throw new TallycastError({ code: 'unreadable', detail: 'The answer cannot be read.', cause })
      }
      throw new TallycastError({ code: 'unreachable', detail: 'The service cannot be reached right now.', cause })
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
    }
  }

  return async (asked: Asked): Promise<unknown> => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await sendOnce(asked)
      } catch (error) {
        if (!(error instanceof TallycastError) || !asked.mayRepeat || attempt === attemptsMax || !passes(error))
          throw error
        const leastMs = error.retryAfterMs ?? 0
        if (leastMs > patienceMs) throw error
        await pause(leastMs + jitteredMs(attempt - 1, pauses, options.random), asked.signal)
      }
    }
  }
}

/** Whether the same call may fare better in a moment. */
function passes({ code, status }: TallycastError): boolean {
  return code === 'unreachable' || status === 429 || status === 502 || status === 503 || status === 504
}
