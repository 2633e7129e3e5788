// Thousands of viewers of one poll, at as little cost as they can be had: of each message its length and its version alone are
// read. It listens to messages of its parent and ends with it.
import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import type { CrowdMessage, CrowdPlan, CrowdSeen, Notes } from '../site/crowd.ts'

const receiveBytes = 64 * 1024
const comePerMs = 10
/** As the reconnecting viewers of the tests, where the server asked for nothing. */
const comeBackMs = 500
const opcodes = { text: 1, close: 8, ping: 9 }
/** Empty frames of a client, masked with zeros. */
const pong = Buffer.of(0x8a, 0x80, 0, 0, 0, 0)
const goodbye = Buffer.of(0x88, 0x80, 0, 0, 0, 0)
const headEnd = Buffer.from('\r\n\r\n')
const versionMark = Buffer.from('"version":')
const totalMark = Buffer.from('"total_votes":')
const [digit0, digit9] = [48, 57]

/** What all connections are read into, one after the other. */
const received = Buffer.allocUnsafe(receiveBytes)
/** By the clock that all processes of the machine share. */
const toMachineMs = Number(process.hrtime.bigint()) / 1e6 - performance.now()

type Viewer = {
  socket: Socket | null
  isUpgraded: boolean
  /** The beginning of a frame whose end has not come yet. */
  rest: Buffer | null
  /** What it sees; null until its present connection has brought a state. */
  version: number | null
  newest: number
  retryMs: number | null
  readonly notes: { readonly totals: number[]; readonly atMs: number[] } | null
}

let plan: CrowdPlan | null = null
const viewers: Viewer[] = []
let [messages, bytes, timesBack, ended] = [0, 0, 0, 0]
/** Set while connections are cut: how long their viewers may stay away. */
let awayMs: number | null = null

function watch(viewer: Viewer): void {
  if (plan === null) return
  const { port, pollId } = plan
  viewer.isUpgraded = false
  viewer.rest = null
  viewer.retryMs = null
  const onread = {
    buffer: received,
    callback(count: number): boolean {
      bytes += count
      take(viewer, received.subarray(0, count))
      return true
    },
  }
  const socket = connect({ port, host: '127.0.0.1', noDelay: true, onread })
  viewer.socket = socket
  socket.once('connect', () => {
    socket.write(
      `GET /ws/polls/${pollId} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
    )
  })
  // `close` follows.
  socket.once('error', () => undefined)
  socket.once('end', () => socket.destroy())
  socket.once('close', () => {
    ended += 1
    viewer.version = null
    const pauseMs = viewer.retryMs ?? (awayMs === null ? comeBackMs * (1 + Math.random()) : awayMs * Math.random())
    setTimeout(watch, pauseMs, viewer)
  })
}

function take(viewer: Viewer, chunk: Buffer): void {
  let all = viewer.rest === null ? chunk : Buffer.concat([viewer.rest, chunk])
  viewer.rest = null
  if (!viewer.isUpgraded) {
    const end = all.indexOf(headEnd)
    if (end === -1) return keep(viewer, all)
    if (all.toString('latin1', 9, 12) !== '101') return void viewer.socket?.destroy()
    viewer.isUpgraded = true
    all = all.subarray(end + headEnd.length)
  }
  takeFrames(viewer, all)
}

/** Frames of a server are not masked, and ours are shorter than 64 KiB. */
function takeFrames(viewer: Viewer, all: Buffer): void {
  let at = 0
  for (;;) {
    const short = all[at + 1]
    if (short === undefined) break
    const begin = at + (short === 126 ? 4 : 2)
    if (all.length < begin) break
    const end = begin + (short === 126 ? all.readUInt16BE(at + 2) : short)
    if (all.length < end) break
    // There are two bytes more.
    takeFrame(viewer, all[at]! & 0x0f, all, begin, end)
    at = end
  }
  if (at < all.length) keep(viewer, at === 0 ? all : all.subarray(at))
}

/** A copy: the next connection is read into the same bytes. */
function keep(viewer: Viewer, rest: Buffer): void {
  viewer.rest = Buffer.from(rest)
}

function takeFrame(viewer: Viewer, opcode: number, all: Buffer, begin: number, end: number): void {
  if (opcode === opcodes.text) {
    messages += 1
    const version = numberAt(all, all.indexOf(versionMark, begin) + versionMark.length)
    if (version < viewer.newest) timesBack += 1
    viewer.version = version
    viewer.newest = version
    if (viewer.notes === null) return
    viewer.notes.atMs.push(performance.now() + toMachineMs)
    viewer.notes.totals.push(numberAt(all, all.indexOf(totalMark, begin) + totalMark.length))
  } else if (opcode === opcodes.ping) {
    viewer.socket?.write(pong)
  } else if (opcode === opcodes.close) {
    const asked = /retry_ms=(\d+)/.exec(all.toString('latin1', begin + 2, end))?.[1]
    viewer.retryMs = asked === undefined ? null : Number(asked)
    viewer.socket?.end(goodbye)
  }
}

function numberAt(all: Buffer, from: number): number {
  let value = 0
  for (let at = from; ; at += 1) {
    const character = all[at] ?? 0
    if (character < digit0 || character > digit9) return value
    value = value * 10 + character - digit0
  }
}

function come(next: CrowdPlan): null {
  plan = next
  const coming = setInterval(() => {
    for (let n = 0; n < (next.perSecond * comePerMs) / 1000 && viewers.length < next.viewers; n += 1) {
      const isNoted = next.notedEvery > 0 && viewers.length % next.notedEvery === 0
      const notes = isNoted ? { totals: [], atMs: [] } : null
      const viewer = { socket: null, isUpgraded: false, rest: null, version: null, newest: 0, retryMs: null, notes }
      viewers.push(viewer)
      watch(viewer)
    }
    if (viewers.length >= next.viewers) clearInterval(coming)
  }, comePerMs)
  return null
}

function seen(): CrowdSeen {
  let [watching, oldest] = [0, Infinity]
  for (const { version } of viewers) {
    if (version === null) continue
    watching += 1
    oldest = Math.min(oldest, version)
  }
  return { messages, bytes, watching, oldest, timesBack, ended }
}

function drop(withinMs: number): null {
  awayMs = withinMs
  for (const { socket } of viewers) socket?.resetAndDestroy()
  return null
}

function takeNotes(): readonly Notes[] {
  return viewers.flatMap(({ notes }) =>
    notes === null ? [] : [{ totals: notes.totals.splice(0), atMs: notes.atMs.splice(0) }],
  )
}

process.on('message', (message: CrowdMessage) => {
  if ('come' in message) process.send?.(come(message.come))
  else if ('drop' in message) process.send?.(drop(message.drop.withinMs))
  else if ('notes' in message) process.send?.(takeNotes())
  else process.send?.(seen())
})
process.once('disconnect', () => process.exit())
