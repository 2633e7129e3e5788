import { beforeEach, describe, expect, test } from 'vitest'
import { formatDuration, formatNumber, formatPercent, formatTime } from '../../web/i18n/format.ts'
import { useLanguage } from '../../web/i18n/in-use.ts'
import { say } from '../../web/i18n/say.ts'
import { tellFault } from '../../web/i18n/tell-fault.ts'
import { readLanguages } from '../support/languages.ts'

const languages = readLanguages()
const speak = (tag: string, locale = tag): void => useLanguage(languages.get(tag)!, tag, locale)

beforeEach(() => speak('en'))

describe('what a page says', () => {
  test('is the text of the key with its values, and numbers as they are written there', () => {
    expect(say('create.title')).toBe('Ask something')
    expect(say('create.problem_twice', { text: '{most} & <b>' })).toBe('“{most} & <b>” stands there twice.')
    expect(say('create.codes_count', { least: 1, most: 10_000 })).toBe('From 1 to 10,000 at a time.')
    speak('es')
    expect(say('create.codes_count', { least: 1, most: 10_000 })).toContain('10.000')
  })

  test('has the plural of the language', () => {
    expect([0, 1, 2].map((count) => say('common.votes_alone', { count }))).toEqual(['votes', 'vote', 'votes'])
    speak('ar')
    const arabic = [0, 1, 2, 3, 11, 100].map((count) => say('create.pasted', { count }))
    expect(new Set(arabic).size).toBe(6)
    expect(arabic.filter((text) => text.includes('{'))).toEqual([])
  })

  test('sets texts of people apart where they may run the other way', () => {
    expect(say('create.problem_twice', { text: 'شاي' })).toBe('“\u2068شاي\u2069” stands there twice.')
    speak('ar')
    expect(say('create.problem_twice', { text: 'Tea' })).toContain('\u2068Tea\u2069')
  })

  test('of a problem that people meet is told in the words of the page, of any other in those of the service', () => {
    const told = (): readonly string[] => [
      say(...tellFault('rate_limited', 'Limit 3 of 5 reached.')),
      say(...tellFault('options_frozen', 'The options are frozen.')),
    ]
    expect(told()).toEqual(['That was too much at once. Please try again in a moment.', 'The options are frozen.'])
    speak('es')
    expect(told()[0]).toMatch(/^Demasiadas peticiones/)
    expect(told()[1]).toBe('El servicio responde en inglés: The options are frozen.')
  })

  test('changes its language with the next word: one turn speaks one, the next another', () => {
    const both = ['es', 'en'].map((tag) => {
      speak(tag)
      return say('create.question')
    })
    expect(both).toEqual(['Pregunta', 'Question'])
  })
})

describe('numbers and times', () => {
  test.each([
    ['en', '12,345', '75%', '0.3'],
    ['es', '12.345', '75\u00a0%', '0,3'],
  ])('are written as in %s', (tag, number, percent, decimal) => {
    speak(tag)
    expect([formatNumber(12_345), formatPercent(0.754), formatNumber(1 / 3, 1)]).toEqual([number, percent, decimal])
  })

  test.each([
    ['en', 'en-GB', '12,345', '75%', '31 Jan 2026, 18:05'],
    ['en', 'en-US', '12,345', '75%', 'Jan 31, 2026, 6:05 PM'],
    ['es', 'es-MX', '12,345', '75%', '31 ene 2026, 6:05 p.m.'],
    ['ar', 'ar-EG', '١٢٬٣٤٥', '٧٥٪؜', '٣١ يناير ٢٠٢٦، ٦:٠٥ م'],
  ])('of %s are written as in the region of %s', (tag, locale, number, percent, time) => {
    speak(tag, locale)
    const written = [formatNumber(12_345), formatPercent(0.754), formatTime(new Date('2026-01-31T18:05:00Z'), 'UTC')]
    expect(written.map((text) => text.replace(/[\s\u200f]/g, ' ').replace(/ (?:UTC|GMT).*$/, ''))).toEqual([
      number,
      percent,
      time,
    ])
    expect(say('create.codes_count', { least: 1, most: 12_345 })).toContain(number)
  })

  const second = 1000
  const [minute, hour, day] = [60 * second, 3600 * second, 86_400 * second]
  test.each([
    [1, '0:01'],
    [7 * second, '0:07'],
    [minute, '1:00'],
    [hour - 1, '1:00:00'],
    [hour + 62 * second, '1:01:02'],
    [day - second, '23:59:59'],
    [day, '1 day 0 hr'],
    [2 * day + 3 * hour, '2 days 3 hr'],
  ])('%i ms are %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text)
  })

  test('a time has the zone beside it where it is not the reader’s own', () => {
    const time = new Date('2026-01-31T18:05:00Z')
    expect(formatTime(time, 'UTC').replace(/\s/g, ' ')).toBe('Jan 31, 2026, 6:05 PM UTC')
    expect(formatTime(time)).not.toContain('UTC')
    speak('es')
    expect(formatTime(time, 'UTC')).toContain('18:05')
  })
})
