import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { finalCloseCodes } from '../../client/src/channel.ts'
import { initialWatch, stepWatch, type WatchEvent, type WatchState } from '../../client/src/watch-state.ts'
import { FINAL_CLOSE_CODES } from '../../contract/messages.ts'

const middle = (): number => 0.5
const lost = { type: 'lost', hasOpened: true, lastedMs: 100, isFinal: false, retryMs: 0 } as const
const failed = { ...lost, hasOpened: false, lastedMs: 10 } as const
const message = { type: 'message', isLast: false } as const

/** Every state on the way, and what was done at each step. */
const play = (events: readonly WatchEvent[], hasSockets = true, random = middle) => {
  let state = initialWatch(hasSockets)
  const steps: { readonly state: WatchState; readonly actions: ReturnType<typeof stepWatch>[1] }[] = []
  for (const event of events) {
    const [next, actions] = stepWatch(state, event, hasSockets, random)
    state = next
    steps.push({ state, actions })
  }
  return steps
}
const last = (steps: ReturnType<typeof play>) => steps.at(-1)!
const waits = (events: readonly WatchEvent[], random?: () => number): readonly number[] =>
  play(events, true, random).flatMap(({ actions }) => actions.flatMap((one) => (one.type === 'wait' ? [one.ms] : [])))

describe('its way', () => {
  test('it connects, is live with the first message, and waits after a loss', () => {
    const steps = play([{ type: 'start' }, message, lost, { type: 'due' }])
    expect(steps.map(({ state }) => state.status)).toEqual(['connecting', 'live', 'waiting', 'connecting'])
    expect(steps.map(({ actions }) => actions.map(({ type }) => type))).toEqual([
      ['connect'],
      [],
      ['wait'],
      ['connect'],
    ])
  })

  test('the last message of a poll ends it, and so does a refusal', () => {
    expect(last(play([{ type: 'start' }, { ...message, isLast: true }]))).toMatchObject({
      state: { status: 'closed' },
      actions: [{ type: 'disconnect' }],
    })
    expect(last(play([{ type: 'start' }, { ...failed, isFinal: true }])).state.status).toBe('closed')
  })

  test('whoever hurries does not wait any more, and leaves no connection behind', () => {
    expect(last(play([{ type: 'start' }, lost, { type: 'hurry' }])).actions).toEqual([
      { type: 'stop_waiting' },
      { type: 'connect', channel: 'socket' },
    ])
    expect(last(play([{ type: 'start' }, message, { type: 'hurry' }])).actions).toEqual([
      { type: 'disconnect' },
      { type: 'connect', channel: 'socket' },
    ])
  })

  test('the codes that end it are those of the contract', () => {
    expect(finalCloseCodes).toEqual(FINAL_CLOSE_CODES)
  })
})

describe('how long it waits', () => {
  const again = [failed, { type: 'due' }] as const
  test('below a ceiling that doubles up to 20 seconds', () => {
    const events: WatchEvent[] = [{ type: 'start' }, ...Array.from({ length: 8 }, () => again).flat()]
    expect(waits(events, () => 1)).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 20_000, 20_000])
    expect(waits(events, () => 0)).toEqual([0, 0, 0, 0, 0, 0, 0, 0])
  })

  test('at least as long as the service asks for', () => {
    expect(waits([{ type: 'start' }, message, { ...lost, retryMs: 7_000 }])).toEqual([7_000])
    // But not for days.
    expect(waits([{ type: 'start' }, message, { ...lost, retryMs: 300_001 }])).toEqual([300_000])
  })

  test('a connection that lasted five seconds was a good one: the ceiling begins anew', () => {
    const before: WatchEvent[] = [{ type: 'start' }, ...again, ...again]
    expect(waits([...before, message, { ...lost, lastedMs: 4_999 }], () => 1).at(-1)).toBe(2_000)
    expect(waits([...before, message, { ...lost, lastedMs: 5_000 }], () => 1).at(-1)).toBe(500)
  })
})

describe('where sockets do not get through', () => {
  const channels = (events: readonly WatchEvent[], hasSockets = true): readonly string[] =>
    play(events, hasSockets).flatMap(({ actions }) =>
      actions.flatMap((one) => (one.type === 'connect' ? [one.channel] : [])),
    )
  const attempts = (count: number): WatchEvent[] => [
    { type: 'start' },
    ...Array.from({ length: count - 1 }, () => [failed, { type: 'due' }] as const).flat(),
  ]

  test('events are tried after two sockets that never opened, and sockets again after two of those', () => {
    expect(channels(attempts(6))).toEqual(['socket', 'socket', 'events', 'events', 'socket', 'socket'])
  })

  test('a channel that works is kept, however often it is lost', () => {
    const events: WatchEvent[] = [
      ...attempts(3),
      ...Array.from({ length: 5 }, () => [message, lost, { type: 'due' }] as const).flat(),
    ]
    expect(channels(events).slice(2)).toEqual(Array.from({ length: 6 }, () => 'events'))
  })

  test('where there are none at all, events alone are tried', () => {
    expect(new Set(channels(attempts(6), false))).toEqual(new Set(['events']))
  })
})

test('whatever happens: one connection at most, never a connection and a pause, and nothing after the end', () => {
  const event: fc.Arbitrary<WatchEvent> = fc.oneof(
    fc.constantFrom<WatchEvent>({ type: 'start' }, { type: 'due' }, { type: 'hurry' }, message, {
      ...message,
      isLast: true,
    }),
    fc.record({
      type: fc.constant('lost' as const),
      hasOpened: fc.boolean(),
      lastedMs: fc.nat(10_000),
      isFinal: fc.boolean(),
      retryMs: fc.nat(30_000),
    }),
    fc.constant<WatchEvent>({ type: 'stop' }),
  )
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), fc.boolean(), (events, hasSockets) => {
      let [connections, pauses, hasEnded] = [0, 0, false]
      for (const { state, actions } of play(events, hasSockets)) {
        if (hasEnded) expect(actions).toEqual([])
        for (const { type } of actions) {
          if (type === 'connect') connections += 1
          if (type === 'disconnect') connections -= 1
          if (type === 'wait') [connections, pauses] = [connections - 1, pauses + 1]
          if (type === 'stop_waiting') pauses = 0
        }
        if (state.status === 'connecting' || state.status === 'live') pauses = 0
        hasEnded = state.status === 'closed'
        expect(connections).toBeLessThanOrEqual(1)
        expect(connections > 0 && pauses > 0).toBe(false)
      }
    }),
  )
})
