import { describe, expect, test } from 'vitest'
import { createFrames, messageId, tallyMessage } from '../../src/application/watch-poll/tally-message.ts'
import { someLivePoll } from '../support/some-live-poll.ts'

describe('tallyMessage', () => {
  test('says the whole state', () => {
    expect(tallyMessage(someLivePoll({ id: 'poll1' }), 'public')).toEqual({
      type: 'tally',
      poll_id: 'poll1',
      round: 1,
      version: 3,
      revision: 1,
      as_of: '2026-01-01T00:00:00.000Z',
      status: 'open',
      options: [
        { id: 1, votes: 2 },
        { id: 2, votes: 0 },
        { id: 3, votes: 0 },
      ],
      total_votes: 2,
      results_final: false,
    })
  })

  test('hidden counts, total, version and time are null, never 0, and nothing else tells of votes', () => {
    const none = someLivePoll({ id: 'poll1', resultsVisibility: 'never' }, { counts: [0, 0, 0], totalVotes: 0 })
    const some = someLivePoll({ id: 'poll1', resultsVisibility: 'never' }, { version: 9, asOf: 5 })
    const message = tallyMessage(some, 'public')
    expect(message).toMatchObject({ version: null, total_votes: null, as_of: null })
    expect(message.options.map((option) => option.votes)).toEqual([null, null, null])
    expect(tallyMessage(none, 'public')).toEqual(message)
    expect(messageId(none, 'public')).toBe(messageId(some, 'public'))
    expect(tallyMessage(some, 'organiser').total_votes).toBe(2)
  })

  test('with after_vote voters see, others do not', () => {
    const live = someLivePoll({ resultsVisibility: 'after_vote' })
    expect([tallyMessage(live, 'voted').total_votes, tallyMessage(live, 'public').total_votes]).toEqual([2, null])
    expect([messageId(live, 'voted'), messageId(live, 'public')]).toEqual(['3', 'r1'])
  })
})

test('bytes are made once per state and way of seeing it', () => {
  let made = 0
  const frames = createFrames((message, id) => {
    made += 1
    return Buffer.from(`${id} ${message.total_votes}`)
  })
  const live = someLivePoll({ resultsVisibility: 'after_vote' })
  expect(frames(live, 'voted')).toBe(frames(live, 'organiser'))
  expect(frames(live, 'voted').toString()).toBe('3 2')
  expect(frames(live, 'public').toString()).toBe('r1 null')
  expect(frames(live, 'public')).toBe(frames(live, 'public'))
  expect(made).toBe(2)
  expect(frames({ ...live }, 'public')).not.toBe(frames(live, 'public'))
})
