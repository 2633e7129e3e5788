import { expect, test } from 'vitest'
import { readPruneOptions } from '../../src/main/prune-options.ts'

const now = Date.parse('2026-02-02T00:00:00Z')

test.each([
  [[], 'Say --before which day'],
  [['--before', 'yesterday'], '--before is a day, as 2026-01-31, not "yesterday"'],
  [['--before', '2026-02-30'], '--before is a day'],
  [['--before', '2026-1-1'], '--before is a day'],
  [['--before', '2026-02-02'], 'less than a day back'],
  [['--before', '2026-01-01', '--poll', 'a/b'], '"a/b" is no id of a poll'],
  [['--before', '2026-01-01', 'some-poll'], '"some-poll" is not understood'],
  [['--before', '2026-01-01', '--forever'], '--forever'],
])('what to prune is not guessed: %s', (args, said) => {
  expect(readPruneOptions(args, now)).toContain(said)
})

test('what goes is shown unless it shall be removed, of every poll unless one is named', () => {
  const before = Date.parse('2026-02-01T00:00:00Z')
  expect(readPruneOptions(['--before', '2026-02-01'], now)).toEqual({
    before,
    pollId: null,
    isRemoving: false,
    isJson: false,
  })
  const all = ['--before', '2026-02-01', '--poll', 'abcdefghijkl', '--remove', '--json']
  expect(readPruneOptions(all, now)).toEqual({ before, pollId: 'abcdefghijkl', isRemoving: true, isJson: true })
  expect(readPruneOptions(['--help'], now)).toBeNull()
})
