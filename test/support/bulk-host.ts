import { request } from 'node:http'
import { adminToken } from './running-system.ts'
import { waitUntil } from './wait-until.ts'

/** One line of an answer, as a host reads it. */
export type BulkLineSaid = {
  readonly vote_id?: string
  readonly status?: string
  readonly code?: string
  readonly detail?: string
}

/** A host that brings votes in one request, and reads the answers while it sends. */
export type BulkHost = {
  readonly send: (text: string) => void
  readonly end: () => void
  /** Leaves at once, in the middle of whatever it sends. */
  readonly drop: () => void
  /** Null until the answer has begun. */
  readonly status: () => number | null
  /** The whole lines that have come so far. */
  readonly answers: () => readonly BulkLineSaid[]
  /** `whole`: the answer came to its own end. `cut`: it broke off. Null while it goes on. */
  readonly over: () => 'whole' | 'cut' | null
  /** Sends this text again and again, as fast as it is taken, until the host leaves; `takenBytes` says how much was. */
  readonly pour: (text: string) => { readonly takenBytes: () => number }
  readonly stopReading: () => void
  readonly readOn: () => void
  /** Resolves when so many answers have come. */
  readonly answered: (count: number, withinMs?: number) => Promise<void>
  /** Resolves when the answer is over. */
  readonly finished: (withinMs?: number) => Promise<void>
}

const longMs = 20_000

export const openBulk = async (url: string, pollId: string, bearer = adminToken): Promise<BulkHost> => {
  const headers = { 'content-type': 'application/x-ndjson', authorization: `Bearer ${bearer}` }
  const asked = request(`${url}/polls/${pollId}/votes/bulk`, { method: 'POST', headers, agent: false })
  let status: number | null = null
  let over: 'whole' | 'cut' | null = null
  let isRead = true
  const lines: BulkLineSaid[] = []
  let rest = ''
  // A connection that is cut while we write is an end like any other.
  asked.on('error', () => {
    // Of one that has begun to answer, what came before that may still be on its way to us.
    if (status === null) over ??= 'cut'
  })
  asked.on('response', (response) => {
    status = response.statusCode ?? 0
    response.setEncoding('utf8')
    response.on('data', (text: string) => {
      const parts = (rest + text).split('\n')
      rest = parts.pop() ?? ''
      // What the documented answer holds.
      for (const part of parts) lines.push(JSON.parse(part) as BulkLineSaid)
    })
    if (!isRead) response.pause()
    response.on('end', () => (over ??= 'whole'))
    response.on('error', () => undefined)
    response.on('close', () => (over ??= 'cut'))
    readOn = () => void response.resume()
    stopReading = () => void response.pause()
  })
  let readOn = (): void => void (isRead = true)
  let stopReading = (): void => void (isRead = false)
  asked.flushHeaders()
  return {
    send: (text) => void asked.write(text),
    end: () => void asked.end(),
    drop: () => void asked.destroy(),
    status: () => status,
    answers: () => lines,
    over: () => over,
    pour: (text) => {
      let takenBytes = 0
      const more = (): void => {
        asked.write(text, (fault) => {
          if (fault) return
          takenBytes += text.length
          more()
        })
      }
      more()
      return { takenBytes: () => takenBytes }
    },
    stopReading: () => stopReading(),
    readOn: () => readOn(),
    answered: (count, withinMs = longMs) =>
      waitUntil(() => lines.length >= count || over !== null, { withinMs, what: `${count} answers have come` }),
    finished: (withinMs = longMs) => waitUntil(() => over !== null, { withinMs, what: 'the answer is over' }),
  }
}

/** Lines of votes of new voters, each for an option in turn. */
export const linesOf = (voters: readonly string[], optionIds: readonly number[]): string =>
  voters.map((voter, n) => `${JSON.stringify({ voter, option_id: optionIds[n % optionIds.length] })}\n`).join('')

let named = 0

/** Names that no other call has given. */
export const someVoters = (count: number): readonly string[] =>
  Array.from({ length: count }, () => `voter ${(named += 1)}`)
