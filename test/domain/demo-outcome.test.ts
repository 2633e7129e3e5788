import { describe, expect, test } from 'vitest'
import { createClient } from '../../client/src/client.ts'
import { Told } from '../../src/demo/crowd.ts'
import { findDifferences, type Outcome } from '../../src/demo/summary.ts'
import { createVoter } from '../../src/demo/voter.ts'

/** A client of a service that makes sessions, and says this of every vote; with everything that it was asked. */
function clientOf(answerVote: () => Response) {
  const asked: Request[] = []
  const answer: typeof fetch = async (input, init) => {
    const request = new Request(input, init)
    asked.push(request)
    const isSession = request.url.endsWith('/session')
    return isSession ? Response.json({ voter_token: 'a session' }, { status: 201 }) : answerVote()
  }
  return { client: createClient({ url: 'https://polls.example', fetch: answer }), asked }
}

describe('a voter of the demo', () => {
  test('has one session, and a double click is one vote', async () => {
    const { client, asked } = clientOf(() => Response.json({ vote_id: 'a vote', status: 'accepted' }, { status: 202 }))
    const voter = createVoter(client, 'one')
    const clicks = await Promise.all([voter.vote(2, 'a key'), voter.vote(2, 'a key')])
    const accepted = { result: 'accepted', voteId: 'a vote' }
    expect(clicks).toEqual([accepted, accepted])
    const seen = asked.map(({ url, headers }) => [url, headers.get('voter-token'), headers.get('idempotency-key')])
    const vote = ['https://polls.example/polls/one/vote', 'a session', 'a key']
    expect(seen).toEqual([['https://polls.example/session', null, null], vote, vote])
  })

  test.each([
    [409, 'already_voted', 'refused'],
    // It may have been accepted before, and that answer lost.
    [429, 'rate_limited', 'unknown'],
    [503, 'unavailable', 'unknown'],
  ])('takes %i %s for %s', async (status, code, result) => {
    // Longer than the client waits for anybody.
    const headers = { 'retry-after': '60' }
    const { client } = clientOf(() => Response.json({ code, detail: 'No.' }, { status, headers }))
    expect(await createVoter(client, 'one').vote(2, 'a key')).toEqual({ result, code })
  })

  test('takes what cannot be read for unknown', async () => {
    const { client } = clientOf(() => new Response('Please sign in', { status: 403 }))
    const outcome = await createVoter(client, 'one').vote(2, 'a key')
    expect(outcome).toEqual({ result: 'unknown', code: 'unreadable' })
  })
})

describe('the recount of the demo', () => {
  const standing = { round: 1, revision: 1, version: 3, as_of: null, status: 'closed', results_final: true } as const
  const countsOf = (first: number, second: number) => ({
    options: [
      { id: 1, votes: first },
      { id: 2, votes: second },
    ],
    total_votes: first + second,
  })

  /** Two votes were accepted for the first option and one for the second; one more may count. This is the result, and this what a viewer shows. */
  function outcomeOf(result: readonly [number, number], shown: readonly [number, number]): Outcome {
    const told = new Told()
    for (const optionId of [1, 1, 2]) told.note({ result: 'accepted', voteId: 'a vote' }, optionId)
    told.note({ result: 'unknown', code: 'unreachable' }, 2)
    return {
      told,
      results: { poll_id: 'one', ...standing, ...countsOf(...result) },
      viewers: [{ type: 'tally', poll_id: 'one', ...standing, ...countsOf(...shown) }],
      latencies: { probes: 0, ms: [], missed: 0 },
      voting: { votes: 3, ms: 1 },
    }
  }

  test.each([
    [2, 1],
    [2, 2],
  ])('finds nothing where all agree, whether the vote that may count does: %i and %i', (first, second) => {
    expect(findDifferences(outcomeOf([first, second], [first, second]))).toEqual([])
  })

  test('tells of a vote that was accepted and is not counted', () => {
    expect(findDifferences(outcomeOf([1, 1], [1, 1]))).toEqual(['option 1: 2 votes were accepted, 1 are counted'])
  })

  test('tells of more votes than may count', () => {
    expect(findDifferences(outcomeOf([2, 3], [2, 3]))).toEqual(['option 2: 1 votes were accepted, 3 are counted'])
  })

  test('tells of a viewer who shows something else', () => {
    expect(findDifferences(outcomeOf([2, 1], [1, 1]))).toEqual(['1 viewers do not show the final result'])
  })
})
