import { describe, expect, test } from 'vitest'
import { createCastVote, type VoteRequest } from '../../src/application/cast-vote.ts'
import { createVoteIds } from '../../src/application/cast-vote/vote-id.ts'
import type { Poll } from '../../src/domain/poll.ts'
import { positionOf } from '../../src/domain/position.ts'
import { isRefused } from '../../src/domain/refusal.ts'
import type { VoterKey } from '../../src/domain/vote.ts'
import type { DoorCall } from '../../src/ports/vote-door.ts'
import { someLivePoll } from '../support/some-live-poll.ts'

const voter = '0'.repeat(32) as VoterKey // As a keyed hash has it.

/** An api that knows the poll like this, until it looks how it is by now; the door is that of the round in which it is by now. */
function anApi({ knows, byNow }: { readonly knows: Partial<Poll>; readonly byNow: Partial<Poll> }) {
  let [known, looks] = [someLivePoll(knows), 0]
  const current = someLivePoll(byNow)
  const taken: DoorCall[] = []
  const castVote = createCastVote({
    watchPoll: {
      known: () => known,
      get: async () => known,
      async refresh() {
        looks += 1
        known = current
        return known
      },
    },
    identifyVoter: { identify: () => ({ voter, newSession: null }), recognise: () => voter },
    batchCalls: {
      async call(_partition, call) {
        if (call.round !== current.poll.round) return { answer: 'definition_stale' }
        taken.push(call)
        return { answer: 'accepted', position: positionOf(1, '1-0', 0), isRepeated: false }
      },
    },
    restoreSoon: async () => {},
    voteIds: createVoteIds(Buffer.alloc(32, 7)),
  })
  return {
    async vote(round: number | null, kind: VoteRequest['kind'] = 'cast') {
      const shown = { voterToken: null, sessionCookie: null, requestKey: null }
      const said = await castVote({
        pollId: known.poll.id,
        kind,
        optionIds: kind === 'retract' ? [] : [1],
        round,
        shown,
      })
      return isRefused(said) ? said.refused : 'accepted'
    },
    takenRounds: () => taken.map(({ round }) => round),
    looks: () => looks,
  }
}

const open = { status: 'open', allowVoteChange: true } as const

describe('a vote that names its round', () => {
  test('counts in it, and costs no look at anything', async () => {
    const api = anApi({ knows: { ...open, round: 2 }, byNow: { ...open, round: 2 } })
    expect([await api.vote(2), await api.vote(null), api.takenRounds(), api.looks()]).toEqual([
      'accepted',
      'accepted',
      [2, 2],
      0,
    ])
  })

  test.each(['cast', 'change', 'retract'] as const)('is refused in a later one, to %s', async (kind) => {
    const api = anApi({ knows: { ...open, round: 2 }, byNow: { ...open, round: 2 } })
    expect([await api.vote(1, kind), api.takenRounds(), api.looks()]).toEqual(['round_not_current', [], 0])
  })

  test.each(['draft', 'open', 'closing', 'closed'] as const)(
    'is refused for its round where that of now is %s',
    async (status) => {
      const api = anApi({ knows: { status, round: 2 }, byNow: { status, round: 2 } })
      expect(await api.vote(1)).toBe('round_not_current')
    },
  )

  test('is not taken into the next one by an api that has not heard of the reset, as one is that names none', async () => {
    const late = { knows: { ...open, round: 1 }, byNow: { ...open, round: 2, revision: 9 } }
    const naming = anApi(late)
    expect([await naming.vote(1), naming.takenRounds()]).toEqual(['round_not_current', []])
    const silent = anApi(late)
    expect([await silent.vote(null), silent.takenRounds()]).toEqual(['accepted', [2]])
  })

  test('that this api has not heard of yet is judged once it has; one that has not begun is refused', async () => {
    const late = { knows: { status: 'closed', round: 1 }, byNow: { ...open, round: 2, revision: 9 } } as const
    const api = anApi(late)
    expect([await api.vote(2), api.takenRounds(), api.looks()]).toEqual(['accepted', [2], 1])
    expect([await api.vote(3), api.takenRounds()]).toEqual(['round_not_current', [2]])
  })
})
