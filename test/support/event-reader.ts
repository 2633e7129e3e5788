import type { TallyMessage } from '../../contract/messages.ts'
import { waitUntil } from './wait-until.ts'

export type StreamEvent = { readonly id: string; readonly message: TallyMessage }

export type EventReader = {
  readonly status: number
  readonly headers: Headers
  readonly events: readonly StreamEvent[]
  /** Everything as it came. */
  readonly text: () => string
  readonly isEnded: () => boolean
  readonly sees: (what: (message: TallyMessage) => boolean) => Promise<StreamEvent>
  readonly close: () => void
}

/** Reads a stream of server-sent events, strictly by their form. */
export const readEvents = async (url: string, headers: Readonly<Record<string, string>> = {}): Promise<EventReader> => {
  const abort = new AbortController()
  const response = await fetch(url, { headers: { ...headers }, signal: abort.signal })
  const events: StreamEvent[] = []
  let text = ''
  let isEnded = false

  const read = async (): Promise<void> => {
    let rest = ''
    for await (const part of response.body ?? []) {
      const said = Buffer.from(part).toString()
      text += said
      const blocks = (rest + said).split('\n\n')
      rest = blocks.pop() ?? ''
      for (const block of blocks) {
        const event = /^id: (\S+)\ndata: (.+)$/.exec(block)
        // Written by us one line above its end: JSON of the one message that there is.
        if (event !== null) events.push({ id: event[1]!, message: JSON.parse(event[2]!) as TallyMessage })
      }
    }
  }
  read()
    .catch(() => undefined)
    .finally(() => {
      isEnded = true
    })

  return {
    status: response.status,
    headers: response.headers,
    events,
    text: () => text,
    isEnded: () => isEnded,
    async sees(what) {
      await waitUntil(() => events.length > 0 && what(events.at(-1)!.message), { what: what.toString() })
      return events.at(-1)!
    },
    close: () => abort.abort(),
  }
}
