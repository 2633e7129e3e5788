import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Poll, PollInput, PollPatch } from '../../src/domain/poll.ts'
import { definePoll, editPoll } from '../../src/domain/poll-definition.ts'
import { isSameSet } from '../../src/domain/poll-options.ts'
import { beginClosing, openPoll } from '../../src/domain/poll-life.ts'
import { isRefused, type Refused } from '../../src/domain/refusal.ts'

const now = 1_000_000
const origin = { id: 'p1', now, partitions: 4, manageTokenHash: 'hash', createdByKey: '0123456789', joinCode: '7KMX4R' }
const lunch: PollInput = { question: 'Lunch?', options: [{ text: 'Tea' }, { text: 'Coffee' }] }

function accepted(result: Poll | Refused): Poll {
  if (isRefused(result)) throw new Error(`refused: ${JSON.stringify(result)}`)
  return result
}
const define = (input: Partial<PollInput> = {}): Poll => accepted(definePoll({ ...lunch, ...input }, origin))
const edit = (poll: Poll, patch: PollPatch): Poll => accepted(editPoll(poll, patch, now + 1))
const pointers = (result: Poll | Refused): readonly string[] => {
  expect(result).toMatchObject({ refused: 'invalid_body' })
  return isRefused(result) ? (result.errors ?? []).map((error) => error.pointer) : []
}
const texts = (...values: string[]): { text: string }[] => values.map((text) => ({ text }))

describe('defining a poll', () => {
  test('what is left out takes its default, and the poll opens at once', () => {
    expect(define()).toEqual({
      id: 'p1',
      question: 'Lunch?',
      description: '',
      type: 'single',
      options: [
        { id: 1, text: 'Tea', position: 0 },
        { id: 2, text: 'Coffee', position: 1 },
      ],
      nextOptionId: 3,
      minChoices: 1,
      maxChoices: 1,
      status: 'open',
      opensAt: null,
      closesAt: null,
      openedAt: now,
      closedAt: null,
      editedAt: null,
      createdAt: now,
      resultsVisibility: 'always',
      voterVisibility: 'secret',
      voterIdentity: 'session',
      allowVoteChange: false,
      partitions: 4,
      round: 1,
      revision: 1,
      manageTokenHash: 'hash',
      createdByKey: '0123456789',
      joinCode: '7KMX4R',
    })
  })

  test('a draft waits, a future opens_at schedules, a past one opens at once', () => {
    expect(define({ draft: true })).toMatchObject({ status: 'draft', openedAt: null })
    expect(define({ opensAt: now + 1 })).toMatchObject({ status: 'scheduled', openedAt: null })
    expect(define({ opensAt: now })).toMatchObject({ status: 'open', openedAt: now, opensAt: now })
  })

  test('one choice is asked for unless told otherwise; who asks for at least two allows two', () => {
    expect(define({ type: 'multiple' })).toMatchObject({ minChoices: 1, maxChoices: 1 })
    expect(define({ type: 'multiple', maxChoices: 2 })).toMatchObject({ minChoices: 1, maxChoices: 2 })
    expect(define({ type: 'multiple', minChoices: 2 })).toMatchObject({ minChoices: 2, maxChoices: 2 })
  })

  test('texts are trimmed and counted in code points', () => {
    expect(define({ question: ' Lunch?\n' }).question).toBe('Lunch?')
    expect(define({ question: '🍵'.repeat(500) }).question).toHaveLength(1000)
    expect(pointers(definePoll({ ...lunch, question: '🍵'.repeat(501) }, origin))).toEqual(['/question'])
  })

  test('all problems are named at once, each where it is', () => {
    const input: PollInput = {
      question: ' \u200b ',
      description: 'x'.repeat(5001),
      type: 'multiple',
      options: [...texts('a', 'b', 'nul\0', '\ud800', ''), { id: 7, text: 'y'.repeat(201) }],
      minChoices: 0,
      maxChoices: 7,
      opensAt: now + 10,
      closesAt: now + 5,
      draft: true,
    }
    expect(pointers(definePoll(input, origin))).toEqual([
      '/draft',
      '/options/5/id',
      '/question',
      '/description',
      '/options/2/text',
      '/options/3/text',
      '/options/4/text',
      '/options/5/text',
      '/min_choices',
      '/max_choices',
      '/closes_at',
    ])
  })

  test.each<[string, Partial<PollInput>, string]>([
    ['fewer than 2 options', { options: texts('Tea') }, '/options'],
    ['more than 100 options', { options: texts(...Array.from({ length: 101 }, (_, n) => `${n}`)) }, '/options'],
    ['a closes_at that has passed', { closesAt: now }, '/closes_at'],
    ['a time that no calendar has', { closesAt: 8.64e15 }, '/closes_at'],
    ['a time that is no number', { closesAt: Number.NaN }, '/closes_at'],
    ['two choices in a single-choice poll', { maxChoices: 2 }, '/max_choices'],
    ['a minimum above the maximum', { type: 'multiple', minChoices: 2, maxChoices: 1 }, '/min_choices'],
    ['half a choice', { type: 'multiple', minChoices: 0.5 }, '/min_choices'],
  ])('%s is wrong', (_what, input, pointer) => {
    expect(pointers(definePoll({ ...lunch, ...input }, origin))).toContain(pointer)
  })

  test('whatever the input, the answer is a poll that keeps every limit or names at least one field', () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const poll = definePoll(input, origin)
        expect(isRefused(poll) ? pointers(poll).length > 0 : isSound(poll)).toBe(true)
      }),
    )
  })
})

describe('editing a poll before it opens', () => {
  const draft = define({ draft: true })

  test('everything may change', () => {
    const patch: PollPatch = { type: 'multiple', options: texts('A', 'B', 'C'), maxChoices: 2, allowVoteChange: true }
    expect(edit(draft, patch)).toMatchObject({ type: 'multiple', minChoices: 1, maxChoices: 2, revision: 2 })
  })

  test('an option keeps its id by id or by text, and a new one gets an id that was never used', () => {
    const changed = edit(draft, { options: [{ text: 'Milk' }, { text: 'Tea' }, { id: 2, text: 'Espresso' }] })
    expect(changed.options.map(({ id, text }) => [id, text])).toEqual([
      [3, 'Milk'],
      [1, 'Tea'],
      [2, 'Espresso'],
    ])
    const again = edit(changed, { options: texts('Espresso', 'Water') })
    expect(again.options.map((option) => option.id)).toEqual([2, 4])
    expect(again.nextOptionId).toBe(5)
  })

  test('an id that the poll does not have, or twice, is wrong', () => {
    const options = [
      { id: 9, text: 'x' },
      { id: 1, text: 'y' },
      { id: 1, text: 'z' },
    ]
    expect(pointers(editPoll(draft, { options }, now))).toEqual(['/options/0/id', '/options/2/id'])
  })

  test('opens_at schedules a draft, and taking it away makes it a draft again', () => {
    const scheduled = edit(draft, { opensAt: now + 50 })
    expect(scheduled.status).toBe('scheduled')
    expect(edit(scheduled, { opensAt: null })).toMatchObject({ status: 'draft', opensAt: null })
  })

  test('opens_at after closes_at is wrong', () => {
    const closing = define({ draft: true, closesAt: now + 50 })
    expect(pointers(editPoll(closing, { opensAt: now + 60 }, now))).toEqual(['/closes_at'])
  })

  test('the maximum stays with the type, and another type begins with its defaults', () => {
    const all = define({ type: 'multiple', maxChoices: 2, draft: true })
    expect(edit(all, { options: texts('A', 'B', 'C') }).maxChoices).toBe(2)
    expect(edit(all, { type: 'single' })).toMatchObject({ minChoices: 1, maxChoices: 1 })
  })

  test('nothing changed is the very same poll', () => {
    expect(editPoll(draft, { question: ' Lunch? ', options: texts('Tea', 'Coffee'), closesAt: null }, now)).toBe(draft)
  })
})

describe('editing an open poll', () => {
  const open = define({ type: 'multiple', maxChoices: 2 })

  test('texts may be corrected, and it shows', () => {
    expect(edit(open, { question: 'Dinner?' })).toMatchObject({ question: 'Dinner?', editedAt: now + 1, revision: 2 })
    expect(
      edit(open, {
        options: [
          { id: 2, text: 'Espresso' },
          { id: 1, text: 'Tea' },
        ],
      }),
    ).toMatchObject({
      options: [{ id: 2, text: 'Espresso' }, { id: 1 }],
      editedAt: now + 1,
    })
  })

  test('texts without ids stay with their votes when they change places', () => {
    expect(edit(open, { options: texts('Coffee', 'Tea') }).options.map((option) => option.id)).toEqual([2, 1])
    expect(edit(open, { options: texts('Tee', 'Tea') }).options.map((option) => option.id)).toEqual([2, 1])
    expect(edit(open, { options: texts('Tee', 'Kaffee') }).options.map((option) => option.id)).toEqual([1, 2])
  })

  test('closes_at may move to the future or go, and who sees results may change, without a trace in edited_at', () => {
    expect(edit(open, { closesAt: now + 9, resultsVisibility: 'never' })).toMatchObject({
      closesAt: now + 9,
      editedAt: null,
    })
    expect(pointers(editPoll(open, { closesAt: now }, now))).toEqual(['/closes_at'])
  })

  test('closes_at cannot move any more once it is reached', () => {
    const ending = define({ closesAt: now + 9 })
    expect(editPoll(ending, { closesAt: now + 20 }, now + 8)).toMatchObject({ closesAt: now + 20 })
    expect(editPoll(ending, { closesAt: now + 20 }, now + 9)).toMatchObject({ refused: 'poll_closed' })
    expect(editPoll(ending, { question: 'Dinner?' }, now + 9)).toMatchObject({ question: 'Dinner?' })
  })

  test.each<PollPatch>([
    { options: texts('Tea', 'Coffee', 'Milk') },
    { options: texts('Tea') },
    { options: [{ id: 1, text: 'Tea' }, { text: 'Milk' }] },
    {
      options: [
        { id: 1, text: 'Tea' },
        { id: 3, text: 'Milk' },
      ],
    },
    { type: 'single' },
    { minChoices: 2 },
    { maxChoices: 1 },
    { opensAt: now + 5 },
    { voterIdentity: 'none' },
    { voterVisibility: 'public' },
    { allowVoteChange: true },
  ])('%j is frozen', (patch) => {
    expect(editPoll(open, patch, now)).toMatchObject({ refused: 'options_frozen' })
  })

  test('frozen fields that stay as they are do no harm', () => {
    const patch: PollPatch = { type: 'multiple', minChoices: 1, maxChoices: 2, voterIdentity: 'session', question: 'x' }
    expect(edit(open, patch)).toMatchObject({ question: 'x', revision: 2 })
  })
})

describe('editing a poll that has ended', () => {
  const closing = accepted(beginClosing(define()))

  test('only who sees the results may change', () => {
    expect(edit(closing, { resultsVisibility: 'never', question: 'Lunch?' })).toMatchObject({
      resultsVisibility: 'never',
    })
    expect(editPoll(closing, { question: 'x' }, now)).toMatchObject({ refused: 'poll_final' })
    expect(editPoll({ ...closing, status: 'closed' }, { closesAt: now + 9 }, now)).toMatchObject({
      refused: 'poll_final',
    })
  })

  test('a deleted poll is unknown', () => {
    expect(editPoll({ ...closing, status: 'deleted' }, {}, now)).toMatchObject({ refused: 'poll_not_found' })
  })
})

describe('any chain of edits', () => {
  test('keeps every limit, never reuses an option id, and counts a revision for each change', () => {
    fc.assert(
      fc.property(fc.array(anyPatch, { maxLength: 8 }), fc.nat(8), (patches, opensAfter) => {
        let poll = define({ draft: true, type: 'multiple', options: texts('a', 'b', 'c') })
        for (const [index, patch] of patches.entries()) {
          if (index === opensAfter) poll = accepted(openPoll({ ...poll, closesAt: null }, now))
          const next = editPoll(poll, patch, now)
          if (isRefused(next)) continue
          expect(next.revision).toBe(next === poll ? poll.revision : poll.revision + 1)
          expect(isSound(next)).toBe(true)
          const before = poll.options.map((option) => option.id)
          const fresh = next.options.map((option) => option.id).filter((id) => !before.includes(id))
          expect(fresh.every((id) => id >= poll.nextOptionId)).toBe(true)
          expect(poll.status === 'open' && !isSameSet(poll.options, next.options)).toBe(false)
          poll = next
        }
      }),
    )
  })
})

function isSound({ question, options, nextOptionId, minChoices, maxChoices }: Poll): boolean {
  const ids = options.map((option) => option.id)
  const written = [question, ...options.map((option) => option.text)]
  return (
    ids.length >= 2 &&
    ids.length <= 100 &&
    new Set(ids).size === ids.length &&
    Math.max(...ids) < nextOptionId &&
    options.every((option, index) => option.position === index) &&
    minChoices >= 1 &&
    minChoices <= maxChoices &&
    maxChoices <= options.length &&
    written.every((text) => text !== '' && text === text.trim() && text.isWellFormed() && !text.includes('\0'))
  )
}

const anyText = fc.oneof(fc.constantFrom('a', 'b', 'c', ' d ', '', '\0'), fc.string({ unit: 'binary', maxLength: 210 }))
const anyCount = fc.oneof(fc.integer({ min: -1, max: 6 }), fc.constant(0.5))
const anyTime = fc.oneof(fc.integer({ min: now - 9, max: now + 9 }), fc.constant(null), fc.double())
const shared = {
  question: anyText,
  description: anyText,
  type: fc.constantFrom('single' as const, 'multiple' as const),
  minChoices: anyCount,
  maxChoices: anyCount,
  opensAt: anyTime,
  closesAt: anyTime,
  resultsVisibility: fc.constantFrom('always' as const, 'never' as const),
  voterIdentity: fc.constantFrom('none' as const, 'session' as const, 'token' as const, 'code' as const),
}
const anyOption = fc.record({ id: fc.integer({ min: 1, max: 6 }), text: anyText }, { requiredKeys: ['text'] })
const anyOptions = fc.array(anyOption, { maxLength: 6 })
const anyInput = fc.record(
  { ...shared, options: fc.oneof(anyOptions, fc.array(fc.record({ text: anyText }))), draft: fc.boolean() },
  { requiredKeys: ['question', 'options'] },
)
const anyPatch = fc.record({ ...shared, options: anyOptions }, { requiredKeys: [] })
