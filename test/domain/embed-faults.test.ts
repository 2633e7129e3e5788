import { expect, test } from 'vitest'
import { TallycastError } from '../../client/src/index.ts'
import { explainFault, isUnknown } from '../../web/embed/explain-fault.ts'

const fault = (code: string, status: number) => new TallycastError({ code, status, detail: '' })

test('a vote without an answer may have arrived; one that was refused has not, unless too soon after one that may have', () => {
  const cases = [
    fault('unreachable', 0),
    fault('unreadable', 200),
    fault('unavailable', 503),
    fault('rate_limited', 429),
    fault('poll_closed', 409),
    new Error('a fault of this page'),
  ]
  expect(cases.map((error) => isUnknown(error, false))).toEqual([true, true, true, false, false, false])
  expect(cases.map((error) => isUnknown(error, true))).toEqual([true, true, true, true, false, true])
  expect(cases.slice(0, 3).map((error) => explainFault(error, false))).toEqual(
    Array.from({ length: 3 }, () => ['embed.not_answered']),
  )
})
