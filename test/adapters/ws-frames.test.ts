import { randomInt } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Poll } from '../../src/domain/poll.ts'
import { type LiveSide, startLiveSide } from '../support/live-side.ts'
import { type LiveSite, startLiveSite } from '../support/live-site.ts'
import { connectRawViewer, OPCODES, type RawViewer, writeClose, writeFrame } from '../support/raw-frames.ts'
import { connectViewer, type TestViewer } from '../support/viewer.ts'
import { waitUntil } from '../support/wait-until.ts'

const { continuation, text, binary, close, ping, pong } = OPCODES

let side: LiveSide
let site: LiveSite
let poll: Poll
let path: string
let steady: TestViewer
const opened: RawViewer[] = []

beforeAll(async () => {
  side = await startLiveSide('redis')
  site = await startLiveSite(side)
})
beforeEach(async () => {
  poll = await side.create()
  path = `/ws/polls/${poll.id}`
  steady = connectViewer(`${site.origin.replace('http', 'ws')}${path}`)
  await steady.sees(() => true)
})
afterEach(async () => {
  for (const { socket } of opened.splice(0)) socket.destroy()
  await expectOthersUnharmed()
})
afterAll(async () => {
  await site.stop()
  await side.stop()
})

/** Whatever one viewer sends, another sees the next vote, nothing is left of the one, and nothing was a fault. */
async function expectOthersUnharmed(): Promise<void> {
  await waitUntil(() => site.socketCount() === 1, { withinMs: 10_000, what: 'only the steady viewer is left' })
  const before = steady.last()?.total_votes ?? 0
  await side.vote(poll, 1)
  await steady.sees((message) => message.total_votes === before + 1)
  expect([steady.closed(), site.faults, side.faults]).toEqual([null, [], []])
  steady.socket.close()
  await waitUntil(() => site.socketCount() === 0)
}

const open = async (headers = ''): Promise<RawViewer> => {
  const viewer = await connectRawViewer(site.origin, path, headers)
  opened.push(viewer)
  return viewer
}

const say = async (...frames: readonly Buffer[]): Promise<RawViewer> => {
  const viewer = await open()
  for (const frame of frames) viewer.socket.write(frame)
  return viewer
}

const times = (count: number, frame: () => Buffer): Buffer => Buffer.concat(Array.from({ length: count }, frame))
const badText = Buffer.of(0xc3, 0x28)
const piece = (isLast = false): Buffer => writeFrame({ opcode: continuation, payload: 'x', isLast })

test.each<[string, number, () => Buffer]>([
  ['a frame without a mask', 1002, () => writeFrame({ opcode: text, payload: 'hello', isMasked: false })],
  [
    'a packed frame, though no packing was agreed',
    1002,
    () => writeFrame({ opcode: text, payload: Buffer.of(0xaa, 0), reserved: 4 }),
  ],
  ['the second reserved bit', 1002, () => writeFrame({ opcode: text, reserved: 2 })],
  ['the third reserved bit', 1002, () => writeFrame({ opcode: ping, reserved: 1 })],
  ['a kind of frame that does not exist', 1002, () => writeFrame({ opcode: 3 })],
  ['a kind of control frame that does not exist', 1002, () => writeFrame({ opcode: 11 })],
  ['the rest of no message', 1002, () => writeFrame({ opcode: continuation, payload: 'x' })],
  ['a message within a message', 1002, () => times(2, () => writeFrame({ opcode: text, isLast: false }))],
  ['half a ping', 1002, () => writeFrame({ opcode: ping, isLast: false })],
  ['a long ping', 1002, () => writeFrame({ opcode: ping, payload: 'x'.repeat(126) })],
  ['half a close code', 1002, () => writeFrame({ opcode: close, payload: 'x' })],
  ...[0, 999, 1004, 1005, 1006, 1015, 2999, 5000].map((code): [string, number, () => Buffer] => [
    `close code ${code}`,
    1002,
    () => writeClose(code),
  ]),
  ['a close reason that is no UTF-8', 1007, () => writeClose(1000, badText)],
  ['a text that is no UTF-8', 1007, () => writeFrame({ opcode: text, payload: badText })],
  ['a binary message', 1003, () => writeFrame({ opcode: binary, payload: 'x' })],
  ['a message above 4 KiB', 1009, () => writeFrame({ opcode: text, payload: 'x'.repeat(4097) })],
  ['a message that says it is of 2 GiB', 1009, () => writeFrame({ opcode: text, saidLength: 2n ** 31n })],
  ['a message that says it is of 8 EiB', 1009, () => writeFrame({ opcode: text, saidLength: 2n ** 63n })],
  [
    'a long message in pieces',
    1009,
    () =>
      Buffer.concat([
        writeFrame({ opcode: text, isLast: false }),
        times(5, () => writeFrame({ opcode: continuation, isLast: false, payload: 'x'.repeat(1000) })),
      ]),
  ],
  [
    'a message in more than 64 pieces',
    1008,
    () => Buffer.concat([writeFrame({ opcode: text, isLast: false }), times(64, piece)]),
  ],
  [
    'a message in empty pieces',
    1008,
    () =>
      times(65, () => writeFrame({ opcode: text, isLast: false })).map((byte, at) =>
        at >= 6 && at % 6 === 0 ? 0 : byte,
      ) as Buffer,
  ],
  ['more than 30 messages', 1008, () => times(31, () => writeFrame({ opcode: text, payload: 'x' }))],
  ['more than 30 pings', 1008, () => times(31, () => writeFrame({ opcode: ping, payload: 'x' }))],
  ['more than 30 pongs that nobody asked for', 1008, () => times(31, () => writeFrame({ opcode: pong }))],
  ['a close', 1000, () => writeClose(1000, 'bye')],
  ['a close of its own code', 4000, () => writeClose(4000)],
  ['a close without a code', 1005, () => writeFrame({ opcode: close })],
])('a viewer that sends %s is closed with %i', async (_what, code, frames) => {
  const viewer = await say(frames())
  await waitUntil(() => viewer.closeCode() !== null, { what: 'a close frame came' })
  expect(viewer.closeCode()).toBe(code)
})

test('a viewer that is told to go is sent nothing more, even where it stays', async () => {
  const viewer = await say(writeFrame({ opcode: binary, payload: 'x' }))
  await waitUntil(() => viewer.closeCode() === 1003, { what: 'a close frame came' })
  const told = viewer.received()
  await side.vote(poll, 1)
  await steady.sees((message) => message.total_votes === 1)
  // The other was told later than this one would have been.
  const later = await open()
  await waitUntil(() => later.received().includes('"total_votes":1'))
  expect(viewer.received()).toBe(told)
})

test('a frame that trickles in, byte for byte, is not kept for long', async () => {
  const viewer = await say()
  viewer.socket.setNoDelay(true)
  let sent = 0
  const bytes = writeFrame({ opcode: text, payload: 'x'.repeat(4000) })
  await waitUntil(
    () => {
      // One piece on the other side for each that is written here, as long as they are written apart.
      viewer.socket.write(bytes.subarray(sent, (sent += 1)))
      return viewer.closeCode() !== null
    },
    { withinMs: 20_000, what: 'the viewer is closed' },
  )
  expect([viewer.closeCode(), sent < 1000]).toEqual([1008, true])
})

test.each<[string, readonly Buffer[], () => Buffer]>([
  [
    'fragments, with pings between them',
    [writeFrame({ opcode: text, isLast: false })],
    () => Buffer.concat([times(1000, piece), writeFrame({ opcode: ping })]),
  ],
  ['pings', [], () => times(1000, () => writeFrame({ opcode: ping, payload: 'x'.repeat(125) }))],
  ['pongs', [], () => times(1000, () => writeFrame({ opcode: pong }))],
  ['messages', [], () => times(1000, () => writeFrame({ opcode: text, payload: 'x' }))],
])('a million %s end at the limit, and nothing grows', async (_what, begin, thousand) => {
  const viewer = await say(...begin)
  const bytes = thousand()
  const before = process.memoryUsage().rss
  let thousands = 0
  while (thousands < 1000 && !viewer.socket.destroyed) {
    thousands += 1
    if (!viewer.socket.write(bytes)) await Promise.race([once(viewer, 'drain'), once(viewer, 'close')])
  }
  // Sooner than who only does not answer our close; the reason may be lost to who does not read.
  expect(await viewer.ends(4_000)).toBeOneOf([1008, null])
  const grownMiB = (process.memoryUsage().rss - before) / 2 ** 20
  console.log(`${thousands} thousand frames were written, ${grownMiB.toFixed(1)} MiB more in use`)
  expect(grownMiB).toBeLessThan(100)
})

test('packing is not agreed to, whatever is offered', async () => {
  const offer = 'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits, x-webkit-deflate-frame\r\n'
  const viewer = await open(offer)
  expect(viewer.handshake).toMatch(/^HTTP\/1\.1 101 /)
  expect(viewer.handshake).not.toMatch(/extensions/i)
})

test('any frames are taken, or closed with a documented code, and harm nobody else', { timeout: 90_000 }, async () => {
  const seed = randomInt(2 ** 31)
  const codes = new Map<string, number>()
  await fc.assert(
    fc.asyncProperty(fc.array(someFrames(), { minLength: 8, maxLength: 16 }), async (batch) => {
      const ended = await Promise.all(
        batch.map(async ({ frames, ownCodes }) => {
          const viewer = await say(Buffer.concat(frames))
          // Most of what was not closed yet answers to this; a frame that is not whole takes it for its own.
          viewer.socket.write(writeClose(1000))
          await waitUntil(() => viewer.closeCode() !== null || viewer.isEnded(), { withinMs: 300 }).catch(() =>
            viewer.socket.end(),
          )
          const code = await viewer.ends()
          return {
            code,
            isDocumented: code === null || [1000, 1002, 1003, 1005, 1007, 1008, 1009, ...ownCodes].includes(code),
          }
        }),
      )
      for (const { code } of ended) codes.set(`${code}`, (codes.get(`${code}`) ?? 0) + 1)
      expect(ended.filter(({ isDocumented }) => !isDocumented)).toEqual([])
      expect(steady.closed()).toBeNull()
    }),
    { seed, numRuns: 40, endOnFailure: true },
  )
  console.log(`seed ${seed}:`, Object.fromEntries(codes))
  // Else the frames were not what this is about.
  for (const code of [1000, 1002, 1003, 1007, 1008, 1009]) expect(codes.get(`${code}`) ?? 0).toBeGreaterThan(0)
})

type SomeFrames = { readonly frames: readonly Buffer[]; readonly ownCodes: readonly number[] }

function someFrames(): fc.Arbitrary<SomeFrames> {
  const length = fc.oneof({ weight: 8, arbitrary: fc.nat(140) }, fc.constantFrom(4096, 4097, 65_535, 70_000))
  const payload = fc.oneof(
    fc.string({ maxLength: 30 }).map((said) => Buffer.from(said)),
    fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    length.map((bytes) => Buffer.alloc(bytes, 'x')),
  )
  const frame = fc
    .record({
      opcode: fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...Object.values(OPCODES)) }, fc.nat(15)),
      payload,
      isLast: fc.oneof({ weight: 3, arbitrary: fc.constant(true) }, fc.boolean()),
      reserved: fc.oneof({ weight: 12, arbitrary: fc.constant(0) }, fc.nat(7)),
      isMasked: fc.oneof({ weight: 12, arbitrary: fc.constant(true) }, fc.boolean()),
    })
    .map((parts): SomeFrames => ({
      frames: [writeFrame(parts)],
      ownCodes: parts.opcode === close && parts.payload.length > 1 ? [parts.payload.readUInt16BE()] : [],
    }))
  const lie = fc
    .bigInt({ min: 0n, max: 2n ** 64n - 1n })
    .map((saidLength): SomeFrames => ({ frames: [writeFrame({ opcode: text, saidLength })], ownCodes: [] }))
  const bytes = fc
    .uint8Array({ maxLength: 30 })
    // By chance that would be a close with a code of its own, which nobody knows here.
    .filter(([first = 0]) => (first & 15) !== close)
    .map((noise): SomeFrames => ({ frames: [Buffer.from(noise)], ownCodes: [] }))
  const many = fc
    .tuple(fc.constantFrom(text, ping, pong), fc.integer({ min: 20, max: 80 }))
    .map(([opcode, count]): SomeFrames => ({ frames: [times(count, () => writeFrame({ opcode }))], ownCodes: [] }))
  const one = fc.oneof({ weight: 12, arbitrary: frame }, lie, bytes, many)
  return fc
    .array(one, { maxLength: 6 })
    .map((all) => ({ frames: all.flatMap(({ frames }) => frames), ownCodes: all.flatMap(({ ownCodes }) => ownCodes) }))
}

/** Resolves at the event, which may come as an end or as an error. */
async function once({ socket }: RawViewer, event: 'drain' | 'close'): Promise<void> {
  if (socket.destroyed) return
  await new Promise<void>((resolve) => {
    socket.once(event, () => resolve())
  })
}
