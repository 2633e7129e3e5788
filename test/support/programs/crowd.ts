// A crowd of voters: bare connections, requests as text, many of them on one connection at once, and nothing read of an answer but what
// is asked. It listens to messages of its parent and ends with it.
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { createIdentifyVoter } from '../../../src/application/cast-vote/identify-voter.ts'
import { isRefused } from '../../../src/domain/refusal.ts'
import { sleep } from '../../../src/runtime/stop-signal.ts'
import type { CrowdMessage, CrowdPlan, CrowdReport, CrowdSecrets, CrowdVote, Offer, Times } from '../crowd.ts'
import { type LineAnswer, openLine, type PipelinedLine } from '../pipelined-line.ts'

const tickMs = 2
const lateEveryMs = 5
const retrySpreadMs = 500
/** Requests that go out together on one connection where there are so many: a system call for each would cost more than the rest of it. */
const perWriteMax = 8
const forgetEvery = 10_000
const newcomerEveryMs = 50
/**
 * What is offered shall be so many times what is accepted, and a margin; what is missing of it in all is made up for over a while. More that
 * is offered is less that is accepted, so each step goes but a part of the way. With every connection waiting there is no sense in more.
 */
const steering = { everyMs: 250, margin: 1.05, makeUpMs: 10_000, stepShare: 0.1, backShare: 0.1 }

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
  const lines: PipelinedLine[] = []

  const nextVote = (now: number): CrowdVote => {
    const back = refusedVotes[nextBack]
    if (back !== undefined && back.backAt <= now) {
      nextBack += 1
      if (nextBack === forgetEvery) {
        refusedVotes.splice(0, nextBack)
        nextBack = 0
      }
      return back.vote
    }
    const session = identifyVoter.session({ voterToken: null, sessionCookie: null, requestKey: null })
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

  const offer = async ({ connections, perConnection, votesPerSecond, forMs }: Offer): Promise<CrowdReport> => {
    while (lines.length < connections) lines.push(await openLine(port))
    const own = lines.slice(0, connections)
    const answers: Record<string, number> = {}
    const acceptedMs: number[] = []
    const refusedMs: number[] = []
    const newcomersMs: number[] = []
    let [sent, notSent, underWay, withoutRetryAfter] = [0, 0, 0, 0]
    const count = (what: string): void => void (answers[what] = (answers[what] ?? 0) + 1)

    const take = (
      vote: CrowdVote,
      answer: LineAnswer | null,
      tookMs: (isAccepted: boolean) => number[],
      dueAt: number,
    ): void => {
      const now = performance.now()
      count(answer === null ? 'no answer' : String(answer.status))
      if (answer?.status === 202) {
        tookMs(true).push(now - dueAt)
        vote.outcome = { result: 'accepted', voteId: copyOf(textBehind(answer.text, '"vote_id":"', '"') ?? '') }
        return
      }
      let retryAfter: string | null = null
      if (answer === null) {
        vote.outcome = { result: 'unknown', reason: 'no answer' }
      } else {
        const code = nameOf(textBehind(answer.text, '"code":"', '"') ?? 'without a code')
        vote.outcome = { result: 'refused', status: answer.status, code }
        count(code)
        tookMs(false).push(now - dueAt)
        retryAfter = textBehind(answer.text, '\r\nretry-after: ', '\r\n')
        if (retryAfter === null) withoutRetryAfter += 1
      }
      refusedVotes.push({ vote, backAt: now + Number(retryAfter ?? 1) * 1000 + Math.random() * retrySpreadMs })
    }
    const byAnswer = (isAccepted: boolean): number[] => (isAccepted ? acceptedMs : refusedMs)
    const add = (line: PipelinedLine, dueAt: number, tookMs = byAnswer, whenAnswered = (): void => undefined): void => {
      const vote = nextVote(performance.now())
      sent += 1
      underWay += 1
      line.add(requestOf(vote), (answer) => {
        underWay -= 1
        take(vote, answer, tookMs, dueAt)
        whenAnswered()
      })
    }
    /** One vote after the other, each when the one before has its answer. */
    const keepOneUnderWay = (line: PipelinedLine): void => {
      add(line, performance.now(), byAnswer, () => {
        if (performance.now() < endAt) keepOneUnderWay(line)
      })
      line.flush()
    }
    /** Somebody who was not there before. */
    const comeNewly = async (): Promise<void> => {
      const cameAt = performance.now()
      underWay += 1
      const line = await openLine(port)
      underWay -= 1
      add(line, cameAt, () => newcomersMs, line.close)
      line.flush()
    }
    const rate = createRate(votesPerSecond)
    let turn = 0
    /** Sends what is due, as much on each connection in its turn as may wait there. What finds no room is not sent at all. */
    const sendDue = (): void => {
      let full = 0
      for (let due = rate.due(performance.now()); due > 0 && full < own.length;) {
        // Counted round, so there is one.
        const line = own[turn++ % own.length]!
        const many = Math.min(due, perWriteMax, perConnection - line.underWay())
        full = many > 0 ? 0 : full + 1
        for (let n = 0; n < many; n += 1) add(line, rate.next())
        if (many > 0) line.flush()
        due -= many
      }
      if (full > 0) notSent += rate.skip(performance.now())
    }

    const late = monitorEventLoopDelay({ resolution: lateEveryMs })
    late.enable()
    const beganAt = performance.now()
    const endAt = beganAt + forMs
    if (votesPerSecond === null) for (const line of own) keepOneUnderWay(line)
    const coming = setInterval(() => void comeNewly().catch(fail), newcomerEveryMs)
    while (performance.now() < endAt) {
      rate.steer(performance.now(), { sent, notSent, accepted: acceptedMs.length })
      sendDue()
      await sleep(tickMs)
    }
    clearInterval(coming)
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
      newcomers: describeTimes(newcomersMs),
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

type Sums = { readonly sent: number; readonly notSent: number; readonly accepted: number }

/** When each vote is due. */
const createRate = (votesPerSecond: Offer['votesPerSecond']) => {
  const steered = votesPerSecond !== null && typeof votesPerSecond === 'object' ? votesPerSecond : null
  let perMs = (steered?.guess ?? (votesPerSecond as number | null) ?? 0) / 1000
  let nextAt = performance.now()
  let before = { at: nextAt, sent: 0, notSent: 0, accepted: 0 }
  return {
    due: (now: number): number => (perMs === 0 || nextAt > now ? 0 : 1 + Math.floor((now - nextAt) * perMs)),
    next(): number {
      const dueAt = nextAt
      nextAt += 1 / perMs
      return dueAt
    },
    /** Gives up what is due, and says how many that are. */
    skip(now: number): number {
      const skipped = this.due(now)
      nextAt += skipped / perMs
      return skipped
    },
    steer(now: number, sums: Sums): void {
      const ms = now - before.at
      if (steered === null || ms < steering.everyMs) return
      const wanted = steered.times * steering.margin
      const missing = Math.max(0, wanted * sums.accepted - sums.sent)
      const aimPerMs = (wanted * (sums.accepted - before.accepted)) / ms + missing / steering.makeUpMs
      perMs += sums.notSent > before.notSent ? -steering.backShare * perMs : steering.stepShare * (aimPerMs - perMs)
      before = { at: now, ...sums }
    },
  }
}

/** What stands between the two, where they first come; a pattern would take longer than everything else that is done with an answer. */
const textBehind = (text: string, before: string, end: string): string | null => {
  const at = text.indexOf(before)
  if (at === -1) return null
  const from = at + before.length
  return text.slice(from, text.indexOf(end, from))
}

/** A part of a text holds on to all of it, and that is what came with it from the system. */
const copyOf = (text: string): string => Buffer.from(text, 'latin1').toString('latin1')

const codes = new Map<string, string>()

/** The same text for the same code, of which there are few. */
const nameOf = (code: string): string => {
  const known = codes.get(code)
  if (known !== undefined) return known
  const name = copyOf(code)
  codes.set(name, name)
  return name
}

const describeTimes = (times: readonly number[]): Times => {
  const sorted = Float64Array.from(times).sort()
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

const fail = (fault: unknown): void => {
  console.error(fault)
  process.exitCode = 1
  process.disconnect?.()
}

process.on('message', (message: CrowdMessage) => {
  perform(message).then((reply) => process.send?.(reply), fail)
})
process.once('disconnect', () => crowd?.close())
