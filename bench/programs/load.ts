// Sends prepared requests over bare connections and reads of the answers no more than it must, so that it costs little beside
// what it measures. It listens to messages of its parent and ends with it.
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { LoadMessage, LoadPlan, LoadReport, LoadTarget } from '../site/load.ts'

const tickMs = 1
const receiveBytes = 64 * 1024
/** By the clock that all processes of the machine share. */
const toMachineMs = Number(process.hrtime.bigint()) / 1e6 - performance.now()
const headEnd = Buffer.from('\r\n\r\n')

let target: LoadTarget | null = null
/** Where each request differs from the others; the next one to be sent. */
let varying: readonly string[] = []
let next = 0

/** A connection that carries one request at a time. */
type Line = { readonly socket: Socket; sentAt: number; number: number }

function requestAt(number: number): string {
  if (target === null) throw new Error('nothing is prepared')
  const { head, body } = target
  const own = varying.length === 0 ? '' : (varying[number % varying.length] ?? '')
  return `${head}${own}\r\n${body}`
}

/** The whole length of the answer that begins here; null until that can be told. */
function answerLength(received: Buffer): number | null {
  const end = received.indexOf(headEnd)
  if (end === -1) return null
  const length = /content-length: (\d+)/i.exec(received.toString('latin1', 0, end))?.[1]
  return end + headEnd.length + Number(length ?? 0)
}

async function run({ connections, perSecond, forMs, requestsMax }: LoadPlan): Promise<LoadReport> {
  if (target === null) throw new Error('nothing is prepared')
  const { port } = target
  const free: Line[] = []
  const lines: Line[] = []
  /** Intended moments of requests that found every connection busy. */
  const late: number[] = []
  const latencies: number[] = []
  const sentAtMs: number[] = []
  const refused: number[] = []
  const statuses: Record<string, number> = {}
  let [underWay, sent, broken, bytes] = [0, 0, 0, 0]
  const limit = Math.min(requestsMax ?? Infinity, varying.length <= 1 ? Infinity : varying.length - next)

  const endAt = { ms: Infinity }
  const sendOn = (line: Line, intendedAt: number): void => {
    line.sentAt = intendedAt
    line.number = sent
    underWay += 1
    sent += 1
    sentAtMs.push(performance.now() + toMachineMs)
    line.socket.write(requestAt(next), 'latin1')
    next += 1
  }
  const goOn = (line: Line): void => {
    const now = performance.now()
    if (perSecond === null) {
      if (now < endAt.ms && sent < limit) return sendOn(line, now)
    } else {
      const intendedAt = late.shift()
      if (intendedAt !== undefined) return sendOn(line, intendedAt)
    }
    free.push(line)
  }
  const open = async (): Promise<Line> => {
    const { promise, resolve, reject } = Promise.withResolvers<Line>()
    let rest: Buffer | null = null
    const take = (chunk: Buffer): void => {
      const received = rest === null ? chunk : Buffer.concat([rest, chunk])
      const length = answerLength(received)
      if (length === null || received.length < length) {
        rest = Buffer.from(received)
        return
      }
      rest = null
      bytes += length
      const status = received.toString('latin1', 9, 12)
      statuses[status] = (statuses[status] ?? 0) + 1
      if (Number(status) >= 400) refused.push(line.number)
      latencies.push(performance.now() - line.sentAt)
      underWay -= 1
      goOn(line)
    }
    const socket = connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      onread: {
        buffer: Buffer.allocUnsafe(receiveBytes),
        callback(count, buffer) {
          take(Buffer.from(buffer.buffer, buffer.byteOffset, count))
          return true
        },
      },
    })
    const line: Line = { socket, sentAt: 0, number: 0 }
    socket.once('connect', () => resolve(line))
    socket.once('error', reject)
    socket.once('close', () => {
      broken += 1
    })
    return promise
  }
  for (let count = 0; count < connections; count += 1) lines.push(await open())

  const beganAt = performance.now()
  endAt.ms = beganAt + forMs
  if (perSecond === null) for (const line of lines) goOn(line)
  else free.push(...lines)
  let due = 0
  while (performance.now() < endAt.ms && sent < limit && broken === 0) {
    if (perSecond !== null) {
      const intended = Math.floor(((performance.now() - beganAt) / 1000) * perSecond)
      for (; due < intended && sent + late.length < limit; due += 1) {
        const intendedAt = beganAt + ((due + 1) * 1000) / perSecond
        // In turn: the server ends a connection that has been idle for long.
        const line = free.shift()
        if (line === undefined) late.push(intendedAt)
        else sendOn(line, intendedAt)
      }
    }
    await sleep(tickMs)
  }
  const ms = performance.now() - beganAt
  const answeredInTime = latencies.length
  while (underWay > 0 && broken === 0) await sleep(tickMs)
  const unsent = late.length
  const wasBroken = broken
  for (const { socket } of lines) socket.destroy()
  if (wasBroken > 0) throw new Error(`${wasBroken} connections broke`)
  return {
    ms,
    sent,
    unsent,
    answered: latencies.length,
    perSecond: (answeredInTime / ms) * 1000,
    statuses,
    refused,
    bytes,
    latencies,
    sentAtMs,
  }
}

process.on('message', (message: LoadMessage) => {
  const perform = async (): Promise<LoadReport | null> => {
    if ('run' in message) return run(message.run)
    target = message.prepare
    varying = message.prepare.varying
    next = 0
    return null
  }
  perform().then(
    (report) => process.send?.({ report }),
    (fault: unknown) => process.send?.({ fault: String(fault) }),
  )
})
process.once('disconnect', () => process.exit())
