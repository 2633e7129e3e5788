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

/** A machine that stands still in the middle of a look makes it a long one: it is taken again, a few times. */
const looksMax = 5
const lookUntil = async <Value>(look: () => Promise<Value>, isCalm: (value: Value) => boolean): Promise<Value> => {
  let value = await look()
  for (let looks = 1; looks < looksMax && !isCalm(value); looks += 1) value = await look()
  return value
}
const isShort = (ms: number): boolean => ms < shortMs

test('what is read behind a long turn may have lain unread since that turn began', async () => {
  const clock = createReadingClock()
  await sleep(20)
  const look = async () => {
    const read = readNext(() => clock.unreadMs())
    near.write('first')
    await read
    const next = readNext(() => ({ unreadMs: clock.unreadMs(), turnMs: clock.turnMs() }))
    near.write('second')
    spin(longMs)
    return next
  }
  const { unreadMs, turnMs } = await lookUntil(look, (told) => isShort(told.turnMs))
  expect(unreadMs).toBeGreaterThanOrEqual(longMs)
  expect(turnMs).toBeLessThan(shortMs)
})

test('what is read behind a time in which nothing came has not lain unread for as long, whatever was before', async () => {
  const clock = createReadingClock()
  await sleep(20)
  const look = async (): Promise<number> => {
    spin(longMs)
    await sleep(longMs)
    const next = readNext(() => clock.unreadMs())
    near.write('late')
    return next
  }
  expect(await lookUntil(look, isShort)).toBeLessThan(shortMs)
})

test('what comes while the process waits for it has just come', async () => {
  const clock = createReadingClock()
  const look = async (): Promise<number> => {
    const child = spawn('sh', ['-c', `sleep ${(2 * longMs) / 1000}; echo late`])
    const ended = once(child, 'close')
    const came = new Promise<number>((resolve) => {
      child.stdout.once('data', () => resolve(clock.unreadMs()))
    })
    await ended
    return came
  }
  expect(await lookUntil(look, isShort)).toBeLessThan(shortMs)
})

test('a turn that is becoming long is known in its course', async () => {
  const clock = createReadingClock()
  await sleep(20)
  const look = async () => {
    const read = readNext(() => {
      const before = clock.turnMs()
      spin(longMs)
      return { before, after: clock.turnMs(), unreadMs: clock.unreadMs() }
    })
    near.write('first')
    return read
  }
  const { before, after, unreadMs } = await lookUntil(look, (told) => isShort(told.before))
  expect(before).toBeLessThan(shortMs)
  expect(after).toBeGreaterThanOrEqual(longMs)
  expect(unreadMs).toBeGreaterThanOrEqual(longMs)
})
