import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { contrast, type Rgb } from '../support/contrast.ts'

const css = readFileSync(new URL('../../web/tokens.css', import.meta.url), 'utf8')
const [light = '', dark = ''] = css.split('@media (prefers-color-scheme: dark)')
const [darkAlone = ''] = dark.split('@media')

const coloursOf = (block: string): ReadonlyMap<string, Rgb> =>
  new Map([...block.matchAll(/--([\w-]+): #([\da-f]{3,6});/g)].map(([, name = '', hex = '']) => [name, read(hex)]))

function read(hex: string): Rgb {
  const digits = hex.length === 3 ? hex.replaceAll(/./g, '$&$&') : hex
  const [red = 0, green = 0, blue = 0] = digits.match(/../g)?.map((part) => Number.parseInt(part, 16)) ?? []
  return [red, green, blue]
}

const themes = { light: coloursOf(light), dark: coloursOf(darkAlone) }

const grounds = ['ground', 'card']
/** What is written, on what it may stand, and by how much the two are told apart. */
const pairs = [
  ...['ink', 'soft', 'accent', 'good', 'bad'].flatMap((text) => grounds.map((ground) => [text, ground, 4.5] as const)),
  ['on-accent', 'accent', 4.5],
  ['bad', 'bad-ground', 4.5],
  ...['chosen', 'fill', 'fill-leading', 'fill-won'].map((ground) => ['ink', ground, 4.5] as const),
  ...['soft', 'accent'].map((text) => [text, 'chosen', 4.5] as const),
  ...['length', 'length-mine', 'length-won'].map((length) => [length, 'card', 3] as const),
  ...grounds.map((ground) => ['edge', ground, 3] as const),
] as const

describe.each(['light', 'dark'] as const)('the colours of the %s theme', (theme) => {
  test.each(pairs)('%s is told from %s by %d to 1', (one, other, least) => {
    const [first, second] = [themes[theme].get(one), themes[theme].get(other)]
    if (first === undefined || second === undefined) throw new Error(`${one} or ${other} has no colour`)
    expect(contrast(first, second)).toBeGreaterThanOrEqual(least)
  })
})

test('every colour has its like in the other theme', () => {
  expect([...themes.dark.keys()]).toEqual([...themes.light.keys()])
})
