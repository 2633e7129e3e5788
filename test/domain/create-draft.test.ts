import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  addOption,
  type Draft,
  draftLimits,
  emptyDraft,
  moveOption,
  pasteOptions,
  problemOf,
  removeOption,
  toNewPoll,
  writeOption,
} from '../../web/organiser/draft.ts'
import type { Message } from '../../web/i18n/say.ts'
import { POLL_LIMITS } from '../../src/domain/poll.ts'

const now = Date.parse('2026-01-01T00:00:00Z')
const texts = (draft: Draft): readonly string[] => draft.options.map((option) => option.text)
const draftOf = (options: readonly string[], more: Partial<Draft> = {}): Draft => ({
  ...emptyDraft(),
  question: 'Tea or coffee?',
  options: options.map((text, key) => ({ key, text })),
  ...more,
})
const keyOf = (draft: Draft, place: number): number => draft.options[place]!.key

describe('the rows', () => {
  test('a list that was pasted fills empty rows, and goes between those that are written', () => {
    const empty = emptyDraft()
    expect(texts(pasteOptions(empty, keyOf(empty, 0), '* A\n2) B\n10. C'))).toEqual(['A', 'B', 'C'])
    const written = draftOf(['A', 'D'])
    expect(texts(pasteOptions(written, 0, 'A\nB\nC'))).toEqual(['A', 'B', 'C', 'D'])
    // What only looks like a number or a bullet stays.
    expect(texts(pasteOptions(empty, keyOf(empty, 0), '2026\n-5 degrees'))).toEqual(['2026', '-5 degrees'])
    expect(pasteOptions(empty, keyOf(empty, 0), ' \n\n')).toBe(empty)
  })

  test('never fewer than two and never more than a hundred', () => {
    const two = draftOf(['A', 'B'])
    expect(texts(removeOption(two, 0))).toEqual(['', 'B'])
    const full = draftOf(Array.from({ length: draftLimits.optionsMax }, (_, n) => `${n}`))
    expect(addOption(full)).toBe(full)
    expect(texts(pasteOptions(full, 99, 'x\ny'))).toHaveLength(draftLimits.optionsMax)
    expect(texts(removeOption(full, 0))).toHaveLength(draftLimits.optionsMax - 1)
  })

  test('whatever is done to them, no option is doubled or lost, and each keeps its key', () => {
    const rows = fc.array(fc.string(), { minLength: 2, maxLength: 8 })
    fc.assert(
      fc.property(rows, fc.nat(9), fc.integer({ min: -3, max: 12 }), (options, at, place) => {
        const before = draftOf(options)
        const moved = moveOption(before, at, place)
        expect(moved.options.toSorted((a, b) => a.key - b.key)).toEqual(before.options)
        if (at < options.length && place >= 0 && place < options.length) expect(keyOf(moved, place)).toBe(at)
        expect(texts(writeOption(moved, at, 'new')).filter((text) => text === 'new').length).toBeGreaterThanOrEqual(
          at < options.length ? 1 : 0,
        )
      }),
    )
  })
})

describe('what is said before it is sent', () => {
  test.each<[Message | null, Draft]>([
    [null, draftOf(['A', 'B', '', ' '])],
    [['create.problem_question'], draftOf(['A', 'B'], { question: ' ' })],
    [['create.problem_few', { count: 2 }], draftOf(['A', ' '])],
    [['create.problem_twice', { text: 'A' }], draftOf(['A', 'B', 'A '])],
    [null, draftOf(['A', '😀'.repeat(200)], { description: 'd'.repeat(5_000) })],
    [['create.problem_option_long', { text: `${'B'.repeat(40)}…`, count: 200 }], draftOf(['A', 'B'.repeat(201)])],
    [['create.problem_description_long', { count: 5_000 }], draftOf(['A', 'B'], { description: 'd'.repeat(5_001) })],
    [['create.problem_closed_before'], draftOf(['A', 'B'], { closesAt: '2025-12-31T12:00' })],
    [['create.problem_order'], draftOf(['A', 'B'], { opensAt: '2027-01-01T12:00', closesAt: '2027-01-01T12:00' })],
  ])('%j', (said, draft) => {
    expect(problemOf(draft, now)).toEqual(said)
  })

  test('the limits are those of the service', () => {
    expect(draftLimits).toEqual({
      optionsMin: POLL_LIMITS.optionsMin,
      optionsMax: POLL_LIMITS.optionsMax,
      questionMax: POLL_LIMITS.questionMax,
      optionTextMax: POLL_LIMITS.optionTextMax,
      descriptionMax: POLL_LIMITS.descriptionMax,
    })
  })
})

test('what is sent has no empty rows, and no more choices than there are options', () => {
  expect(toNewPoll(draftOf([' A ', '', 'B'], { isMultiple: true, maxChoices: 9, question: ' Which? ' }))).toEqual({
    question: 'Which?',
    options: ['A', 'B'],
    type: 'multiple',
    max_choices: 2,
    results_visibility: 'always',
    voter_identity: 'session',
    allow_vote_change: false,
  })
})
