import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createEventReader } from '../../client/src/event-lines.ts'
import { randomKey } from '../../client/src/random-key.ts'

const readAll = (pieces: readonly string[]) => {
  const retries: number[] = []
  const take = createEventReader((ms) => retries.push(ms))
  return { events: pieces.flatMap((piece) => take(piece)), retries }
}

test('a message with its id, comments, names that nobody asked for, and when to come back', () => {
  const text = 'retry: 2500\n\n:\n\nid: 7\nevent: x\ndata: {"a":1}\n\ndata:two\ndata: lines\n\nretry: soon\n\n'
  expect(readAll([text])).toEqual({
    events: [
      { data: '{"a":1}', id: '7' },
      { data: 'two\nlines', id: '7' },
    ],
    retries: [2500],
  })
})

test('what is not complete is not told', () => {
  expect(readAll(['data: 1\n']).events).toEqual([])
  expect(readAll(['data: 1\n', '\n']).events).toEqual([{ data: '1', id: '' }])
})

test('the same comes of it however it is cut, and with any kind of line end', () => {
  const texts = fc.array(
    fc.record({ id: fc.nat(), data: fc.string().filter((text) => !/[\r\n]/.test(text) && text !== '') }),
  )
  fc.assert(
    fc.property(texts, fc.constantFrom('\n', '\r\n', '\r'), fc.array(fc.nat(200)), (sent, end, cuts) => {
      const text = sent.map(({ id, data }) => `id: ${id}${end}data: ${data}${end}${end}`).join('')
      const places = [0, ...cuts.map((cut) => Math.min(cut, text.length)).toSorted((a, b) => a - b), text.length]
      const pieces = places.slice(1).map((place, n) => text.slice(places[n], place))
      // A lone CR at the very end may be half of a CRLF; what comes next tells.
      expect(readAll([...pieces, ':\n']).events).toEqual(sent.map(({ id, data }) => ({ data, id: String(id) })))
    }),
  )
})

test('a key is a UUID of version 4, and each is another', () => {
  const keys = Array.from({ length: 1000 }, () => randomKey())
  for (const key of keys) expect(key).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  expect(new Set(keys).size).toBe(1000)
})
