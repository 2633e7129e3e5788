import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createReadingClock } from '../../src/runtime/reading-clock.ts'
import { sleep } from '../../src/runtime/stop-signal.ts'

const longMs = 400
/** Far longer than reading a few bytes takes, and shorter than the turn before. */
const shortMs = 300

/** Both ends of a connection of this process to itself. */
let near: Socket
let far: Socket

beforeEach(async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  // A server that listens on an address has one of this form.
  near = connect((server.address() as AddressInfo).port, '127.0.0.1')
  far = (await once(server, 'connection'))[0] as Socket // what a server tells of
  server.close()
})
afterEach(() => {
  near.destroy()
  far.destroy()
})

/** Keeps the event loop in its present turn. */
const spin = (ms: number): void => {
  const until = performance.now() + ms
  while (performance.now() < until);
}

/** What the clock says as the next bytes are read. */
const readNext = async <Value>(look: () => Value): Promise<Value> =>
  new Promise((resolve) => {
    far.once('data', () => resolve(look()))
  })

test('what is read behind a long turn may have lain unread since that turn began', async () => {
  const clock = createReadingClock()
  await sleep(20)
  const read = readNext(() => clock.unreadMs())
  near.write('first')
  await read
  const next = readNext(() => ({ unreadMs: clock.unreadMs(), turnMs: clock.turnMs() }))
  near.write('second')
  spin(longMs)
  const { unreadMs, turnMs } = await next
  expect(unreadMs).toBeGreaterThanOrEqual(longMs)
  expect(turnMs).toBeLessThan(shortMs)
})

test('what is read behind a time in which nothing came has not lain unread for as long, whatever was before', async () => {
  const clock = createReadingClock()
  await sleep(20)
  spin(longMs)
  await sleep(longMs)
  const next = readNext(() => clock.unreadMs())
  near.write('late')
  expect(await next).toBeLessThan(shortMs)
})

test('what comes while the process waits for it has just come', async () => {
  const clock = createReadingClock()
  const child = spawn('sh', ['-c', `sleep ${(2 * longMs) / 1000}; echo late`])
  const came = new Promise<number>((resolve) => {
    child.stdout.once('data', () => resolve(clock.unreadMs()))
  })
  expect(await came).toBeLessThan(shortMs)
  await once(child, 'close')
})

test('a turn that is becoming long is known in its course', async () => {
  const clock = createReadingClock()
  await sleep(20)
  const read = readNext(() => {
    const before = clock.turnMs()
    spin(longMs)
    return { before, after: clock.turnMs(), unreadMs: clock.unreadMs() }
  })
  near.write('first')
  const { before, after, unreadMs } = await read
  expect(before).toBeLessThan(shortMs)
  expect(after).toBeGreaterThanOrEqual(longMs)
  expect(unreadMs).toBeGreaterThanOrEqual(longMs)
})
