import { describe, expect, test } from 'vitest'
import { chooseLanguage } from '../../src/adapters/http/page/choose-language.ts'

const available = ['ar', 'en', 'es', 'pt-BR']
const choose = (wanted: string | undefined, ...chosen: readonly string[]) => chooseLanguage(wanted, chosen, available)
const tagFor = (wanted: string | undefined, ...chosen: readonly string[]): string => choose(wanted, ...chosen).tag
const localeFor = (wanted: string | undefined, ...chosen: readonly string[]): string => choose(wanted, ...chosen).locale

describe('the language of a page', () => {
  test.each([
    ['es', 'es'],
    ['de, es;q=0.9, en;q=0.8', 'es'],
    ['en;q=0.5, ar;q=0.9', 'ar'],
    ['en;q=0.5,ar ; Q=0.900,es;q=0.9', 'ar'],
    // Of equal ones the first.
    ['es;q=0.7, ar;q=0.7', 'es'],
    ['es-MX, en', 'es'],
    ['ES-mx', 'es'],
    ['pt', 'pt-BR'],
    ['pt-br', 'pt-BR'],
    ['ar-Arab-EG', 'ar'],
  ])('%s is %s', (wanted, chosen) => {
    expect(tagFor(wanted)).toBe(chosen)
  })

  test('is looked for in tags of up to 35 characters, and no longer ones', () => {
    // No subtag is longer than eight.
    const tagOf = (length: number): string => `es-x-${'xxxxxxxx-'.repeat(3)}${'x'.repeat(length - 32)}`
    expect(choose(tagOf(35))).toEqual({ tag: 'es', locale: tagOf(35) })
    expect(choose(tagOf(36), tagOf(36))).toEqual({ tag: 'en', locale: 'en' })
    expect(choose(tagOf(36), 'es')).toEqual({ tag: 'es', locale: 'es' })
  })

  test('is the one that was chosen here, whatever the browser is set to', () => {
    expect(tagFor('es', 'ar')).toBe('ar')
    expect(tagFor(undefined, 'es')).toBe('es')
    expect(tagFor('en', 'xx', 'es', 'ar')).toBe('es')
  })

  test.each([
    undefined,
    '',
    '*',
    'de',
    'es;q=0',
    'es;q=0.000',
    'es;q=',
    'es;q=2',
    'es;q=x',
    ';;,,;q=1',
    'e',
    '-',
    'constructor',
  ])('is English where nothing that can be read (%s) asks for another', (wanted) => {
    expect(choose(wanted)).toEqual({ tag: 'en', locale: 'en' })
  })

  test('a cookie that names no language changes nothing', () => {
    for (const cookie of ['', 'xx', '../en', '__proto__', 'x'.repeat(4000)]) {
      expect(choose('es', cookie)).toEqual({ tag: 'es', locale: 'es' })
    }
  })

  test('the twentieth that is named is looked at, and none behind it', () => {
    const others = (count: number): string => Array.from({ length: count }, () => 'de').join(',')
    expect(tagFor(`${others(19)},es`)).toBe('es')
    expect(tagFor(`${others(20)},es`)).toBe('en')
  })
})

describe('how numbers, dates and times are written', () => {
  test.each([
    ['ar-EG', 'ar-EG'],
    ['en-GB, en;q=0.9', 'en-GB'],
    ['de-DE, es-MX;q=0.9, en-US;q=0.8', 'es-MX'],
    ['es-419', 'es-419'],
    ['AR-eg', 'ar-EG'],
    ['ar-Arab-EG', 'ar-Arab-EG'],
    ['en-GB-u-hc-h12', 'en-GB-u-hc-h12'],
    // Of European Portuguese there are no texts, but that region writes as it does.
    ['pt-PT', 'pt-PT'],
  ])('is that of the region where the browser (%s) names one: %s', (wanted, locale) => {
    expect(localeFor(wanted)).toBe(locale)
  })

  test('is the reader’s region also in a language that was chosen, and the language’s own where the reader names none of it', () => {
    expect(choose('en-GB, ar-EG;q=0.5', 'ar')).toEqual({ tag: 'ar', locale: 'ar-EG' })
    expect(choose('en-GB', 'ar')).toEqual({ tag: 'ar', locale: 'ar' })
    // By an address, where nobody else says how.
    expect(choose('en-GB', 'es-MX')).toEqual({ tag: 'es', locale: 'es-MX' })
    expect(localeFor('de-DE')).toBe('en')
  })

  test('is not that of another script', () => {
    expect(choose('ar-Latn-EG, es')).toEqual({ tag: 'ar', locale: 'ar' })
  })

  test.each(['ar-', 'ar-EG-', 'ar-EGYPTIANS', 'ar--EG', 'ar_EG', 'ar-EG-x', 'ar-u', 'ar-\u0000'])(
    'is the language’s own where the tag (%s) is none',
    (wanted) => {
      expect(localeFor(wanted, 'ar')).toBe('ar')
    },
  )
})
