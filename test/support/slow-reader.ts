import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'

/** A client that has asked and reads only when it is told to. */
export type SlowReader = {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  /** Reads on to the end of the answer, however it ends. */
  readonly readOn: () => Promise<{ readonly over: 'whole' | 'cut'; readonly bytes: number; readonly text: string }>
  /** Leaves at once. */
  readonly drop: () => void
}

const textCharactersMax = 10_000

/** Resolves when the answer has begun. */
export const openSlowReader = async (
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<SlowReader> => {
  const asked = get(url, { headers, agent: false })
  asked.on('error', () => undefined)
  // What the event of that name brings.
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  response.on('error', () => undefined)
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    async readOn() {
      let bytes = 0
      let text = ''
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        if (text.length < textCharactersMax) text += chunk.toString()
      })
      // Where it breaks off an error comes before that.
      if (!response.closed) await new Promise((resolve) => response.once('close', resolve))
      return { over: response.complete ? 'whole' : 'cut', bytes, text }
    },
    drop: () => void asked.destroy(),
  }
}
