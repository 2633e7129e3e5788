import { WebSocket } from 'ws'
import { FINAL_CLOSE_CODES, type TallyMessage } from '../../contract/messages.ts'

const comeBackMs = 500
const comeBackMaxMs = 5_000

/** Called with each message and the moment of its arrival (`performance.now`). */
export type OnTally = (message: TallyMessage, at: number) => void

export type ReconnectingViewer = {
  /** The newest message; null before the first. */
  newest(): TallyMessage | null
  /** How often a message was older than one before it. */
  timesBack(): number
  close(): void
}

/**
 * Somebody who watches a poll over a WebSocket, and comes back when the connection breaks. Without the client, which never shows an older version than
 * before: here it is counted when one comes.
 */
export function createReconnectingViewer(address: string, pollId: string, onTally: OnTally): ReconnectingViewer {
  const url = new URL(`/ws/polls/${pollId}`, address)
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  let newest: TallyMessage | null = null
  let timesBack = 0
  let isClosed = false
  let timer: NodeJS.Timeout | undefined
  let socket = connect()

  function connect(): WebSocket {
    const opened = new WebSocket(url, { perMessageDeflate: false })
    opened.on('message', (data: Buffer) => {
      const at = performance.now()
      // The live channel sends nothing else.
      const message = JSON.parse(data.toString('utf8')) as TallyMessage
      if ((message.version ?? 0) < (newest?.version ?? 0)) timesBack += 1
      newest = message
      onTally(message, at)
    })
    // `close` follows and does what is to be done.
    opened.on('error', () => undefined)
    opened.on('close', (code, reason) => {
      if (isClosed || FINAL_CLOSE_CODES.includes(code)) return
      const asked = Number(/retry_ms=(\d+)/.exec(String(reason))?.[1] ?? comeBackMs * (1 + Math.random()))
      timer = setTimeout(
        () => {
          socket = connect()
        },
        Math.min(asked, comeBackMaxMs),
      )
    })
    return opened
  }

  return {
    newest: () => newest,
    timesBack: () => timesBack,
    close() {
      isClosed = true
      clearTimeout(timer)
      socket.close()
    },
  }
}
