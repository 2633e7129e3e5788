// A crowd of voters: bare connections, requests as text, and nothing read of an answer but what is asked. It listens to
// messages of its parent and ends with it.
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { createIdentifyVoter } from '../../../src/application/cast-vote/identify-voter.ts'
import { isRefused } from '../../../src/domain/refusal.ts'
import { sleep } from '../../../src/runtime/stop-signal.ts'
import type { CrowdMessage, CrowdPlan, CrowdReport, CrowdSecrets, CrowdVote, Offer, Times } from '../crowd.ts'

type Answer = { readonly status: number; readonly text: string }

/** A connection that carries one vote at a time. It is made anew when it breaks; what was under way is answered with null. */
type Line = {
  readonly send: (request: string, answered: (answer: Answer | null) => void) => void
  readonly close: () => void
}

const tickMs = 2
const reconnectMs = 50
const lateEveryMs = 5
const retrySpreadMs = 500

const openLine = async (port: number): Promise<Line> => {
  let socket: Socket
  let answered: ((answer: Answer | null) => void) | null = null
  let received = ''
  let isClosed = false
  const settle = (answer: Answer | null): void => {
    const settled = answered
    answered = null
    received = ''
    settled?.(answer)
  }
  const open = (): void => {
    socket = connect({ host: '127.0.0.1', port, noDelay: true })
    socket.setEncoding('latin1')
    socket.on('data', (chunk: string) => {
      received += chunk
      const answer = readAnswer(received)
      if (answer !== null) settle(answer)
    })
    // `close` follows.
    socket.on('error', () => undefined)
    socket.once('close', () => {
      settle(null)
      if (!isClosed) setTimeout(open, reconnectMs)
    })
  }
  open()
  await once(socket!, 'connect') // `open` has just made it
  return {
    send(request, whenAnswered) {
      answered = whenAnswered
      socket.write(request, 'latin1')
    },
    close() {
      isClosed = true
      socket.destroy()
    },
  }
}

/** Null until the whole answer is there. */
const readAnswer = (received: string): Answer | null => {
  const headersEnd = received.indexOf('\r\n\r\n')
  if (headersEnd === -1) return null
  const length = Number(/content-length: (\d+)/i.exec(received)?.[1] ?? 0)
  if (received.length < headersEnd + 4 + length) return null
  return { status: Number(received.slice(9, 12)), text: received }
}

const createCrowd = ({ pollId, optionIds, port, secrets }: CrowdPlan & { readonly secrets: CrowdSecrets }) => {
  const bytes = (text: string): Buffer => Buffer.from(text, 'base64')
  const identifyVoter = createIdentifyVoter({
    voterPepper: bytes(secrets.voterPepper),
    sessionSecrets: [bytes(secrets.session)],
    service: bytes(secrets.service),
  })
  const votes: CrowdVote[] = []
  /** Who was refused comes back with the same vote, in this order. */
  const refusedVotes: { readonly vote: CrowdVote; readonly backAt: number }[] = []
  let nextBack = 0
  const lines: Line[] = []

  const nextVote = (now: number): CrowdVote => {
    const back = refusedVotes[nextBack]
    if (back !== undefined && back.backAt <= now) {
      nextBack += 1
      return back.vote
    }
    const session = identifyVoter.session({ voterToken: null, sessionCookie: null })
    if (isRefused(session)) throw new Error(session.detail)
    const vote: CrowdVote = {
      token: session.token,
      key: randomUUID(),
      optionId: optionIds[votes.length % optionIds.length] ?? 0,
      outcome: { result: 'unknown', reason: 'not answered' },
    }
    votes.push(vote)
    return vote
  }

  const requestOf = ({ token, key, optionId }: CrowdVote): string => {
    const body = `{"option_id":${optionId}}`
    return `POST /polls/${pollId}/vote HTTP/1.1\r\nhost: 127.0.0.1\r\nvoter-token: ${token}\r\nidempotency-key: ${key}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`
  }

  const offer = async ({ connections, votesPerSecond, forMs }: Offer): Promise<CrowdReport> => {
    while (lines.length < connections) lines.push(await openLine(port))
    const free = lines.slice(0, connections)
    const answers: Record<string, number> = {}
    const acceptedMs: number[] = []
    const refusedMs: number[] = []
    let [sent, notSent, underWay, withoutRetryAfter] = [0, 0, 0, 0]
    const count = (what: string): void => void (answers[what] = (answers[what] ?? 0) + 1)

    const take = (vote: CrowdVote, answer: Answer | null, tookMs: number): void => {
      count(answer === null ? 'no answer' : String(answer.status))
      if (answer?.status === 202) {
        acceptedMs.push(tookMs)
        vote.outcome = { result: 'accepted', voteId: /"vote_id":"([^"]+)"/.exec(answer.text)?.[1] ?? '' }
        return
      }
      const retryAfter = /retry-after: (\d+)/i.exec(answer?.text ?? '')?.[1]
      if (answer === null) {
        vote.outcome = { result: 'unknown', reason: 'no answer' }
      } else {
        const code = /"code":"([^"]+)"/.exec(answer.text)?.[1] ?? 'without a code'
        vote.outcome = { result: 'refused', status: answer.status, code }
        count(code)
        refusedMs.push(tookMs)
        if (retryAfter === undefined) withoutRetryAfter += 1
      }
      const backAt = performance.now() + Number(retryAfter ?? 1) * 1000 + Math.random() * retrySpreadMs
      refusedVotes.push({ vote, backAt })
    }
    const sendOne = (): void => {
      const line = free.shift()
      if (line === undefined) {
        notSent += 1
        return
      }
      const sentAt = performance.now()
      const vote = nextVote(sentAt)
      sent += 1
      underWay += 1
      line.send(requestOf(vote), (answer) => {
        underWay -= 1
        free.push(line)
        take(vote, answer, performance.now() - sentAt)
        if (votesPerSecond === null && performance.now() < endAt) sendOne()
      })
    }

    const late = monitorEventLoopDelay({ resolution: lateEveryMs })
    late.enable()
    const beganAt = performance.now()
    const endAt = beganAt + forMs
    if (votesPerSecond === null) for (let n = 0; n < connections; n += 1) sendOne()
    while (performance.now() < endAt) {
      const due = ((performance.now() - beganAt) / 1000) * (votesPerSecond ?? 0)
      while (sent + notSent < due && votesPerSecond !== null) sendOne()
      await sleep(tickMs)
    }
    const ms = performance.now() - beganAt
    while (underWay > 0) await sleep(tickMs)
    late.disable()
    return {
      ms,
      sent,
      notSent,
      answers,
      accepted: describeTimes(acceptedMs),
      refused: describeTimes(refusedMs),
      withoutRetryAfter,
      lateMs: late.percentile(99) / 1e6 - lateEveryMs,
    }
  }
  return {
    offer,
    votes,
    close: () => {
      for (const line of lines) line.close()
    },
  }
}

const describeTimes = (times: readonly number[]): Times => {
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1) }
}

let crowd: ReturnType<typeof createCrowd> | null = null

const perform = async (message: CrowdMessage): Promise<unknown> => {
  if ('begin' in message) {
    crowd = createCrowd(message.begin)
    return {}
  }
  if (crowd === null) throw new Error('the crowd has not begun')
  if ('offer' in message) return crowd.offer(message.offer)
  const file = createWriteStream(message.writeTo)
  for (const vote of crowd.votes) if (!file.write(`${JSON.stringify(vote)}\n`)) await once(file, 'drain')
  file.end()
  await once(file, 'finish')
  return {}
}

process.on('message', (message: CrowdMessage) => {
  perform(message).then(
    (reply) => process.send?.(reply),
    (fault: unknown) => {
      console.error(fault)
      process.exitCode = 1
      process.disconnect?.()
    },
  )
})
process.once('disconnect', () => crowd?.close())
