// Keeps a poll's live tally coming: over a WebSocket, over server-sent events where that does not get through, and again
// after every loss, at a random moment, so that a hall full of phones does not come back all at once.

/** Close codes after which coming back is no use: refused, or gone. FINAL_CLOSE_CODES of contract/messages.ts. */
const finalCodes = [1008, 1009, 4401, 4403, 4404]
const firstWaitMs = 500
const longestWaitMs = 20_000
/** A connection that lasted this long was a good one. */
const steadyMs = 5_000
/** So often a socket may fail before it opens, until events are tried instead. */
const failuresMax = 2

/**
 * @param {string} pollId
 * @param {{
 *   onMessage: (message: object) => void,
 *   onState: (state: 'live' | 'waiting' | 'gone') => void,
 *   getTicket: () => Promise<string | null>,
 * }} listener each connection asks for a ticket of its own, for whoever may see more than the cookie shows
 */
export function followPoll(pollId, listener) {
  let close = () => {}
  let timer = 0
  let attempts = 0
  let failures = 0

  function start() {
    clearTimeout(timer)
    close()
    const asking = new AbortController()
    close = () => asking.abort()
    const open = failures >= failuresMax && 'EventSource' in window ? openEvents : openSocket
    listener.getTicket().then(
      (ticket) => {
        if (asking.signal.aborted) return
        close = open(pollId, ticket === null ? '' : `?ticket=${encodeURIComponent(ticket)}`, { onMessage, onLost })
      },
      () => asking.signal.aborted || onLost({ hasOpened: false, lastedMs: 0, isFinal: false, retryMs: 0 }),
    )
  }

  function onMessage(message) {
    listener.onState('live')
    listener.onMessage(message)
  }

  function onLost({ hasOpened, lastedMs, isFinal, retryMs }) {
    close = () => {}
    if (isFinal) return listener.onState('gone')
    listener.onState('waiting')
    if (lastedMs > steadyMs) attempts = 0
    failures = hasOpened ? 0 : (failures + 1) % (2 * failuresMax)
    const ceiling = Math.min(longestWaitMs, firstWaitMs * 2 ** attempts)
    attempts += 1
    timer = setTimeout(start, Math.max(retryMs, Math.random() * ceiling))
  }

  // A phone that wakes up or finds its network again should not wait out the pause.
  function hurry() {
    if (document.visibilityState !== 'visible') return
    attempts = 0
    start()
  }

  let hiddenSince = 0
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') hiddenSince = Date.now()
    else if (Date.now() - hiddenSince > steadyMs) hurry()
  })
  window.addEventListener('online', hurry)
  // A page that is left for good, or kept for coming back to.
  window.addEventListener('pagehide', () => close())
  window.addEventListener('pageshow', (event) => event.persisted && hurry())

  start()
  /** Connects anew, as somebody who may see more than before. */
  return { restart: start }
}

function openSocket(pollId, query, { onMessage, onLost }) {
  const origin = location.origin.replace(/^http/, 'ws')
  const socket = new WebSocket(`${origin}/ws/polls/${encodeURIComponent(pollId)}${query}`)
  const listening = new AbortController()
  const begun = Date.now()
  let hasOpened = false
  listen(socket, listening, 'message', ({ data }) => {
    hasOpened = true
    onMessage(JSON.parse(data))
  })
  listen(socket, listening, 'close', ({ code, reason }) => {
    const retryMs = Number(/retry_ms=(\d+)/.exec(reason)?.[1] ?? 0)
    onLost({ hasOpened, lastedMs: Date.now() - begun, isFinal: finalCodes.includes(code), retryMs })
  })
  return () => {
    listening.abort()
    socket.close()
  }
}

function openEvents(pollId, query, { onMessage, onLost }) {
  const events = new EventSource(`/polls/${encodeURIComponent(pollId)}/events${query}`)
  const listening = new AbortController()
  const begun = Date.now()
  let hasOpened = false
  listen(events, listening, 'message', ({ data }) => {
    hasOpened = true
    onMessage(JSON.parse(data))
  })
  listen(events, listening, 'error', () => {
    // The pause before the next attempt is ours, so that it grows and is random in every browser.
    events.close()
    onLost({ hasOpened, lastedMs: Date.now() - begun, isFinal: false, retryMs: 0 })
  })
  return () => {
    listening.abort()
    events.close()
  }
}

function listen(target, { signal }, event, run) {
  target.addEventListener(event, run, { signal })
}
