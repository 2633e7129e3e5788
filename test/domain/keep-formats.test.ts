import { expect, test } from 'vitest'
import { keepFormats, keptFormatsMax } from '../../web/i18n/keep-formats.ts'

test('two hundred formats are kept, of one more the oldest is made anew', () => {
  const made: string[] = []
  const formatOf = keepFormats((locale, { digits }: { readonly digits: number }) => {
    made.push(`${locale} ${digits}`)
    return { locale, digits }
  })
  const first = formatOf('en-GB', { digits: 0 })
  const others = Array.from({ length: keptFormatsMax - 1 }, (_, digits) => formatOf('es-MX', { digits }))
  expect([formatOf('en-GB', { digits: 0 }), ...others]).toHaveLength(200)
  expect(formatOf('en-GB', { digits: 0 })).toBe(first)
  expect(made).toHaveLength(200)
  expect(formatOf('ar-EG', { digits: 0 })).toEqual({ locale: 'ar-EG', digits: 0 })
  expect(formatOf('es-MX', { digits: 0 })).toBe(others[0])
  expect(formatOf('en-GB', { digits: 0 })).toEqual(first)
  expect(made.slice(200)).toEqual(['ar-EG 0', 'en-GB 0'])
})
