import { beforeAll, expect, test } from 'vitest'
import { useLanguage } from '../../web/i18n/in-use.ts'
import english from '../../web/messages/en.json' with { type: 'json' }
import { describeChoice, problemOfChoice } from '../../web/poll/choice.ts'
import { typedCode } from '../../web/poll/typed-code.ts'

beforeAll(() => useLanguage(english, 'en'))

test('how many may be chosen is said in words', () => {
  const told = (least: number, most: number) => describeChoice({ min_choices: least, max_choices: most })
  expect([told(1, 1), told(1, 3), told(2, 2), told(2, 3)]).toEqual([
    'Choose one',
    'Choose up to 3',
    'Choose 2',
    'Choose 2 to 3',
  ])
})

test('how many have to be chosen is said before anything is sent', () => {
  const limits = { min_choices: 2, max_choices: 3 }
  expect([0, 1, 2, 3, 4].map((chosen) => problemOfChoice(limits, chosen))).toEqual([
    ['common.choose_something'],
    ['common.choose_more', { count: 2 }],
    null,
    null,
    ['common.choose_fewer', { count: 3 }],
  ])
})

test('a code is sent without what was typed around it', () => {
  expect(typedCode(' ab12 – CD34-ef ')).toBe('ab12CD34ef')
  expect(typedCode(' – ')).toBe('')
})
