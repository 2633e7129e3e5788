import { expect, test } from 'vitest'
import { flag, parseWords, text } from '../../src/terminal/parse-words.ts'

const id = `-${'aB3_-'.repeat(8)}`

test('an id or a token that begins with a dash is taken for no option', () => {
  expect(parseWords([id], {})).toEqual({ values: {}, positionals: [id] })
  expect(parseWords(['a', `-${id}`, '--token', id, '--json', 'b'], { token: text, json: flag })).toEqual({
    values: { token: id, json: true },
    positionals: ['a', `-${id}`, 'b'],
  })
  expect(parseWords([`--token=${id}`], { token: text })).toMatchObject({ values: { token: id } })
})

test.each([
  [['--jsno'], /^'--jsno' is no option here\.$/],
  [['-x'], /^'-x' is no option here\.$/],
  [[id.slice(0, 31)], /'-a' is no option here/],
  [['--token', '--json'], /'--token/],
  [['--token'], /'--token/],
])('what nobody can have meant is said: %s', (args, said) => {
  expect(parseWords(args, { token: text, json: flag })).toMatch(said)
})

test('help is asked for in two ways', () => {
  expect(parseWords(['-h'], {})).toBeNull()
  expect(parseWords(['a', '--help'], {})).toBeNull()
})
