import { expect, test } from 'vitest'
import { createFaultLog } from '../../src/runtime/fault-log.ts'

const start = () => {
  const lines: unknown[] = []
  let time = 0
  const log = createFaultLog({ warn: (fields: object) => void lines.push(fields) }, () => time)
  const away = (): Error => new Error('cannot serve', { cause: new Error('connection refused') })
  return { lines, log, away, passMs: (ms: number) => void (time += ms) }
}

test('a fault that comes again and again is logged at once, then once in ten seconds with how often it came', () => {
  const { lines, log, away, passMs } = start()
  for (let second = 0; second < 25; second += 1) {
    log({ err: away(), partition: second }, 'recording met a fault')
    passMs(1_000)
  }
  expect(lines).toMatchObject([{ partition: 0 }, { partition: 10, repeated: 9 }, { partition: 20, repeated: 9 }])
})

test('another fault, and the same one of another doing, is logged at once', () => {
  const { lines, log, away } = start()
  log({ err: away() }, 'recording met a fault')
  log({ err: away() }, 'news could not be announced')
  log({ err: new Error('cannot serve', { cause: new Error('read-only') }) }, 'recording met a fault')
  expect(lines).toHaveLength(3)
})

test('a fault that is over by its ten seconds is forgotten', () => {
  const { lines, log, away, passMs } = start()
  log({ err: away() }, 'recording met a fault')
  passMs(60_000)
  log({ err: away() }, 'recording met a fault')
  expect(lines[1]).not.toHaveProperty('repeated')
})
