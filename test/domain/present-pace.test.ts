import { beforeAll, describe, expect, test } from 'vitest'
import { useLanguage } from '../../web/i18n/in-use.ts'
import english from '../../web/messages/en.json' with { type: 'json' }
import {
  countTotal,
  drawnWidth,
  drawPace,
  forgetTotal,
  formatPace,
  paceNow,
  passTime,
  startPace,
} from '../../web/present/pace.ts'

beforeAll(() => useLanguage(english, 'en'))

const at = (second: number): number => 1_000_000_000 + second * 1000
/** Hears of totals at seconds, one after the other. */
const hear = (...totals: readonly (readonly [second: number, total: number, round?: number])[]) =>
  totals.reduce(
    (pace, [second, total, round = 1]) => countTotal(pace, { total_votes: total, round }, at(second)),
    startPace(at(0)),
  )
const lastSeconds = (pace: ReturnType<typeof hear>, count: number) => pace.perSecond.slice(-count)

describe('the pace of votes', () => {
  test('is what was added in each second', () => {
    const pace = hear([0, 100], [0.2, 103], [0.9, 104], [1.5, 110], [4, 111])
    expect(lastSeconds(pace, 5)).toEqual([4, 6, 0, 0, 1])
    expect(lastSeconds(passTime(pace, at(6)), 3)).toEqual([1, 0, 0])
  })

  test('does not take for votes of a second what was there before: at first, in a new round, after a loss', () => {
    expect(lastSeconds(hear([0, 5_000]), 1)).toEqual([0])
    expect(lastSeconds(hear([0, 10], [1, 4, 2], [1, 6, 2]), 2)).toEqual([0, 2])
    const lost = forgetTotal(hear([0, 10], [1, 12]))
    expect(lastSeconds(countTotal(lost, { total_votes: 900, round: 1 }, at(3)), 3)).toEqual([2, 0, 0])
  })

  test('is never negative: a vote that was taken back is none less', () => {
    expect(lastSeconds(hear([0, 10], [1, 8], [2, 9]), 3)).toEqual([0, 0, 1])
  })

  test('is told over three whole seconds, not over the one that is not over', () => {
    expect(paceNow(hear([0, 0], [1, 30], [2, 60], [3, 99]))).toBe(20)
    expect([0, 1 / 3, 2, 9.96, 12.4, 1234.5].map(formatPace)).toEqual(['0', '0.3', '2', '10.0', '12', '1,235'])
  })

  test('is kept for a minute, however long nobody looks', () => {
    const before = hear([0, 0], [1, 30])
    const long = passTime(before, at(100_000))
    expect(long.perSecond).toHaveLength(before.perSecond.length)
    expect(Math.max(...long.perSecond)).toBe(0)
    // A clock that was set back changes nothing.
    expect(passTime(before, at(-50))).toBe(before)
  })

  test('is drawn over its whole width, the highest second at the top', () => {
    const points = drawPace(hear([0, 0], [1, 10], [2, 15], [3, 15])).split(' ')
    expect(points).toHaveLength(drawnWidth + 1)
    expect(points.slice(-3)).toEqual([`${drawnWidth - 2},1`, `${drawnWidth - 1},0`, `${drawnWidth},0.5`])
  })
})
