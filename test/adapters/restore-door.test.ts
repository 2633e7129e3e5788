import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openPoll } from '../../src/domain/poll-life.ts'
import { granted } from '../support/admin-side.ts'
import { createHttpClient, type HttpClient } from '../support/http-client.ts'
import { type Profile, type RunningSystem, startSystem } from '../support/running-system.ts'
import { waitUntil } from '../support/wait-until.ts'

const partitions = [0, 1]

describe.each<Profile>(['redis', 'postgres'])('a door that has gone, on %s', (profile) => {
  let system: RunningSystem
  let call: HttpClient

  beforeAll(async () => {
    system = await startSystem(profile)
    call = createHttpClient(system.url)
  })
  afterAll(async () => {
    await system.stop()
  })

  async function makePoll(more: object = {}) {
    const json = { question: 'Q', options: ['a', 'b'], allow_vote_change: true, ...more }
    const { body } = await call('POST', '/polls', { json })
    const pollId: string = body.id
    const path = `/polls/${pollId}`
    return { pollId, path, vote: `${path}/vote`, bearer: body.manage_token as string }
  }

  /** Nothing is recorded before `goOn`; the checkpoint can still be read. */
  async function holdRecording(): Promise<{ readonly goOn: () => Promise<void> }> {
    const client = await system.database.pool.connect()
    await client.query('begin')
    await client.query('select from checkpoint for update')
    let isHeld = true
    return {
      async goOn() {
        if (!isHeld) return
        isHeld = false
        await client.query('rollback')
        client.release()
      },
    }
  }

  async function loseDoors(pollId: string): Promise<void> {
    for (const partition of partitions) await system.adapters.door.remove(partition, pollId)
  }

  /** As a client does: while a door is being restored it is told to come back. */
  async function voteUntilAnswered(vote: string, say: Parameters<HttpClient>[2], method = 'POST') {
    let answer = await call(method, vote, say)
    await waitUntil(
      async () => {
        if (answer.status === 503) answer = await call(method, vote, say)
        return answer.status !== 503
      },
      { withinMs: 20_000, what: 'the vote is answered' },
    )
    return answer
  }

  test('comes back with all its voters, also those whose votes were not recorded yet', async () => {
    const { pollId, path, vote } = await makePoll()
    const voters = await Promise.all(Array.from({ length: 40 }, () => call('POST', vote, { json: { option_id: 1 } })))
    // At once: many of these votes are still on their way to the ledger.
    await loseDoors(pollId)
    const again = await Promise.all(
      voters.map(({ body }) => voteUntilAnswered(vote, { json: { option_id: 2 }, voterToken: body.voter_token })),
    )
    expect(again.map(({ body }) => body.code)).toEqual(Array(40).fill('already_voted'))
    const same = await voteUntilAnswered(vote, { json: { option_id: 1 }, voterToken: voters[0]?.body.voter_token })
    expect(same.body.vote_id).toBe(voters[0]?.body.vote_id)
    expect((await voteUntilAnswered(vote, { json: { option_id: 2 } })).status).toBe(202)
    await waitUntil(async () => (await call('GET', path)).body.total_votes === 41)
    expect((await call('GET', path)).body.options.map((option: { votes: number }) => option.votes)).toEqual([40, 1])
  })

  test('comes back no sooner than the ledger has every vote that was accepted', async () => {
    const { pollId, path, vote } = await makePoll()
    const recording = await holdRecording()
    try {
      const { voter_token: voterToken } = (await call('POST', vote, { json: { option_id: 1 } })).body
      await loseDoors(pollId)
      // Often enough for a door that came back at once to have let the same voter in a second time.
      for (let asked = 0; asked < 4; asked += 1) {
        const answer = await call('POST', vote, { json: { option_id: 2 }, voterToken })
        expect([answer.status, answer.body.code]).toEqual([503, 'unavailable'])
      }
      await recording.goOn()
      const answer = await voteUntilAnswered(vote, { json: { option_id: 2 }, voterToken })
      expect(answer.body.code).toBe('already_voted')
      await waitUntil(async () => (await call('GET', path)).body.total_votes === 1)
    } finally {
      await recording.goOn()
    }
  })

  test('comes back for one who asks for the own vote, changes and retracts', async () => {
    const { pollId, path, vote } = await makePoll()
    const { voter_token: voterToken } = (await call('POST', vote, { json: { option_id: 1 } })).body
    await loseDoors(pollId)
    expect((await voteUntilAnswered(vote, { voterToken }, 'GET')).body.vote.option_ids).toEqual([1])
    await loseDoors(pollId)
    expect((await voteUntilAnswered(vote, { json: { option_id: 2 }, voterToken }, 'PUT')).status).toBe(202)
    await loseDoors(pollId)
    expect((await voteUntilAnswered(vote, { voterToken }, 'DELETE')).status).toBe(202)
    await waitUntil(async () => (await call('GET', path)).body.total_votes === 0)
    await loseDoors(pollId)
    expect((await voteUntilAnswered(vote, { voterToken }, 'GET')).body.vote).toBeNull()
  })

  test('stays shut when its poll has been closed', async () => {
    const { pollId, path, vote, bearer } = await makePoll()
    const { voter_token: voterToken } = (await call('POST', vote, { json: { option_id: 1 } })).body
    await call('POST', `${path}/close`, { bearer })
    await waitUntil(async () => (await call('GET', path)).body.results_final)
    await loseDoors(pollId)
    expect((await voteUntilAnswered(vote, { json: { option_id: 1 } })).body.code).toBe('poll_closed')
    // The ledger still knows.
    const own = await call('GET', vote, { voterToken })
    expect(own.body.vote).toMatchObject({ option_ids: [1], status: 'recorded' })
  })

  test('takes over what was edited while it was gone', async () => {
    const { pollId, path, vote, bearer } = await makePoll()
    await loseDoors(pollId)
    const closesAt = new Date(Date.now() + 3_600_000).toISOString()
    expect((await call('PATCH', path, { bearer, json: { closes_at: closesAt } })).status).toBe(200)
    expect((await voteUntilAnswered(vote, { json: { option_id: 1 } })).status).toBe(202)
  })

  test.each([
    ['stands shut', async () => {}],
    ['had gone when it was shut', loseDoors],
  ])(
    'that its admin died before opening in round 2, where the old one %s: everybody may vote anew, once',
    async (_, lose) => {
      const { adapters } = system
      const { pollId, path, vote, bearer } = await makePoll()
      const voters = await Promise.all(Array.from({ length: 8 }, () => call('POST', vote, { json: { option_id: 1 } })))
      await lose(pollId)
      await call('POST', `${path}/reset`, { bearer })
      const draft = await adapters.polls.find(pollId)
      if (draft === null) throw new Error('no poll')
      // All that it did before it died.
      const opened = granted(openPoll(draft, await adapters.door.now()))
      expect(await adapters.polls.save(opened, draft.revision)).toBe(true)
      await waitUntil(async () => (await call('GET', path)).body.status === 'open')

      for (const optionId of [2, 1]) {
        const answers = await Promise.all(
          voters.map(({ body }) =>
            voteUntilAnswered(vote, { json: { option_id: optionId }, voterToken: body.voter_token }),
          ),
        )
        const expected = optionId === 2 ? [202, undefined] : [409, 'already_voted']
        expect(answers.map(({ status, body }) => [status, body.code])).toEqual(Array(8).fill(expected))
      }
      await waitUntil(async () => (await call('GET', path)).body.total_votes === 8)
      expect((await call('GET', path)).body.options.map((option: { votes: number }) => option.votes)).toEqual([0, 8])
    },
  )
})
