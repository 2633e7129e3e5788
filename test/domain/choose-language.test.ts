import { describe, expect, test } from 'vitest'
import { chooseLanguage } from '../../src/adapters/http/page/choose-language.ts'

const available = ['ar', 'en', 'es', 'pt-BR']

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
    expect(chooseLanguage(wanted, undefined, available)).toBe(chosen)
  })

  test('is looked for in tags of up to 35 characters, and no longer ones', () => {
    const tagOf = (length: number): string => `es-${'x'.repeat(length - 3)}`
    expect(chooseLanguage(tagOf(35), undefined, available)).toBe('es')
    expect(chooseLanguage(tagOf(36), tagOf(36), available)).toBe('en')
  })

  test('is the one that was chosen here, whatever the browser is set to', () => {
    expect(chooseLanguage('es', 'ar', available)).toBe('ar')
    expect(chooseLanguage(undefined, 'es', available)).toBe('es')
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
    expect(chooseLanguage(wanted, undefined, available)).toBe('en')
  })

  test('a cookie that names no language changes nothing', () => {
    for (const cookie of ['', 'xx', '../en', '__proto__', 'x'.repeat(4000)]) {
      expect(chooseLanguage('es', cookie, available)).toBe('es')
    }
  })

  test('the twentieth that is named is looked at, and none behind it', () => {
    const others = (count: number): string => Array.from({ length: count }, () => 'de').join(',')
    expect(chooseLanguage(`${others(19)},es`, undefined, available)).toBe('es')
    expect(chooseLanguage(`${others(20)},es`, undefined, available)).toBe('en')
  })
})
