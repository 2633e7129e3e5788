import { expect, test } from 'vitest'
import { createSendNewest } from '../../src/application/watch-poll/send-newest.ts'
import { createFrames } from '../../src/application/watch-poll/tally-message.ts'
import type { Audience } from '../../src/domain/tally.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { someLivePoll } from '../support/some-live-poll.ts'

const frames = createFrames((_message, id) => Buffer.from(id))
const version = (number: number) => someLivePoll({ id: 'poll1' }, { version: number })

function createOutlet(audience: Audience = 'public') {
  const outlet = {
    audienceOf: () => audience,
    sent: [] as string[],
    isBusy: false,
    isGivenUp: false,
    isFull: () => outlet.isBusy,
    send: (frame: Buffer) => outlet.sent.push(frame.toString()),
    giveUp: () => {
      outlet.isGivenUp = true
    },
  }
  return outlet
}

test('a viewer with room gets each state once', () => {
  const outlet = createOutlet()
  const line = createSendNewest(frames, createManualClock()).open(outlet, version(1))
  for (const number of [1, 2, 2, 3]) line.show(version(number))
  expect(outlet.sent).toEqual(['1', '2', '3'])
})

test('a viewer without room is skipped, and gets the newest alone once it has room, without any new change', () => {
  const clock = createManualClock()
  const outlet = createOutlet()
  const sendNewest = createSendNewest(frames, clock, { retryEveryMs: 250, behindMaxMs: 10_000 })
  const line = sendNewest.open(outlet, version(1))
  outlet.isBusy = true
  for (const number of [2, 3, 4]) line.show(version(number))
  clock.pass(9_000)
  expect([outlet.sent, sendNewest.behindCount(), clock.waiting()]).toEqual([['1'], 1, 1])
  outlet.isBusy = false
  clock.pass(250)
  expect([outlet.sent, outlet.isGivenUp, sendNewest.behindCount()]).toEqual([['1', '4'], false, 0])
  clock.pass(20_000)
  expect([outlet.isGivenUp, clock.waiting()]).toEqual([false, 0])
})

test('a viewer that has no room for too long is given up, once', () => {
  const clock = createManualClock()
  const outlet = createOutlet()
  const line = createSendNewest(frames, clock, { retryEveryMs: 250, behindMaxMs: 10_000 }).open(outlet, version(1))
  outlet.isBusy = true
  for (let number = 2; number < 100; number += 1) {
    line.show(version(number))
    clock.pass(100)
  }
  expect(outlet.isGivenUp).toBe(false)
  clock.pass(500)
  expect([outlet.isGivenUp, outlet.sent, clock.waiting()]).toEqual([true, ['1'], 0])
})

test('hidden results: a viewer gets nothing while only votes arrive', () => {
  const outlet = createOutlet()
  const hidden = (number: number, revision: number) =>
    someLivePoll({ id: 'poll1', resultsVisibility: 'never', revision }, { version: number })
  const line = createSendNewest(frames, createManualClock()).open(outlet, hidden(1, 1))
  for (let number = 2; number < 50; number += 1) line.show(hidden(number, 1))
  line.show(hidden(50, 2))
  expect(outlet.sent).toEqual(['r1', 'r2'])
})

test('a viewer that left is sent nothing more', () => {
  const outlet = createOutlet()
  const line = createSendNewest(frames, createManualClock()).open(outlet, version(1))
  line.close()
  line.show(version(2))
  expect(outlet.sent).toEqual(['1'])
})

test('a viewer that left is not waited for', () => {
  const clock = createManualClock()
  const outlet = createOutlet()
  const sendNewest = createSendNewest(frames, clock)
  const line = sendNewest.open(outlet, version(1))
  outlet.isBusy = true
  line.show(version(2))
  line.close()
  clock.pass(60_000)
  expect([sendNewest.behindCount(), outlet.isGivenUp, clock.waiting()]).toEqual([0, false, 0])
})
