import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export type LineAnswer = { readonly status: number; readonly text: string }

/** What becomes of a request: null where the connection ended before its answer. */
type Answered = (answer: LineAnswer | null) => void

/** A connection on which requests are sent before those ahead of them are answered. It is made anew when it breaks. */
export type PipelinedLine = {
  /** Requests that have no answer yet. */
  readonly underWay: () => number
  /** Puts a request behind those before it; it goes out with `flush`. */
  readonly add: (request: string, answered: Answered) => void
  readonly flush: () => void
  readonly close: () => void
}

const reconnectMs = 50

export const openLine = async (port: number): Promise<PipelinedLine> => {
  let socket: Socket
  let asked: Answered[] = []
  let answered = 0
  let unsent = ''
  let received = ''
  let isClosed = false

  const take = (chunk: string): void => {
    received = received === '' ? chunk : received + chunk
    let from = 0
    for (;;) {
      const to = endOfAnswer(received, from)
      if (to === null) break
      const text = received.slice(from, to)
      from = to
      asked[answered++]?.({ status: Number(text.slice(9, 12)), text })
    }
    received = from === received.length ? '' : received.slice(from)
    if (answered < asked.length / 2) return
    asked = asked.slice(answered)
    answered = 0
  }
  const giveUp = (): void => {
    const left = asked.slice(answered)
    asked = []
    answered = 0
    unsent = ''
    received = ''
    for (const one of left) one(null)
  }
  const open = (): void => {
    socket = connect({ host: '127.0.0.1', port, noDelay: true })
    socket.setEncoding('latin1')
    socket.on('data', take)
    // `close` follows.
    socket.on('error', () => undefined)
    socket.once('close', () => {
      giveUp()
      if (!isClosed) setTimeout(open, reconnectMs)
    })
  }
  open()
  await once(socket!, 'connect') // `open` has just made it
  return {
    underWay: () => asked.length - answered,
    add(request, whenAnswered) {
      unsent += request
      asked.push(whenAnswered)
    },
    flush() {
      socket.write(unsent, 'latin1')
      unsent = ''
    },
    close() {
      isClosed = true
      socket.destroy()
    },
  }
}

const lengthField = '\r\ncontent-length: '

/** Where the answer that begins at `from` ends; null until all of it is there. */
const endOfAnswer = (received: string, from: number): number | null => {
  const headEnd = received.indexOf('\r\n\r\n', from)
  if (headEnd === -1) return null
  const field = received.indexOf(lengthField, from)
  if (field === -1 || field > headEnd)
    throw new Error(`an answer does not say how long it is: ${received.slice(from, headEnd)}`)
  const at = field + lengthField.length
  const end = headEnd + 4 + Number(received.slice(at, received.indexOf('\r\n', at)))
  return end <= received.length ? end : null
}
