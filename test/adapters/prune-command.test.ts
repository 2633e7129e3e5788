import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createOldRounds } from '../../src/adapters/postgres/old-rounds.ts'
import { createTallies } from '../../src/adapters/postgres/tallies.ts'
import { differencesIn } from '../../src/application/recount-polls.ts'
import type { OldRounds } from '../../src/ports/old-rounds.ts'
import type { Tallies } from '../../src/ports/tallies.ts'
import { linesOf, someVoters } from '../support/bulk-host.ts'
import { createHttpClient, type HttpClient } from '../support/http-client.ts'
import { adminToken, type RunningSystem, startSystem } from '../support/running-system.ts'
import { runProgram } from '../support/run-program.ts'
import { waitUntil } from '../support/wait-until.ts'

const longAgo = '2026-01-31T12:00:00Z'
const [dayOfIt, dayAfter] = ['2026-01-31', '2026-02-01']

let system: RunningSystem
let call: HttpClient
let oldRounds: OldRounds
let tallies: Tallies

beforeAll(async () => {
  system = await startSystem('postgres')
  oldRounds = createOldRounds(system.database.pool)
  tallies = createTallies(system.database.pool)
  call = createHttpClient(system.url)
})
afterAll(async () => {
  await system.stop()
})
beforeEach(async () => void (await query('truncate poll, poll_option, tally, vote, set_aside, pruned_round')))

const query = async (statement: string, values: readonly unknown[] = []) =>
  (await system.database.pool.query(statement, [...values])).rows

const prune = async (args: readonly string[]) =>
  runProgram('prune', args, { DATABASE_URL: system.database.databaseUrl })

async function makePoll(votes: number) {
  const json = { question: 'Tea or coffee?', options: ['Tea', 'Coffee'], voter_visibility: 'public' }
  const { body } = await call('POST', '/polls', { json })
  const poll = { id: String(body.id), path: `/polls/${body.id}`, bearer: String(body.manage_token) }
  await vote(poll, votes)
  return poll
}
type OwnPoll = Awaited<ReturnType<typeof makePoll>>

async function vote({ path }: OwnPoll, votes: number): Promise<void> {
  const headers = { 'content-type': 'application/x-ndjson' }
  const raw = linesOf(someVoters(votes), [1, 2, 2])
  expect((await call('POST', `${path}/votes/bulk`, { raw, headers, bearer: adminToken })).status).toBe(200)
  await waitUntil(async () => (await call('GET', path)).body.total_votes === votes)
}

async function act({ path }: OwnPoll, does: 'close' | 'reset' | 'open'): Promise<void> {
  expect((await call('POST', `${path}/${does}`, { bearer: adminToken })).status).toBe(200)
  if (does === 'close') await waitUntil(async () => (await call('GET', path)).body.results_final === true)
}

/** What closes a round is recorded at each partition for itself, and after the answer to whoever ends it by a reset. */
async function allRecorded(): Promise<void> {
  const { lease, stream } = system.adapters
  const isRecorded = async (partition: number) => {
    const { recorded } = await lease.read(partition)
    return (await stream.inspect(partition, recorded)).end === recorded
  }
  await waitUntil(async () => (await Promise.all([0, 1].map(isRecorded))).every(Boolean))
}

/** As if nothing had happened to it since. */
async function age({ id }: OwnPoll, changedAt = longAgo, recordedAt = longAgo): Promise<void> {
  await allRecorded()
  await query('update tally set recorded_at = $2 where poll_id = $1', [id, recordedAt])
  await query('update poll set changed_at = $2, announced_revision = revision where id = $1', [id, changedAt])
}

async function makeOld(votes = 5): Promise<OwnPoll> {
  const poll = await makePoll(votes)
  await act(poll, 'close')
  await age(poll)
  return poll
}

/** Votes of this round that cannot be recorded, kept as each of those who set aside keeps it. */
async function setAside({ id }: OwnPoll, round: number, positions: readonly string[]): Promise<void> {
  const said = { round, voter: 'ab'.repeat(16), kind: 'cast', selection: [1] }
  const payloads = [said, { reason: 'a "round":7 and "', ...said }].map((fields) => JSON.stringify(fields))
  await query(
    `insert into set_aside (partition, position, poll_id, reason, payload)
     select 9, decode(s.position, 'hex'), $1, 'already_voted', s.payload
     from unnest($2::text[], $3::text[]) as s (position, payload)`,
    [id, positions, [payloads[0]!.replace(':', ' : '), ...payloads].slice(0, positions.length)],
  )
}

const setAsideOf = async ({ id }: OwnPoll): Promise<readonly unknown[]> =>
  (await query(`select encode(position, 'hex') as position from set_aside where poll_id = $1 order by id`, [id])).map(
    (row: { readonly position: string }) => row.position,
  )

const votesOf = async ({ id }: OwnPoll): Promise<number> =>
  (await query('select from vote where poll_id = $1', [id])).length

test('where nothing is old enough, nothing is asked for', async () => {
  const { exitCode, output } = await prune(['--before', '2001-01-01'])
  expect([exitCode, output.trim()]).toEqual([0, 'There is nothing to prune. Nothing was changed.'])
})

test('what would go is shown, and nothing is changed', async () => {
  const poll = await makeOld()
  const { exitCode, output } = await prune(['--before', dayAfter])
  expect(exitCode).toBe(0)
  expect(output).toMatch(
    new RegExp(`${poll.id}  Tea or coffee\\?\\n +round 1 · 5 votes · until 2026-01-31 · would be pruned`),
  )
  expect(output).toContain('5 votes of 1 round would be pruned: say --remove. Nothing was changed.')
  expect([await votesOf(poll), await query('select from pruned_round')]).toEqual([5, []])
})

describe('a final round that is pruned', () => {
  test('keeps its totals and its signed result, and of its votes nothing but their number', async () => {
    const poll = await makeOld()
    const before = {
      totals: (await call('GET', `${poll.path}/export.csv`)).text,
      results: (await call('GET', `${poll.path}/results`)).body.options,
      ledger: (await call('GET', `${poll.path}/results/signed`)).body.result.ledger,
    }
    expect((await call('GET', `${poll.path}/export.csv?part=votes`)).status).toBe(200)
    const { exitCode, output } = await prune(['--before', dayAfter, '--remove'])
    expect([exitCode, output]).toEqual([0, expect.stringContaining('5 votes of 1 round pruned.')])
    expect(await votesOf(poll)).toBe(0)

    expect((await call('GET', `${poll.path}/export.csv`)).text).toBe(before.totals)
    expect((await call('GET', `${poll.path}/results`)).body.options).toEqual(before.results)
    // No process has it in memory under this revision any more.
    await query("update poll set revision = revision + 1, question = 'Anew?' where id = $1", [poll.id])
    await waitUntil(async () => (await call('GET', poll.path)).body.question === 'Anew?', { withinMs: 10_000 })
    const signed = await call('GET', `${poll.path}/results/signed`)
    expect([signed.status, signed.body.result.ledger, signed.body.result.question]).toEqual([
      200,
      before.ledger,
      'Tea or coffee?',
    ])
    for (const path of ['export.csv?part=votes', 'export.json']) {
      const { status, body } = await call('GET', `${poll.path}/${path}`)
      expect([status, body.code, body.type]).toEqual([410, 'votes_pruned', '/problems/votes_pruned'])
    }
    const recounted = await runProgram('recount', [poll.id], { DATABASE_URL: system.database.databaseUrl })
    expect(recounted).toMatchObject({ exitCode: 0, output: expect.stringMatching(/round 1 +5 votes +pruned/) })
    const { body } = await call('GET', `${poll.path}/audit`, { bearer: poll.bearer })
    expect(body.events[0]).toMatchObject({ action: 'votes_pruned', actor: 'command' })
    expect(await oldRounds.list(Date.parse(dayAfter), null, null, 10)).toEqual([])
  })

  test('is finished by the next run where removing was cut short, and noted once', async () => {
    const poll = await makeOld()
    const [round] = await oldRounds.list(Date.now(), poll.id, null, 1)
    const note = { action: 'votes_pruned', actor: 'command', actorKey: null, address: null, requestId: null } as const
    expect(await oldRounds.mark(round!, { votes: 5, signedResult: 'kept' }, note)).toBe(true) // the poll was just made
    expect(await oldRounds.remove(round!, null, 2)).not.toBeNull()
    expect(await votesOf(poll)).toBe(3)
    expect((await tallies.recountRounds(poll.id)).map(differencesIn)).toEqual([0])
    expect((await prune(['--before', dayAfter, '--remove'])).exitCode).toBe(0)
    expect(await votesOf(poll)).toBe(0)
    expect(await query('select votes, signed_result from pruned_round')).toEqual([
      { votes: '5', signed_result: 'kept' },
    ])
    expect(
      await query("select from audit_event where action = 'votes_pruned' and poll_id = $1", [poll.id]),
    ).toHaveLength(1)
  })
})

test('what was set aside of a round goes with its votes, and what was set aside of another stays', async () => {
  const poll = await makeOld(2)
  await setAside(poll, 1, ['01', '02', '03'])
  await setAside(poll, 2, ['04'])
  await query(
    `insert into set_aside (partition, position, poll_id, reason, payload) values (9, '\\x05', $1, 'unreadable', 'round')`,
    [poll.id],
  )
  const remove = ['--before', dayAfter, '--remove']
  expect((await prune(remove)).exitCode).toBe(0)
  expect([await votesOf(poll), await setAsideOf(poll)]).toEqual([0, ['04', '05']])
  // Of a commit that was under way meanwhile.
  await setAside(poll, 1, ['06'])
  expect((await prune(remove)).output).toContain('1 round pruned.')
  expect(await setAsideOf(poll)).toEqual(['04', '05'])
  const open = await makePoll(1)
  await setAside(open, 1, ['07'])
  expect(await oldRounds.removeSetAside({ pollId: open.id, round: 1 }, 10)).toBe(0)
})

test('a round of which no vote was recorded is found and removed for what was set aside of it', async () => {
  const poll = await makePoll(0)
  await act(poll, 'reset')
  await act(poll, 'open')
  await vote(poll, 3)
  // As after a reset while the stream was away: nothing closes the round there.
  await allRecorded()
  await query('delete from tally where poll_id = $1 and round = 1', [poll.id])
  const deleted = await makePoll(0)
  await call('DELETE', deleted.path, { bearer: adminToken })
  await setAside(poll, 1, ['01', '02'])
  await setAside(poll, 2, ['03'])
  await setAside(deleted, 1, ['04'])
  // Nobody can say whose it was; and the number is that of no round.
  await query(
    `insert into set_aside (partition, position, poll_id, reason, payload) values (9, '\\x05', $1, 'unreadable', '"round":99999999999 ')`,
    [poll.id],
  )
  await age(poll)
  await age(deleted)
  const list = async (before: string, pollId: string | null = null) =>
    (await oldRounds.list(Date.parse(before), pollId, null, 10)).map((found) => [
      found.pollId,
      found.round,
      found.votes,
    ])
  expect(await list(dayAfter)).toEqual([])
  await query('update set_aside set set_aside_at = $1', [longAgo])
  expect([await list(dayOfIt), await list(dayAfter, poll.id)]).toEqual([[], [[poll.id, 1, 0]]])
  const [first, second] = await oldRounds.list(Date.parse(dayAfter), null, null, 10)
  expect(new Set([first?.pollId, second?.pollId])).toEqual(new Set([poll.id, deleted.id]))
  expect(await oldRounds.list(Date.parse(dayAfter), null, first ?? null, 10)).toEqual([second])

  const { exitCode, output } = await prune(['--before', dayAfter, '--remove'])
  expect([exitCode, output]).toEqual([0, expect.stringContaining('0 votes of 2 rounds pruned.')])
  expect([await setAsideOf(poll), await setAsideOf(deleted), await votesOf(poll)]).toEqual([['03', '05'], [], 3])
  expect(await list(dayAfter)).toEqual([])
})

test('votes of a pruned round that the stream brings again are passed over', async () => {
  const poll = await makeOld(5)
  expect((await prune(['--before', dayAfter, '--remove'])).exitCode).toBe(0)
  const at = async () => String((await query('select recorded from checkpoint where partition = 0'))[0].recorded)
  const before = await at()
  await query(`update checkpoint set recorded = '0-0' where partition = 0`)
  await waitUntil(async () => (await at()) === before, { withinMs: 30_000 })
  expect([await votesOf(poll), await setAsideOf(poll)]).toEqual([0, []])
  expect(
    (await query('select sum(total_votes)::integer as votes from tally where poll_id = $1', [poll.id]))[0].votes,
  ).toBe(5)
})

test('earlier rounds and deleted polls are pruned too, each alone where it is named', async () => {
  const poll = await makePoll(2)
  await act(poll, 'reset')
  await act(poll, 'open')
  await vote(poll, 3)
  await age(poll)
  const deleted = await makeOld(4)
  await call('DELETE', deleted.path, { bearer: adminToken })
  await age(deleted)
  const found = await prune(['--before', dayAfter, '--json'])
  const lines = found.output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  expect(
    lines.slice(0, 2).map((line) => [line['poll_id'], line['round'], line['votes'], line['results_final']]),
  ).toEqual(
    [
      [poll.id, 1, 2, false],
      [deleted.id, 1, 4, false],
    ].toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
  )
  expect(lines.at(-1)).toEqual({ rounds: 2, votes: 6, left_alone: 0 })
  expect((await prune(['--before', dayAfter, '--remove', '--poll', poll.id])).exitCode).toBe(0)
  expect([await votesOf(poll), await votesOf(deleted)]).toEqual([3, 4])
  expect(await tallies.recountRounds(poll.id)).toMatchObject([
    { round: 2, totalVotes: 3, differences: [], prunedVotes: null },
    { round: 1, differences: [], prunedVotes: 2 },
  ])
})

test('a round that is not over is neither found nor marked', async () => {
  const poll = await makePoll(2)
  await age(poll)
  expect(await oldRounds.list(Date.parse(dayAfter), null, null, 10)).toEqual([])
  const note = { action: 'votes_pruned', actor: 'command', actorKey: null, address: null, requestId: null } as const
  const kept = { votes: 2, signedResult: null }
  expect(await oldRounds.mark({ pollId: poll.id, round: 1 }, kept, note)).toBe(false)
  expect(await oldRounds.remove({ pollId: poll.id, round: 1 }, null, 10)).toBeNull()
  expect([await votesOf(poll), await query('select from pruned_round')]).toEqual([2, []])
})

test('a round whose tally or poll has changed since, or within a day, is left', async () => {
  const isFound = async ({ id }: OwnPoll, before: string) =>
    (await oldRounds.list(Date.parse(before), null, null, 10)).some(({ pollId }) => pollId === id)
  const poll = await makeOld()
  expect([await isFound(poll, dayAfter), await isFound(poll, dayOfIt)]).toEqual([true, false])
  await age(poll, '2026-02-01T00:00:00Z')
  expect(await isFound(poll, dayAfter)).toBe(false)
  await age(poll, longAgo, '2026-02-01T00:00:00Z')
  expect(await isFound(poll, dayAfter)).toBe(false)
  // Long ago for its round, and yet votes may be on their way.
  const moving = await makePoll(1)
  await act(moving, 'reset')
  for (const [hours, wanted] of [
    [23, false],
    [25, true],
  ] as const) {
    await age(moving, new Date(Date.now() - hours * 3_600_000).toISOString())
    expect(await isFound(moving, dayAfter)).toBe(wanted)
  }
})

test('a round whose tally and ledger differ is left alone, with exit status 1', async () => {
  const [good, bad] = [await makeOld(2), await makeOld(3)]
  await query('update tally set total_votes = 4 where poll_id = $1', [bad.id])
  const { exitCode, output } = await prune(['--before', dayAfter, '--remove'])
  expect(exitCode).toBe(1)
  expect(output).toMatch(new RegExp(`${bad.id}[^]*LEFT ALONE: tally and ledger differ`))
  expect([await votesOf(good), await votesOf(bad)]).toEqual([0, 3])
})

test('the usage is shown, with exit status 2, where it is not said what is wanted', async () => {
  const { exitCode, output } = await prune(['--before', 'yesterday'])
  expect([exitCode, output]).toEqual([2, expect.stringContaining('--before is a day, as 2026-01-31')])
  expect(output).toContain('npm run prune -- --before')
})
