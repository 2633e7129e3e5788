import type { TallyMessage } from '../../contract/messages.ts'
import { errorOf, TallycastError } from './errors.ts'
import { createEventReader } from './event-lines.ts'
import type { Lost } from './watch-state.ts'

/** One connection over which a poll's tally comes; it tells of its end once, unless it is closed from here. */
export type Connection = { readonly close: () => void }

export type ChannelParts = {
  /** Where the service is; it ends with a slash. */
  readonly base: string
  readonly fetch: typeof fetch
  readonly headers: () => Readonly<Record<string, string>>
  /** Asks for what stands for those headers in an address; null where there is nothing to show. Rejects with a `TallycastError`. */
  readonly ticket: (pollId: string, signal: AbortSignal) => Promise<string | null>
  /** The tally as it can be read now. Rejects with a `TallycastError`. */
  readonly look: (pollId: string) => Promise<Pick<TallyMessage, 'version' | 'revision'>>
}

export type Listener = {
  readonly onMessage: (message: TallyMessage) => void
  readonly onLost: (lost: Lost) => void
  /** The id of the last event, kept from one connection to the next. */
  readonly lastId: { value: string }
  /** The service sends the state at once. A socket over which nothing has come by then does not get through, though nobody has refused it. */
  readonly openWithinMs: number
}

/** Codes after which a viewer never comes back: refused, or gone. */
export const finalCloseCodes: readonly number[] = [1008, 1009, 4401, 4403, 4404]

/** A stream that is silent for three of the service's comments is gone, though nobody has said so. */
const silenceMaxMs = 45_000

export function openSocket(
  { base, ticket }: ChannelParts,
  pollId: string,
  { onMessage, onLost, openWithinMs }: Listener,
): Connection {
  const begun = Date.now()
  const asking = new AbortController()
  let socket: WebSocket | null = null
  let hasOpened = false
  const leave = (): void => {
    asking.abort()
    clearTimeout(opening)
    socket?.close()
  }
  const lose = (isFinal: boolean, retryMs: number): void => {
    if (asking.signal.aborted) return
    leave()
    onLost({ hasOpened, lastedMs: Date.now() - begun, isFinal, retryMs })
  }
  const opening = setTimeout(() => lose(false, 0), openWithinMs)

  async function open(): Promise<void> {
    const shown = await ticket(pollId, asking.signal)
    if (asking.signal.aborted) return
    const query = shown === null ? '' : `?ticket=${encodeURIComponent(shown)}`
    socket = new WebSocket(`${base.replace(/^http/, 'ws')}ws/polls/${encodeURIComponent(pollId)}${query}`)
    socket.addEventListener('message', ({ data }) => {
      hasOpened = true
      clearTimeout(opening)
      // The service sends nothing else here.
      if (!asking.signal.aborted) onMessage(JSON.parse(String(data)) as TallyMessage)
    })
    // Of a socket that the policy of the page forbids there is no other word. All others tell of their end after it, without a code.
    socket.addEventListener('error', () => lose(false, 0))
    socket.addEventListener('close', ({ code, reason }) =>
      lose(finalCloseCodes.includes(code), Number(/retry_ms=(\d+)/.exec(reason)?.[1] ?? 0)),
    )
  }

  open().catch((error: unknown) => lose(isRefusal(error), retryAfterOf(error)))
  return { close: leave }
}

/** Server-sent events, read from an answer: unlike an EventSource this shows the headers that the caller has, and hears why it was refused. */
export function openEvents(
  { base, fetch, headers }: ChannelParts,
  pollId: string,
  { onMessage, onLost, lastId }: Listener,
): Connection {
  const begun = Date.now()
  const reading = new AbortController()
  let hasOpened = false
  let retryMs = 0
  let isClosed = false
  let watchdog: ReturnType<typeof setTimeout> | undefined
  const feedWatchdog = (): void => {
    clearTimeout(watchdog)
    watchdog = setTimeout(() => reading.abort(), silenceMaxMs)
  }

  async function read(): Promise<boolean> {
    const response = await fetch(`${base}polls/${encodeURIComponent(pollId)}/events`, {
      headers: { ...headers(), accept: 'text/event-stream', ...(lastId.value && { 'last-event-id': lastId.value }) },
      cache: 'no-store',
      signal: reading.signal,
    })
    // Whoever has the final state is told to stay away.
    if (response.status === 204) return true
    if (!response.ok || response.body === null) throw await errorOf(response)
    const takePiece = createEventReader((ms) => (retryMs = ms))
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
    for (;;) {
      feedWatchdog()
      const { done, value } = await reader.read()
      if (done) return false
      for (const { data, id } of takePiece(value)) {
        hasOpened = true
        lastId.value = id
        if (!isClosed) onMessage(JSON.parse(data) as TallyMessage)
      }
    }
  }

  function end(isFinal: boolean): void {
    clearTimeout(watchdog)
    reading.abort()
    if (!isClosed) onLost({ hasOpened, lastedMs: Date.now() - begun, isFinal, retryMs })
  }

  feedWatchdog()
  read().then(end, (error: unknown) => {
    retryMs = Math.max(retryMs, retryAfterOf(error))
    end(isRefusal(error))
  })
  return {
    close() {
      isClosed = true
      clearTimeout(watchdog)
      reading.abort()
    },
  }
}

/** Whether the service said no for good, and not that it has no time or cannot be reached. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof TallycastError)) return false
  const { status } = error
  return status >= 400 && status < 500 && status !== 408 && status !== 429
}

function retryAfterOf(error: unknown): number {
  return error instanceof TallycastError ? (error.retryAfterMs ?? 0) : 0
}
