import { expect, test } from 'vitest'
import { frameText } from '../../src/adapters/ws/text-frame.ts'

test.each([
  ['nothing', 0, [0]],
  ['as much as one byte can say', 125, [125]],
  ['one byte more', 126, [126, 0, 126]],
  ['as much as two bytes can say', 65_535, [126, 255, 255]],
  ['one byte more than that', 65_536, [127, 0, 0, 0, 0, 0, 1, 0, 0]],
])('a text of %s is one whole frame that says its length', (_what, length, said) => {
  const frame = frameText('x'.repeat(length))
  expect([...frame.subarray(0, 1 + said.length)]).toEqual([0x81, ...said])
  expect(frame.toString('utf8', 1 + said.length)).toBe('x'.repeat(length))
})

test('the length is that of the bytes, not of the characters', () => {
  expect(frameText('Größe')).toEqual(Buffer.concat([Buffer.of(0x81, 7), Buffer.from('Größe')]))
})
