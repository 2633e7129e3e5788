import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Recorder, recordIsolating } from '../../src/application/record-votes/isolate-entry.ts'
import { compareEntryIds, type EntryId } from '../../src/domain/position.ts'
import { DependencyUnavailable } from '../../src/ports/unavailable.ts'
import { ContentUnrecordable } from '../../src/ports/unrecordable.ts'

type Entry = { readonly id: EntryId; readonly isPoison: boolean }

/** A ledger that can hold everything but poison, and whose checkpoint only moves forward. */
function createLedger() {
  const recorded: EntryId[] = []
  const setAside: EntryId[] = []
  let checkpoint: EntryId = '0-0'
  let attempts = 0
  function moveTo(to: EntryId): void {
    expect(compareEntryIds(to, checkpoint)).toBeGreaterThanOrEqual(0)
    checkpoint = to
  }
  const recorder: Recorder<Entry> = {
    async record(entries, to) {
      attempts += 1
      const poison = entries.find(({ isPoison }) => isPoison)
      if (poison !== undefined) throw new ContentUnrecordable(`cannot hold ${poison.id}`)
      recorded.push(...entries.map(({ id }) => id))
      moveTo(to)
      return 'recorded'
    },
    behind: ({ id }) => id,
    async setAside({ id }, fault, to) {
      expect(fault.message).toBe(`cannot hold ${id}`)
      setAside.push(id)
      moveTo(to)
      return 'recorded'
    },
  }
  return { recorder, recorded, setAside, checkpoint: () => checkpoint, attempts: () => attempts }
}

function entriesOf(poison: readonly boolean[]): readonly Entry[] {
  return poison.map((isPoison, index) => ({ id: `${index + 1}-0`, isPoison }))
}

function idsOf(entries: readonly Entry[], isPoison: boolean): readonly EntryId[] {
  return entries.filter((entry) => entry.isPoison === isPoison).map(({ id }) => id)
}

test('whatever entries the ledger cannot hold, all others are recorded once and in order, and those are set aside once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 40 }), async (poison) => {
      const entries = entriesOf(poison)
      const ledger = createLedger()
      expect(await recordIsolating(entries, '99-0', ledger.recorder)).toBe('recorded')
      expect(ledger.recorded).toEqual(idsOf(entries, false))
      expect(ledger.setAside).toEqual(idsOf(entries, true))
      expect(ledger.checkpoint()).toBe('99-0')
      expect(ledger.attempts()).toBeLessThan(2 * Math.max(1, entries.length))
    }),
  )
})

test('one bad entry among many costs two commits for each halving', async () => {
  const ledger = createLedger()
  const entries = entriesOf(Array.from({ length: 256 }, (_, index) => index === 100))
  await recordIsolating(entries, '256-0', ledger.recorder)
  expect(ledger.setAside).toEqual(['101-0'])
  expect(ledger.attempts()).toBe(1 + 2 * Math.log2(256))
})

test.each([
  ['cannot serve now', new DependencyUnavailable('ledger', 'away')],
  ['is out of order', new Error('permission denied for table vote')],
])('a ledger that %s sets nothing aside, and what was recorded until then stays', async (_what, fault) => {
  const ledger = createLedger()
  const entries = entriesOf([false, true, false, false])
  const failing: Recorder<Entry> = {
    ...ledger.recorder,
    record: async (part, to) => {
      if (part[0]?.isPoison === true) throw fault
      return ledger.recorder.record(part, to)
    },
  }
  await expect(recordIsolating(entries, '4-0', failing)).rejects.toBe(fault)
  expect([ledger.recorded, ledger.setAside, ledger.checkpoint()]).toEqual([['1-0'], [], '1-0'])
})

test('whoever is fenced stops there', async () => {
  const ledger = createLedger()
  const fenced: Recorder<Entry> = { ...ledger.recorder, setAside: async () => 'fenced' }
  expect(await recordIsolating(entriesOf([false, true, false, false]), '4-0', fenced)).toBe('fenced')
  expect(ledger.recorded).toEqual(['1-0'])
})

test('an empty commit that fails has nothing to set aside', async () => {
  const fault = new ContentUnrecordable('?')
  const failing: Recorder<Entry> = { ...createLedger().recorder, record: () => Promise.reject(fault) }
  await expect(recordIsolating([], '1-0', failing)).rejects.toBe(fault)
})
