/** What a stream of server-sent events told: a message with its id, or when to come back. */
export type ServerEvent = { readonly data: string; readonly id: string }

/**
 * Reads server-sent events (WHATWG HTML, 9.2.6) piece by piece; the events that a piece completes come back. Names of events are not looked at:
 * this service gives none.
 */
export function createEventReader(onRetry: (ms: number) => void): (piece: string) => readonly ServerEvent[] {
  let rest = ''
  let data: string[] = []
  let id = ''

  function takeLine(line: string, events: ServerEvent[]): void {
    if (line === '') {
      if (data.length > 0) events.push({ data: data.join('\n'), id })
      data = []
      return
    }
    const colon = line.indexOf(':')
    const field = colon === -1 ? line : line.slice(0, colon)
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (field === 'data') data.push(value)
    else if (field === 'id') id = value
    else if (field === 'retry' && /^\d+$/.test(value)) onRetry(Number(value))
  }

  return (piece) => {
    const events: ServerEvent[] = []
    const lines = (rest + piece).split(/\r\n|\n|\r(?!$)/)
    rest = lines.pop() ?? ''
    for (const line of lines) takeLine(line, events)
    return events
  }
}
