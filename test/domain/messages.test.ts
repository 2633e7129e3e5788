import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import english from '../../web/messages/en.json' with { type: 'json' }
import { readLanguages } from '../support/languages.ts'
import { readSources } from '../support/source-imports.ts'

type Text = string | Readonly<Record<string, string>>
type Texts = Readonly<Record<string, Readonly<Record<string, Text>>>>

const languages: ReadonlyMap<string, Texts> = readLanguages()
/** The highest number of which is asked whether it is the only one of its plural category. */
const numbersMax = 1_000

/** Every text by its whole key: `vote.accepted`. */
const flatten = (texts: Texts): ReadonlyMap<string, Text> =>
  new Map(
    Object.entries(texts).flatMap(([section, inside]) =>
      Object.entries(inside).map(([key, text]) => [`${section}.${key}`, text] as const),
    ),
  )

const valuesOf = (text: string): readonly string[] => [...new Set(text.match(/\{\w*\}/g))].toSorted()

/** Categories of a single number: `one` in English, but not in Russian, where 21 is one of them. There the number need not be written. */
const isOfOneNumber = (rules: Intl.PluralRules, category: string): boolean =>
  Array.from({ length: numbersMax }, (_, number) => rules.select(number)).filter((one) => one === category).length === 1

/** What is wrong with the texts of a language, held against the English ones. */
function problemsOf(tag: string, texts: Texts): readonly string[] {
  const [wanted, given] = [flatten(english), flatten(texts)]
  const rules = new Intl.PluralRules(tag)
  const categories = rules.resolvedOptions().pluralCategories.toSorted()
  return [
    ...[...wanted.keys()].filter((key) => !given.has(key)).map((key) => `${key} is missing`),
    ...[...given].flatMap(([key, text]) => {
      const model = wanted.get(key)
      if (model === undefined) return [`${key} is in no other language`]
      if (typeof text === 'string' || typeof model === 'string') {
        if (typeof text !== typeof model) return [`${key} depends on a count in one of the two alone`]
        return textProblems(key, text as string, valuesOf(model as string))
      }
      if (Object.keys(text).toSorted().join() !== categories.join())
        return [`${key} needs ${categories.join()}, has ${Object.keys(text).toSorted().join()}`]
      return Object.entries(text).flatMap(([category, one]) => {
        const values = valuesOf(model['other'] ?? '')
        const mayLackCount = isOfOneNumber(rules, category) && !one.includes('{count}')
        return textProblems(
          `${key}.${category}`,
          one,
          mayLackCount ? values.filter((value) => value !== '{count}') : values,
        )
      })
    }),
  ]
}

function textProblems(key: string, text: string, values: readonly string[]): readonly string[] {
  if (text.trim() === '' || text !== text.trim()) return [`${key} is empty, or has spaces around it`]
  if (/[<>]|&\w+;/.test(text)) return [`${key} has HTML in it`]
  return valuesOf(text).join() === values.join() ? [] : [`${key} has ${valuesOf(text).join()}, not ${values.join()}`]
}

describe('every language', () => {
  test('is named by its tag, and one that Intl knows', () => {
    const tags = [...languages.keys()]
    expect(tags.toSorted()).toEqual(expect.arrayContaining(['ar', 'en', 'es']))
    expect(Intl.getCanonicalLocales(tags).toSorted()).toEqual(tags.toSorted())
    expect(Intl.PluralRules.supportedLocalesOf(tags).toSorted()).toEqual(tags.toSorted())
  })

  test.each([...languages.keys()])('%s has exactly the keys, values and plurals that it needs', (tag) => {
    expect(problemsOf(tag, languages.get(tag) ?? {})).toEqual([])
  })

  test.each([...languages])('%s says in which direction it runs', (tag, texts) => {
    const { direction } = new Intl.Locale(tag).getTextInfo()
    expect(texts['common']?.['direction']).toBe(direction)
  })

  test.each<[string, string, Texts]>([
    ['create.title is missing', 'en', { ...english, create: without(english.create, 'title') }],
    ['vote.more is in no other language', 'en', { ...english, vote: { ...english.vote, more: 'x' } }],
    ['create.title has HTML in it', 'en', { ...english, create: { ...english.create, title: 'a <b>' } }],
    ['create.title is empty, or has spaces around it', 'en', { ...english, create: { ...english.create, title: ' ' } }],
    ['create.title has {who}, not ', 'en', { ...english, create: { ...english.create, title: 'a {who}' } }],
    ['create.option has , not {place}', 'en', { ...english, create: { ...english.create, option: 'Option' } }],
    [
      'create.title depends on a count in one of the two alone',
      'en',
      { ...english, create: { ...english.create, title: { one: 'a', other: 'a' } } },
    ],
    ['common.votes_alone needs many,one,other, has one,other', 'es', english],
    // Where 21 is "one" as well, the number has to be written.
    [
      'create.pasted.one has , not {count}',
      'ru',
      {
        ...english,
        create: { ...english.create, pasted: { one: 'x', few: '{count}', many: '{count}', other: '{count}' } },
      },
    ],
  ])('%s: that would be seen (%s)', (problem, tag, texts) => {
    expect(problemsOf(tag, texts)).toContain(problem)
  })
})

function without<Of extends object>(of: Of, key: keyof Of): Partial<Of> {
  return Object.fromEntries(Object.entries(of).filter(([name]) => name !== key)) as Partial<Of>
}

test('every text is said somewhere', () => {
  const sources = readSources(join(import.meta.dirname, '../..'), ['web', 'src/adapters/http/page'])
  const code = [...sources].filter(([path]) => /\.tsx?$/.test(path)).map(([, source]) => source)
  const written = new Set(code.flatMap((source) => source.match(/\b[a-z]+\.\w+(?=['"])/g) ?? []))
  const begun = code.flatMap((source) => [...source.matchAll(/`([a-z]+\.\w*)\$\{/g)].map(([, start = '']) => start))
  const isSaid = (key: string): boolean => written.has(key) || begun.some((start) => key.startsWith(start))
  const unsaid = Object.entries(english).flatMap(([section, texts]) => {
    const keys = Object.keys(texts).map((key) => `${section}.${key}`)
    return keys.filter((key) => !isSaid(key))
  })
  expect(unsaid).toEqual([])
})
