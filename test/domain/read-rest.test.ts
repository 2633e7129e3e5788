import { expect, test } from 'vitest'
import { createPerformOwnerAction } from '../../src/application/record-votes/perform-owner-action.ts'
import type { StreamEntry } from '../../src/ports/vote-stream.ts'

/** The rests of an owner that reads a stream, where each entry comes so long after the one before. */
const restsWhere = async (gapMs: number): Promise<readonly number[]> => {
  const rests: number[] = []
  let at = 1_750_000_000_000
  const read = async (): Promise<readonly StreamEntry[]> => {
    at += gapMs
    return [{ id: `${at}-0`, appendedAt: at, epoch: 1, content: { type: 'votes', votes: [] } }]
  }
  const stream = { read, inspect: async () => ({ end: `${at}-0`, hasEntry: true }) }
  const perform = createPerformOwnerAction(
    // Reading asks nothing else.
    { stream } as never,
    'ann',
    { leaseMs: 1000, entriesMax: 16, waitMs: 200, streamRetentionMs: 60_000 },
    { sleep: async (ms: number) => void rests.push(ms) } as never,
    0,
    new AbortController().signal,
  )
  for (let n = 0; n < 100; n += 1) await perform({ type: 'read', term: 1, after: '0-0' })
  return rests
}

test('an owner rests before it reads on where votes come close together, and nowhere else', async () => {
  expect(Math.max(...(await restsWhere(1)))).toBeGreaterThan(15)
  expect(await restsWhere(200)).toEqual([])
})
