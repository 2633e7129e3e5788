import { expect, test } from 'vitest'
import { pollBody } from '../../src/adapters/http/poll-body.ts'
import type { Poll } from '../../src/domain/poll.ts'
import { somePoll } from '../support/some-poll.ts'
import { someTally } from '../support/some-tally.ts'

test('a definition that a version without join codes has cached is told with none', () => {
  const { joinCode: _none, ...cached } = somePoll()
  const tally = someTally({ pollId: cached.id })
  // Read from a cache, where nobody checks what it is.
  expect(pollBody({ poll: cached as Poll, tally }, true)).toMatchObject({ id: cached.id, join_code: null })
})
