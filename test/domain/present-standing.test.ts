import { beforeAll, describe, expect, test } from 'vitest'
import { maySeeResults } from '../../src/domain/tally.ts'
import { useLanguage } from '../../web/i18n/in-use.ts'
import english from '../../web/messages/en.json' with { type: 'json' }
import type { Status } from '../../web/follow/status.ts'
import { tellNext, whyHidden } from '../../web/present/standing.ts'

beforeAll(() => useLanguage(english, 'en'))

const hour = 3_600_000

describe('what the big screen says of a poll', () => {
  test('what comes next by itself, and that it is due', () => {
    const now = Date.parse('2026-01-01T12:00:00Z')
    const times = { opens_at: '2026-01-01T12:05:00Z', closes_at: '2026-01-01T13:00:00Z' }
    expect(tellNext('scheduled', times, now)).toBe('Opens in 5:00')
    expect(tellNext('open', times, now)).toBe('Closes in 1:00:00')
    expect(tellNext('open', times, now + hour)).toBe('Closing…')
    expect(tellNext('scheduled', times, now + hour)).toBe('Opening…')
    expect(tellNext('open', { opens_at: null, closes_at: null }, now)).toBe('')
    expect(tellNext('closed', times, now)).toBe('')
  })

  test('a result is hidden exactly where the service hides it from the public', () => {
    const statuses = ['draft', 'scheduled', 'open', 'closing', 'closed'] as const satisfies Status[]
    for (const visibility of ['always', 'after_vote', 'after_close', 'never'] as const) {
      for (const status of statuses) {
        const isSeen = maySeeResults({ resultsVisibility: visibility, status }, 'public')
        expect([visibility, status, whyHidden(visibility, status) === null]).toEqual([visibility, status, isSeen])
      }
    }
  })
})
