import { expect, test } from 'vitest'
import { createFaultLog } from '../../src/runtime/fault-log.ts'

const start = () => {
  const lines: unknown[] = []
  let time = 0
  let timers: { readonly at: number; readonly run: () => void }[] = []
  const log = createFaultLog(
    { warn: (fields: object) => void lines.push(fields) },
    (ms, run) => void timers.push({ at: time + ms, run }),
  )
  const away = (): Error => new Error('cannot serve', { cause: new Error('connection refused') })
  const passMs = (ms: number): void => {
    const end = time + ms
    for (;;) {
      const [next] = timers.filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)
      if (next === undefined) break
      timers = timers.filter((timer) => timer !== next)
      time = next.at
      next.run()
    }
    time = end
  }
  return { lines, log, away, passMs, timersLeft: () => timers.length }
}

test('a fault that comes again and again is logged at once, then once in ten seconds with how often it came', () => {
  const { lines, log, away, passMs } = start()
  for (let second = 0; second < 25; second += 1) {
    log({ err: away(), partition: 0 }, 'recording met a fault')
    passMs(1_000)
  }
  expect(lines).toMatchObject([{ partition: 0 }, { repeated: 9 }, { repeated: 10 }])
  expect(lines[0]).not.toHaveProperty('repeated')
})

test('the last ones of a fault that ends are told within ten seconds, and then it is forgotten', () => {
  const { lines, log, away, passMs, timersLeft } = start()
  for (let time = 0; time < 4; time += 1) log({ err: away() }, 'recording met a fault')
  passMs(10_000)
  expect(lines).toMatchObject([{}, { repeated: 3 }])
  passMs(10_000)
  expect(timersLeft()).toBe(0)
  log({ err: away() }, 'recording met a fault')
  expect(lines).toHaveLength(3)
  expect(lines[2]).not.toHaveProperty('repeated')
})

test('another fault, and the same one of another doing or at another partition, is logged at once', () => {
  const { lines, log, away } = start()
  log({ err: away(), partition: 0 }, 'recording met a fault')
  log({ err: away(), partition: 7 }, 'recording met a fault')
  log({ err: away(), partition: 0 }, 'news could not be announced')
  log({ err: new Error('cannot serve', { cause: new Error('read-only') }), partition: 0 }, 'recording met a fault')
  expect(lines).toHaveLength(4)
})

test('a process that meets very many different faults tells of some hundred, and how many more there were', () => {
  const { lines, log, away, passMs } = start()
  for (let partition = 0; partition < 1_000; partition += 1) log({ err: away(), partition }, 'recording met a fault')
  expect(lines).toHaveLength(201)
  passMs(10_000)
  expect(lines).toHaveLength(202)
  expect(lines[201]).toMatchObject({ partition: 999, repeated: 799 })
})
