import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Poll, PollStatus } from '../../src/domain/poll.ts'
import { definePoll } from '../../src/domain/poll-definition.ts'
import { beginClosing, deletePoll, openDue, openPoll, resetPoll } from '../../src/domain/poll-life.ts'
import { isRefused } from '../../src/domain/refusal.ts'

const now = 5000
const made = definePoll(
  { question: 'Lunch?', options: [{ text: 'Tea' }, { text: 'Coffee' }], draft: true },
  { id: 'p1', now: 1, partitions: 1, manageTokenHash: 'hash', createdByKey: null, joinCode: null },
)
if (isRefused(made)) throw new Error('the example is refused')
const draft = made
const inStatus = (status: PollStatus): Poll => ({ ...draft, status })
const steps = { open: openPoll, close: beginClosing, reset: resetPoll, delete: deletePoll }

describe('the life of a poll', () => {
  test.each<[keyof typeof steps, PollStatus, string]>([
    ['open', 'draft', 'open'],
    ['open', 'scheduled', 'open'],
    ['open', 'open', 'same'],
    ['open', 'closing', 'poll_final'],
    ['open', 'closed', 'poll_final'],
    ['open', 'deleted', 'poll_not_found'],
    ['close', 'draft', 'poll_not_open'],
    ['close', 'scheduled', 'poll_not_open'],
    ['close', 'open', 'closing'],
    ['close', 'closing', 'same'],
    ['close', 'closed', 'same'],
    ['close', 'deleted', 'poll_not_found'],
    ['reset', 'draft', 'draft'],
    ['reset', 'scheduled', 'draft'],
    ['reset', 'open', 'draft'],
    ['reset', 'closing', 'draft'],
    ['reset', 'closed', 'draft'],
    ['reset', 'deleted', 'poll_not_found'],
    ['delete', 'draft', 'deleted'],
    ['delete', 'open', 'deleted'],
    ['delete', 'closing', 'deleted'],
    ['delete', 'closed', 'deleted'],
    ['delete', 'deleted', 'poll_not_found'],
  ])('%s of a %s poll: %s', (step, status, expected) => {
    const poll = inStatus(status)
    const next = steps[step](poll, now)
    expect(isRefused(next) ? next.refused : next === poll ? 'same' : next.status).toBe(expected)
    expect(isRefused(next) || next === poll || next.revision === poll.revision + 1).toBe(true)
  })

  test('the opening is timed by the clock that is given, and opens_at stays for information', () => {
    expect(openPoll({ ...inStatus('scheduled'), opensAt: 4000 }, now)).toMatchObject({ openedAt: now, opensAt: 4000 })
  })

  test('a poll whose closes_at has passed cannot open', () => {
    expect(openPoll({ ...draft, closesAt: now }, now)).toMatchObject({ refused: 'poll_closed' })
    expect(openPoll({ ...draft, closesAt: now + 1 }, now)).toMatchObject({ status: 'open' })
  })

  test('a scheduled poll opens by the clock, also when it missed its own end', () => {
    const scheduled = { ...inStatus('scheduled'), opensAt: now, closesAt: now }
    expect(openDue(scheduled, now - 1)).toBe(scheduled)
    expect(openDue(scheduled, now)).toMatchObject({ status: 'open', openedAt: now, revision: 2 })
    expect(openDue(inStatus('closed'), now)).toMatchObject({ status: 'closed' })
  })

  test('a reset begins the next round without the times of the old one', () => {
    const poll = { ...inStatus('closed'), opensAt: 1, closesAt: 2, openedAt: 1, closedAt: 2, editedAt: 1, round: 3 }
    const times = { opensAt: null, closesAt: null, openedAt: null, closedAt: null, editedAt: null }
    expect(resetPoll(poll)).toMatchObject({ ...times, round: 4, status: 'draft' })
  })

  test('whatever happens, revision and round only grow, and nothing but a reset leaves the end of a round', () => {
    const anyStep = fc.constantFrom(...(Object.keys(steps) as (keyof typeof steps)[]))
    fc.assert(
      fc.property(fc.array(anyStep), (names) => {
        let poll: Poll = draft
        for (const name of names) {
          const next = steps[name](poll, now)
          if (isRefused(next)) continue
          expect(next.revision).toBe(poll.revision + (next === poll ? 0 : 1))
          expect(next.round).toBe(poll.round + (name === 'reset' ? 1 : 0))
          const hasLeft = poll.status === 'closing' && !['closing', 'deleted'].includes(next.status)
          expect(hasLeft && name !== 'reset').toBe(false)
          poll = next
        }
      }),
    )
  })
})
