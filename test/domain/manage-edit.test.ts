import { describe, expect, test } from 'vitest'
import type { Poll } from '../../client/src/index.ts'
import {
  draftOf,
  type EditDraft,
  freedomOf,
  hasEmptiedOption,
  isEmpty,
  patchOf,
  problemOfEdit,
} from '../../web/manage/edit.ts'

const somePoll: Poll = {
  id: 'p1',
  join_code: null,
  question: 'Tea or coffee?',
  description: '',
  type: 'single',
  options: [
    { id: 1, text: 'Tea', position: 0, votes: null },
    { id: 3, text: 'Coffee', position: 1, votes: null },
  ],
  min_choices: 1,
  max_choices: 1,
  status: 'draft',
  opens_at: null,
  closes_at: '2030-01-31T18:00:30Z',
  opened_at: null,
  closed_at: null,
  edited_at: null,
  results_visibility: 'always',
  voter_visibility: 'secret',
  voter_identity: 'session',
  allow_vote_change: false,
  round: 1,
  revision: 1,
  version: 1,
  total_votes: 0,
  results_final: false,
}
const before = draftOf(somePoll)
const now = Date.parse('2026-01-01T00:00:00Z')
const everything: Partial<EditDraft> = {
  question: ' Which? ',
  description: 'More.',
  options: [
    { key: -3, text: 'Cocoa' },
    { key: 7, text: ' Water ' },
    { key: 8, text: ' ' },
  ],
  isMultiple: true,
  minChoices: 2,
  maxChoices: 9,
  opensAt: '2029-01-31T18:00',
  closesAt: '',
  resultsVisibility: 'never',
  voterVisibility: 'organizer',
  voterIdentity: 'code',
  allowVoteChange: true,
}

describe('what is sent of an edit', () => {
  test('is nothing where nothing was changed, also where times have seconds that no field shows', () => {
    for (const status of ['draft', 'scheduled', 'open', 'closing', 'closed'] as const) {
      expect(isEmpty(patchOf(before, draftOf(somePoll), freedomOf(status)))).toBe(true)
    }
  })

  test('before the opening is everything that is different; options keep their ids, and empty rows are none', () => {
    expect(patchOf(before, { ...before, ...everything }, 'everything')).toEqual({
      question: 'Which?',
      description: 'More.',
      options: [{ id: 3, text: 'Cocoa' }, { text: 'Water' }],
      type: 'multiple',
      min_choices: 2,
      max_choices: 2,
      opens_at: new Date('2029-01-31T18:00').toISOString(),
      closes_at: null,
      results_visibility: 'never',
      voter_visibility: 'organizer',
      voter_identity: 'code',
      allow_vote_change: true,
    })
  })

  test('once it is open is what bends no vote, and once it closes who sees the result', () => {
    const after = { ...before, ...everything }
    expect(Object.keys(patchOf(before, after, 'texts')).toSorted()).toEqual([
      'closes_at',
      'description',
      'options',
      'question',
      'results_visibility',
    ])
    expect(patchOf(before, after, 'visibility')).toEqual({ results_visibility: 'never' })
  })

  test('has limits that fit when options go, and each field by itself', () => {
    const many = draftOf({ ...somePoll, type: 'multiple', max_choices: 2 })
    const fewer = {
      ...many,
      options: [
        { key: -1, text: 'Tea' },
        { key: 9, text: 'Water' },
        { key: 10, text: 'Milk' },
      ],
    }
    expect(patchOf(many, { ...fewer, maxChoices: null }, 'everything')).toMatchObject({ max_choices: 3 })
    expect(patchOf(many, fewer, 'everything')).not.toHaveProperty('max_choices')
    expect(patchOf(before, { ...before, closesAt: '2031-01-31T18:00' }, 'texts')).toEqual({
      closes_at: new Date('2031-01-31T18:00').toISOString(),
    })
  })
})

test('an option may lose its place before the opening, and never its text afterwards', () => {
  const emptied = { ...before, options: [...before.options, { key: 9, text: ' ' }] }
  expect([hasEmptiedOption(emptied, 'everything'), problemOfEdit(before, emptied, 'everything', now)]).toEqual([
    false,
    null,
  ])
  expect(hasEmptiedOption(emptied, 'texts')).toBe(true)
  expect(problemOfEdit(before, { ...before, question: '' }, 'visibility', now)).toBeNull()
})

test('a time is judged when it is another one, so that a text can be corrected up to the last minute', () => {
  const late = Date.parse('2031-01-01T00:00:00Z')
  const problemOf = (more: Partial<EditDraft>) => problemOfEdit(before, { ...before, ...more }, 'texts', late)
  expect(problemOf({ question: 'Which?' })).toBeNull()
  expect(problemOf({ closesAt: '2030-06-30T18:00' })).toEqual(['create.problem_closed_before'])
  expect(problemOf({ question: '' })).toEqual(['create.problem_question'])
})
