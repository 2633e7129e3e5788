import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ListSetAsideRequest } from '../../src/adapters/grpc/gen/tallycast/admin/v1/ListSetAsideRequest.ts'
import type { ReplaySetAsideRequest } from '../../src/adapters/grpc/gen/tallycast/admin/v1/ReplaySetAsideRequest.ts'
import { isRefused } from '../../src/domain/refusal.ts'
import { type AdminClient, connectAdminClient } from '../support/admin-client.ts'
import {
  adminToken,
  type AdminSide,
  createPoll,
  granted,
  type OwnPoll,
  someVoterAt,
  startAdminSide,
} from '../support/admin-side.ts'
import { waitUntil } from '../support/wait-until.ts'

let side: AdminSide
const clients = new Map<string | null, AdminClient>()
let address = ''

beforeAll(async () => {
  side = await startAdminSide('redis')
  ;({ address } = await side.runRole())
})
afterAll(async () => {
  for (const client of clients.values()) client.close()
  await side.stop()
})

function clientOf(token: string | null): AdminClient {
  const client = clients.get(token) ?? connectAdminClient(address, token)
  clients.set(token, client)
  return client
}
const list = async (request: ListSetAsideRequest, token: string | null = adminToken) =>
  clientOf(token).listSetAside(request)
const replay = async (request: ReplaySetAsideRequest, token: string | null = adminToken) =>
  clientOf(token).replaySetAside(request)

/** Votes for an option that the ledger does not know, one at each partition: the api's definition was ahead of it. */
async function votesAside(): Promise<OwnPoll> {
  const own = await createPoll(side.createSteps().managePolls)
  const { id: pollId, round, revision, partitions } = own.poll
  for (let partition = 0; partition < partitions; partition += 1) {
    const voter = someVoterAt(own.poll, partition)
    const call = { pollId, round, revision, kind: 'cast', voter, selection: [3], requestKey: null } as const
    expect(await side.adapters.door.append(partition, [call])).toMatchObject([{ answer: 'accepted' }])
  }
  await waitUntil(async () => granted(await list({ pollId })).items.length === partitions, { withinMs: 15_000 })
  return own
}
const addOption = async (pollId: string) => {
  await side.database.pool.query(`insert into poll_option (poll_id, id, text, position) values ($1, 3, 'Bread', 2)`, [
    pollId,
  ])
  await side.database.pool.query('update poll set next_option_id = 4 where id = $1', [pollId])
}

test('what was set aside is listed page by page: what it says and why it was, not who voted', async () => {
  const { poll } = await votesAside()
  const first = granted(await list({ pollId: poll.id, pageSize: 3 }))
  const last = granted(await list({ pollId: poll.id, pageSize: 3, pageToken: first.nextPageToken }))
  expect([first.items.length, last.items.length, last.nextPageToken]).toEqual([3, 1, ''])
  for (const item of [...first.items, ...last.items]) {
    expect(item).toMatchObject({
      id: expect.stringMatching(/^[0-3]-[0-9a-f]{32}$/),
      pollId: poll.id,
      reason: 'SET_ASIDE_REASON_SELECTION_UNKNOWN',
      round: 1,
      kind: 'VOTE_KIND_CAST',
      optionIds: [3],
      replayOutcome: 'REPLAY_OUTCOME_UNSPECIFIED',
      replayedAt: null,
    })
    expect(Math.abs((item.setAsideAt?.seconds ?? 0) - Date.now() / 1000)).toBeLessThan(60)
  }
})

test('a replay of named items or of a whole poll records what counts by now, tells those who watch, and may be asked again', async () => {
  const { poll } = await votesAside()
  const { cache } = side.adapters
  const items = granted(await list({ pollId: poll.id })).items
  const [id] = items.map((item) => item.id)
  const named = { ids: [id!] } // there are four
  expect(granted(await replay(named)).items).toEqual([
    { id, pollId: poll.id, outcome: 'REPLAY_OUTCOME_SELECTION_UNKNOWN' },
  ])
  await addOption(poll.id)
  for (const _ of ['first', 'again']) {
    expect(granted(await replay(named)).items).toEqual([{ id, pollId: poll.id, outcome: 'REPLAY_OUTCOME_RECORDED' }])
    expect((await cache.getTally(poll.id))?.totalVotes).toBe(1)
  }
  const outcomes = await clientOf(adminToken).replayPoll(poll.id, 3)
  expect(outcomes).toEqual(Array(4).fill('REPLAY_OUTCOME_RECORDED'))
  expect(await cache.getTally(poll.id)).toMatchObject({ totalVotes: 4, counts: [0, 0, 4] })
  expect((await side.adapters.tallies.recount(poll.id))?.differences).toEqual([])
  const settled = granted(await list({ pollId: poll.id })).items
  expect(settled.map(({ replayOutcome }) => replayOutcome)).toEqual(outcomes)
  expect(settled.every(({ replayedAt }) => replayedAt !== null)).toBe(true)
})

test('an admin that dies between recording and telling leaves it to the sweep of the next one', async () => {
  const { poll } = await votesAside()
  await addOption(poll.id)
  const { setAside, cache } = side.adapters
  const page = await setAside.list(poll.id, null, 100)
  await setAside.replay(page?.items ?? [])
  await waitUntil(async () => (await cache.getTally(poll.id))?.totalVotes === 4, { withinMs: 5_000 })
})

test('a final tally is not changed by a replay', async () => {
  const { poll, organiser } = await votesAside()
  const { managePolls } = side.createSteps()
  await managePolls.close(organiser, poll.id, new AbortController().signal)
  await waitUntil(async () => (await side.adapters.polls.find(poll.id))?.status === 'closed', { withinMs: 15_000 })
  await addOption(poll.id)
  const before = await side.adapters.tallies.read([poll.id])
  expect(granted(await replay({ pollId: poll.id })).items.map(({ outcome }) => outcome)).toEqual(
    Array(4).fill('REPLAY_OUTCOME_POLL_FINAL'),
  )
  const after = await side.adapters.tallies.read([poll.id])
  expect(after).toEqual(before.map((tally) => ({ ...tally, asOf: expect.any(Number) })))
})

test('both calls are for whoever runs the service, and name what is wrong with a request', async () => {
  const { organiser, poll } = await createPoll(side.createSteps().managePolls)
  const refusalOf = (answer: object) => (isRefused(answer) ? answer : null)
  for (const token of [null, 'cheese', organiser.bearer]) {
    const refused = token === null ? 'unauthenticated' : token === organiser.bearer ? 'forbidden' : 'token_invalid'
    expect(refusalOf(await list({ pollId: poll.id }, token))).toMatchObject({ refused })
    expect(refusalOf(await replay({ pollId: poll.id }, token))).toMatchObject({ refused })
  }
  const id = `0-${'0'.repeat(32)}`
  for (const [wrong, pointer] of [
    [{}, '/ids'],
    [{ ids: [id], pollId: poll.id }, '/ids'],
    [{ ids: [id, 'x'] }, '/ids/1'],
    [{ ids: [`99999-${'0'.repeat(32)}`] }, '/ids/0'],
    [{ ids: Array.from({ length: 101 }, (_, n) => `${n}-${'0'.repeat(32)}`) }, '/ids'],
    [{ pollId: poll.id, pageSize: 101 }, '/page_size'],
  ] as const) {
    expect(refusalOf(await replay({ ...wrong, ids: [...('ids' in wrong ? wrong.ids : [])] }))).toMatchObject({
      refused: 'invalid_body',
      errors: [{ pointer }],
    })
  }
  expect(refusalOf(await list({ pageSize: -1 }))).toMatchObject({ errors: [{ pointer: '/page_size' }] })
  expect(refusalOf(await list({ pageToken: 'x' }))).toMatchObject({ refused: 'invalid_body' })
  expect(granted(await replay({ ids: [id] })).items).toEqual([
    { id, pollId: '', outcome: 'REPLAY_OUTCOME_NOT_SET_ASIDE' },
  ])
})
