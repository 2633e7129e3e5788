import { beforeAll, describe, expect, test } from 'vitest'
import { maySeeResults } from '../../src/domain/tally.ts'
import { useLanguage } from '../../web/i18n/in-use.ts'
import english from '../../web/messages/en.json' with { type: 'json' }
import { connectionOf } from '../../web/poll/connection.ts'
import { hasBegun, nextChange, statusOf, whyHidden } from '../../web/poll/status.ts'
import { tellNext } from '../../web/present/standing.ts'

beforeAll(() => useLanguage(english, 'en'))

const statuses = ['draft', 'scheduled', 'open', 'closing', 'closed'] as const
const hour = 3_600_000

describe('where a poll stands', () => {
  test('is what the newer of definition and tally says', () => {
    const poll = { status: 'scheduled', revision: 2 } as const
    expect(statusOf({ tally: { status: 'open', revision: 3 }, isGone: false }, poll)).toBe('open')
    expect(statusOf({ tally: { status: 'draft', revision: 1 }, isGone: false }, poll)).toBe('scheduled')
    expect(statusOf({ tally: null, isGone: false }, poll)).toBe('scheduled')
    expect(statusOf({ tally: null, isGone: true }, poll)).toBe('deleted')
  })

  test('says whether anybody could have voted', () => {
    expect(statuses.filter(hasBegun)).toEqual(['open', 'closing', 'closed'])
  })

  test('has a next change where one comes by itself', () => {
    const times = { opens_at: '2030-01-01T12:00:00Z', closes_at: '2030-01-01T13:00:00Z' }
    expect(nextChange('scheduled', times)).toEqual({ at: times.opens_at, isOpening: true })
    expect(nextChange('open', times)).toEqual({ at: times.closes_at, isOpening: false })
    expect(nextChange('open', { opens_at: null, closes_at: null })).toBeNull()
    expect(nextChange('closed', times)).toBeNull()
  })

  test('a big screen says what comes next by itself, and that it is due', () => {
    const now = Date.parse('2026-01-01T12:00:00Z')
    const times = { opens_at: '2026-01-01T12:05:00Z', closes_at: '2026-01-01T13:00:00Z' }
    expect(tellNext('scheduled', times, now)).toBe('Opens in 5:00')
    expect(tellNext('open', times, now)).toBe('Closes in 1:00:00')
    expect(tellNext('open', times, now + hour)).toBe('Closing…')
    expect(tellNext('scheduled', times, now + hour)).toBe('Opening…')
    expect(tellNext('open', { opens_at: null, closes_at: null }, now)).toBe('')
    expect(tellNext('closing', times, now)).toBe('The last votes are being counted')
    expect(tellNext('closed', times, now)).toBe('')
  })

  test('a result is hidden exactly where the service hides it from the public', () => {
    for (const visibility of ['always', 'after_vote', 'after_close', 'never'] as const) {
      for (const status of statuses) {
        const isSeen = maySeeResults({ resultsVisibility: visibility, status }, 'public')
        expect([visibility, status, whyHidden(visibility, status)]).toEqual([
          visibility,
          status,
          isSeen ? null : visibility,
        ])
      }
    }
  })
})

describe('the connection', () => {
  test('is live, looked for again, or lost', () => {
    expect((['live', 'connecting', 'waiting', 'closed'] as const).map((watch) => connectionOf(watch, 'open'))).toEqual([
      'live',
      'connecting',
      'connecting',
      'lost',
    ])
  })

  test('is not worth a word once the poll has closed, of which there is no news', () => {
    expect((['live', 'closed'] as const).map((watch) => connectionOf(watch, 'closed'))).toEqual([null, null])
    expect(connectionOf('closed', 'deleted')).toBe('lost')
  })
})
