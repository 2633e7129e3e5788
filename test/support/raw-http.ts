import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { waitUntil } from './wait-until.ts'

/** One answer as it stood on the wire. */
export type RawAnswer = {
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
}

export type RawExchange = {
  readonly answers: readonly RawAnswer[]
  /** What came that is no answer, or none that is whole. */
  readonly rest: string
}

export type RawConnection = {
  readonly socket: Socket
  /** What came so far. */
  readonly received: () => string
  /** The server has said that it will send no more, or has cut the connection. */
  readonly isEnded: () => boolean
}

/** Neither a server nor its dependency is silent for so long while it works on an answer. */
const silenceMsDefault = 400
/** For so long it is not when it has answered, and has more to say. */
const betweenAnswersMs = 60
const lookEveryMs = 20
const endWithinMs = 15_000

/** A connection that sends what it is told to and never hangs up by itself. */
export async function connectRaw(url: string): Promise<RawConnection> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true })
  let received = ''
  let isEnded = false
  socket.on('data', (bytes: Buffer) => (received += bytes.toString('latin1')))
  // A connection that is cut while we write is an end like any other.
  socket.on('error', () => undefined)
  for (const event of ['end', 'close']) socket.once(event, () => (isEnded = true))
  await once(socket, 'connect')
  return { socket, received: () => received, isEnded: () => isEnded }
}

/** Sends these bytes (one per character), waits for what the server makes of them, hangs up, and sees it do the same. */
export async function exchangeRaw(url: string, bytes: string, silenceMs = silenceMsDefault): Promise<RawExchange> {
  const connection = await connectRaw(url)
  const { socket, received, isEnded } = connection
  try {
    socket.write(bytes, 'latin1')
    let length = 0
    // Looks, not time: a server in this process has had its turn between two of them, however long the machine stood still.
    let silentLooks = 0
    const isWhole = (): boolean => {
      const { answers, rest } = readAnswers(received(), bytes)
      // A 100 alone promises another.
      return answers.some(({ status }) => status >= 200) && rest === ''
    }
    const isSilent = (): boolean => {
      silentLooks = received().length > length ? 0 : silentLooks + 1
      length = received().length
      return isEnded() || silentLooks > (isWhole() ? betweenAnswersMs : silenceMs) / lookEveryMs
    }
    const wait = { withinMs: endWithinMs, everyMs: lookEveryMs }
    await waitUntil(isSilent, wait)
    if (!isEnded() && !isWhole()) {
      // One that has stood still is no silent one: it counts from where it has answered somebody else.
      await askElsewhere(url)
      silentLooks /= 2
      await waitUntil(isSilent, wait)
    }
    socket.end()
    await waitUntil(isEnded, {
      withinMs: endWithinMs,
      what: `the server hangs up after ${JSON.stringify(bytes.slice(0, 500))}`,
    })
    return readAnswers(received(), bytes)
  } finally {
    socket.destroy()
  }
}

/** Resolves when the server has answered a request on another connection, or ended it. */
async function askElsewhere(url: string): Promise<void> {
  await fetch(new URL('/health/live', url)).then(
    async (answer) => answer.text(),
    () => undefined,
  )
}

/** Reads answers one after the other, as a client on a connection that is kept does. */
export function readAnswers(text: string, asked: string): RawExchange {
  const answers: RawAnswer[] = []
  let rest = text
  for (;;) {
    // Only an answer to HEAD says how long a body is that does not come.
    const read = readAnswer(rest, asked.startsWith('HEAD ') && answers.length === 0)
    if (read === null) return { answers, rest }
    answers.push(read.answer)
    rest = rest.slice(read.length)
  }
}

function readAnswer(text: string, isOfHead: boolean): { readonly answer: RawAnswer; readonly length: number } | null {
  const headLength = text.indexOf('\r\n\r\n') + 4
  if (headLength === 3) return null
  const [first = '', ...lines] = text.slice(0, headLength - 4).split('\r\n')
  const status = Number(/^HTTP\/1\.1 ([1-5]\d\d) ./.exec(first)?.[1])
  if (Number.isNaN(status)) return null
  const headers = new Map(lines.map((line) => [line.split(':', 1)[0]!.toLowerCase(), line.replace(/^[^:]*: */, '')])) // a split has a first part
  const hasNoBody = isOfHead || status < 200 || status === 204 || status === 304
  const bodyLength = hasNoBody ? 0 : Number(headers.get('content-length'))
  const length = headLength + bodyLength
  // Every answer of ours with a body says how long it is.
  if (Number.isNaN(length) || text.length < length) return null
  return { answer: { status, headers, body: text.slice(headLength, length) }, length }
}
