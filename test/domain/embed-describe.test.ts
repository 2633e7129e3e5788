import { beforeAll, expect, test } from 'vitest'
import english from '../../web/messages/en.json' with { type: 'json' }
import { useLanguage } from '../../web/i18n/in-use.ts'
import { describeStanding } from '../../web/embed/describe.ts'
import type { Standing } from '../../web/embed/standing.ts'

beforeAll(() => useLanguage(english, 'en'))

const standing = (tea: number | null, coffee: number | null): Standing => {
  const totalVotes = tea === null || coffee === null ? null : tea + coffee
  const option = (id: number, text: string, votes: number | null) => {
    const share = votes === null || totalVotes === null ? null : votes / Math.max(totalVotes, 1)
    return { id, text, votes, share, isWinner: false }
  }
  return { status: 'open', isFinal: false, totalVotes, options: [option(1, 'Tea', tea), option(2, 'Coffee', coffee)] }
}

test('who cannot see the bars hears who is first, of no votes that nobody is, and of a hidden result nothing', () => {
  expect([
    describeStanding(standing(1, 3)),
    describeStanding(standing(0, 0)),
    describeStanding(standing(null, null)),
  ]).toEqual(['4 votes. First: Coffee, 75%.', '0 votes', ''])
})
