import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { linesOf, openBulk, someVoters } from '../support/bulk-host.ts'
import type { HttpClient } from '../support/http-client.ts'
import { createCheckedClient } from '../support/openapi-document.ts'
import { adminToken, type Profile, type RunningSystem, startSystem } from '../support/running-system.ts'
import { waitUntil } from '../support/wait-until.ts'

const ndjson = { 'content-type': 'application/x-ndjson' }

describe.each<Profile>(['redis', 'postgres'])('votes of a host, on %s', (profile) => {
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

  async function makePoll(more: object = {}) {
    const options = ['Tea', 'Coffee', 'Cocoa']
    const made = await call('POST', '/polls', { json: { question: 'What?', options, ...more } })
    expect(made.status).toBe(201)
    const id = made.body.id as string
    const path = `/polls/${id}`
    return { id, path, bulk: `${path}/votes/bulk`, bearer: made.body.manage_token as string }
  }

  /** All lines in one request; what each was answered. */
  async function bring(bulk: string, lines: readonly unknown[] | string): Promise<readonly Record<string, string>[]> {
    const raw = typeof lines === 'string' ? lines : lines.map((line) => `${JSON.stringify(line)}\n`).join('')
    const answer = await call('POST', bulk, { raw, bearer: adminToken, headers: ndjson })
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/x-ndjson'])
    return answer.text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line))
  }

  const codesOf = (answers: readonly Record<string, string>[]) => answers.map(({ code, status }) => code ?? status)

  async function counts(path: string): Promise<number[]> {
    return (await call('GET', path)).body.options.map((option: { votes: number }) => option.votes)
  }

  async function countedAs(path: string, expected: readonly number[]): Promise<void> {
    await waitUntil(async () => (await counts(path)).join() === expected.join(), {
      withinMs: 20_000,
      what: `it counts ${expected.join()}`,
    })
    const recount = await system.adapters.tallies.recount(path.slice('/polls/'.length))
    expect(recount?.differences).toEqual([])
  }

  test('are answered in their order, each with an id that leads to it, and count', async () => {
    const { path, bulk, id } = await makePoll()
    const answers = await bring(bulk, linesOf(someVoters(3000), [1, 2, 3]))
    expect(new Set(codesOf(answers))).toEqual(new Set(['accepted']))
    expect(new Set(answers.map((answer) => answer['vote_id'])).size).toBe(3000)
    await countedAs(path, [1000, 1000, 1000])
    const receipt = await call('GET', `/votes/${answers[1]?.['vote_id']}`)
    expect(receipt.body).toMatchObject({ poll_id: id, status: 'recorded' })
  })

  test('that are wrong have their code in their place, and the others count', async () => {
    const { path, bulk } = await makePoll()
    const [a, b, c] = someVoters(3)
    const lines: readonly (readonly [string, string])[] = [
      [`{"voter":"${a}","option_id":1}`, 'accepted'],
      ['{', 'invalid_json'],
      ['\u0000', 'invalid_json'],
      ['null', 'invalid_body'],
      ['[]', 'invalid_body'],
      ['{}', 'invalid_body'],
      ['{"voter":"x"}', 'invalid_body'],
      ['{"option_id":1}', 'invalid_body'],
      ['{"voter":"","option_id":1}', 'invalid_body'],
      ['{"voter":5,"option_id":1}', 'invalid_body'],
      [`{"voter":"${'x'.repeat(201)}","option_id":1}`, 'invalid_body'],
      ['{"voter":"\\ud800","option_id":1}', 'invalid_body'],
      ['{"voter":"x","option_id":1.5}', 'invalid_body'],
      ['{"voter":"x","option_id":"1"}', 'invalid_body'],
      ['{"voter":"x","option_ids":[1],"option_id":1}', 'invalid_body'],
      [`{"voter":"x","option_ids":[${Array(101).fill(1).join()}]}`, 'invalid_body'],
      ['{"voter":"x","option_ids":[1,1]}', 'invalid_body'],
      ['{"voter":"x","option_id":1,"more":1}', 'invalid_body'],
      ['{"voter":"x","option_id":1,"__proto__":1}', 'invalid_body'],
      ['{"voter":"x","option_id":1,"key":""}', 'invalid_body'],
      ['{"voter":"x","option_id":1,"kind":"vote"}', 'invalid_body'],
      ['{"voter":"x","option_id":1,"kind":"retract"}', 'invalid_body'],
      ['{"voter":"x","option_id":9}', 'option_unknown'],
      ['{"voter":"x","option_ids":[]}', 'too_few_choices'],
      ['{"voter":"x","option_ids":[1,2]}', 'too_many_choices'],
      ['{"voter":"x","option_id":2,"kind":"change"}', 'change_not_allowed'],
      [`{"voter":"x","option_id":1}${' '.repeat(4096)}`, 'too_large'],
      [`"${'x'.repeat(300_000)}"`, 'too_large'],
      [`{"voter":"${'\u{1f363}'.repeat(200)}","option_id":2}\r`, 'accepted'],
      [` {"voter": "${b}", "option_ids": [3]}`, 'accepted'],
      [`{"voter":"${c}","option_id":3}`, 'accepted'],
    ]
    const blank = ['', ' ', '\r', '\t \r']
    const answers = await bring(bulk, lines.map(([line], n) => `${blank[n % 4]}\n${line}`).join('\n'))
    expect(codesOf(answers)).toEqual(lines.map(([, code]) => code))
    expect(answers.filter(({ code, detail }) => code !== undefined && (detail ?? '').length < 10)).toEqual([])
    await countedAs(path, [1, 1, 2])
  })

  test('in other bytes than UTF-8 are refused alone', async () => {
    const { path, bulk } = await makePoll()
    const raw = Buffer.concat([
      Buffer.from('{"voter":"ä","option_id":1}\n{"voter":"ö', 'utf8'),
      Buffer.from([0xe4, 0x22]),
      Buffer.from(',"option_id":1}\n{"voter":"ü","option_id":2}'),
    ])
    const answer = await call('POST', bulk, { raw: new Uint8Array(raw), bearer: adminToken, headers: ndjson })
    expect(
      codesOf(
        answer.text
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line)),
      ),
    ).toEqual(['accepted', 'invalid_json', 'accepted'])
    await countedAs(path, [1, 1, 0])
  })

  test('come to nothing where the request as a whole is refused', async () => {
    const { path, bulk, bearer } = await makePoll()
    const raw = linesOf(someVoters(1), [1])
    const refusal = async (to: string, say: object) => {
      const { status, body, headers } = await call('POST', to, { raw, headers: ndjson, ...say })
      expect(headers.get('content-type')).toMatch(/^application\/problem\+json\b/)
      return [status, body.code]
    }
    const key = { bearer: adminToken }
    expect(await refusal(bulk, {})).toEqual([401, 'unauthenticated'])
    expect(await refusal(bulk, { bearer: 'wrong' })).toEqual([401, 'token_invalid'])
    expect(await refusal(bulk, { bearer })).toEqual([403, 'forbidden'])
    expect(await refusal('/polls/nosuchpoll2345/votes/bulk', key)).toEqual([404, 'poll_not_found'])
    expect(await refusal(`/polls/${encodeURIComponent("'\u0000")}/votes/bulk`, key)).toEqual([404, 'poll_not_found'])
    for (const headers of [
      { 'content-type': 'application/json' },
      { 'content-type': 'x' },
      { ...ndjson, 'content-encoding': 'gzip' },
    ])
      expect(await refusal(bulk, { ...key, headers })).toEqual([415, 'unsupported_media_type'])
    expect(await refusal((await makePoll({ draft: true })).bulk, key)).toEqual([409, 'poll_not_open'])
    const closed = await makePoll()
    await call('POST', `${closed.path}/close`, { bearer: closed.bearer })
    expect(await refusal(closed.bulk, key)).toEqual([409, 'poll_closed'])
    expect(await counts(path)).toEqual([0, 0, 0])
    expect(disagreements).toEqual([])
  })

  test('are none in an empty body, which is answered by an empty one', async () => {
    const { bulk } = await makePoll()
    expect(await bring(bulk, '')).toEqual([])
  })

  test('count once however often they are sent, and keep their ids', async () => {
    const { path, bulk } = await makePoll()
    const voters = someVoters(500)
    const lines = linesOf(voters, [1, 2])
    const first = await bring(bulk, lines + lines)
    expect(await bring(bulk, lines)).toEqual(first.slice(0, 500))
    expect(first.slice(500)).toEqual(first.slice(0, 500))
    expect(new Set(codesOf(await bring(bulk, linesOf(voters, [3]))))).toEqual(new Set(['already_voted']))
    await countedAs(path, [250, 250, 0])
  })

  test('with a key are answered as the first time, and the key is good for one vote of one voter', async () => {
    const { path, bulk } = await makePoll({ allow_vote_change: true })
    const [voter, other] = someVoters(2)
    const vote = { voter, option_id: 1, key: '1' }
    const change = { voter, option_id: 2, kind: 'change', key: '2' }
    const [first, changed] = await bring(bulk, [vote, change])
    const again = await bring(bulk, [vote, change, { ...vote, option_id: 3 }, { ...vote, voter: other }])
    expect(codesOf(again)).toEqual(['accepted', 'accepted', 'idempotency_key_reused', 'accepted'])
    expect(again.slice(0, 2)).toEqual([first, changed])
    await countedAs(path, [1, 1, 0])
  })

  test('may change and retract, in the order of their lines', async () => {
    const { path, bulk } = await makePoll({ allow_vote_change: true, type: 'multiple', max_choices: 2 })
    const [a, b, c] = someVoters(3)
    const answers = await bring(bulk, [
      { voter: a, option_id: 1, kind: 'change' },
      { voter: a, option_id: 1 },
      { voter: a, option_ids: [3, 2], kind: 'change' },
      { voter: b, option_id: 1, kind: 'cast' },
      { voter: b, kind: 'retract' },
      { voter: c, option_id: 1 },
      { voter: c, kind: 'retract' },
      { voter: c, option_id: 2 },
    ])
    expect(codesOf(answers)).toEqual(['no_vote', ...Array(7).fill('accepted')])
    await countedAs(path, [0, 2, 1])
    expect((await call('GET', path)).body.total_votes).toBe(2)
  })

  test('are those of other voters than sessions and requests, whatever the host calls them', async () => {
    for (const identity of ['session', 'none']) {
      const { path, bulk } = await makePoll({ voter_identity: identity })
      const key = randomUUID()
      await call('POST', `${path}/vote`, { json: { option_id: 1 }, key })
      expect(codesOf(await bring(bulk, [{ voter: key, option_id: 2, key }]))).toEqual(['accepted'])
      await countedAs(path, [1, 1, 0])
    }
  })

  test('are asked for by the definition as it is when they come: an edit, a lost door and a close meanwhile', async () => {
    const { id, path, bearer } = await makePoll({ allow_vote_change: true })
    const host = await openBulk(system.url, id)
    const voters = someVoters(40)
    host.send(linesOf(voters.slice(0, 10), [1]))
    await host.answered(10)

    expect((await call('PATCH', path, { bearer, json: { question: 'Which?' } })).status).toBe(200)
    host.send(linesOf(voters.slice(10, 20), [1]))
    await host.answered(20)

    await countedAs(path, [20, 0, 0])
    for (const partition of [0, 1]) await system.adapters.door.remove(partition, id)
    host.send(linesOf(voters.slice(0, 30), [1]) + linesOf(voters.slice(0, 1), [2]))
    host.send(`${JSON.stringify({ voter: 'late', option_id: 1, key: 'k' })}\n`)
    await host.answered(52)
    await countedAs(path, [31, 0, 0])

    expect((await call('POST', `${path}/close`, { bearer })).status).toBe(200)
    host.send(linesOf(voters.slice(25), [1]) + `${JSON.stringify({ voter: 'late', option_id: 1, key: 'k' })}\n`)
    host.end()
    await host.finished()
    expect([host.status(), host.over()]).toEqual([200, 'whole'])
    const codes = host.answers().map(({ code, status }) => code ?? status)
    expect(codes).toEqual([
      ...Array(50).fill('accepted'),
      'already_voted',
      'accepted',
      ...Array(15).fill('poll_closed'),
      'accepted',
    ])
    expect(host.answers().slice(20, 40)).toEqual(host.answers().slice(0, 20))
    await waitUntil(async () => (await call('GET', path)).body.results_final)
    await countedAs(path, [31, 0, 0])
  })

  test('are answered line by line while the host still sends', async () => {
    const { id } = await makePoll()
    const host = await openBulk(system.url, id)
    await waitUntil(() => host.status() === 200, { what: 'the answer has begun before any line came' })
    for (let n = 1; n <= 5; n += 1) {
      const line = linesOf(someVoters(1), [1])
      host.send(line.slice(0, 9))
      host.send(line.slice(9))
      await host.answered(n)
    }
    host.end()
    await host.finished()
    expect(host.over()).toBe('whole')
  })

  test('of a host whose connection breaks count where they were answered, and all of them once when it sends all again', async () => {
    const { id, path, bulk } = await makePoll()
    const lines = linesOf(someVoters(20_000), [1, 2])
    const host = await openBulk(system.url, id)
    host.send(lines)
    await host.answered(100)
    host.drop()
    await host.finished()
    const answered = host.answers().length
    expect(new Set(host.answers().map(({ status }) => status))).toEqual(new Set(['accepted']))
    await waitUntil(async () => (await call('GET', path)).body.total_votes >= answered, {
      withinMs: 20_000,
      what: 'what was answered counts',
    })
    const again = await bring(bulk, lines)
    expect(new Set(codesOf(again))).toEqual(new Set(['accepted']))
    expect(again.slice(0, answered)).toEqual(host.answers())
    await countedAs(path, [10_000, 10_000, 0])
  })

  test('that were cut in the middle of the last line are one vote less', async () => {
    const { id, path } = await makePoll()
    const host = await openBulk(system.url, id)
    host.send(linesOf(someVoters(1), [1]) + linesOf(someVoters(1), [1]).slice(0, -1))
    await host.answered(1)
    host.drop()
    await host.finished()
    await waitUntil(async () => (await counts(path))[0] === 1)
    // By the answer to a later request what was to come of the first has come.
    await bring(`${path}/votes/bulk`, linesOf(someVoters(1), [2]))
    await countedAs(path, [1, 1, 0])
  })
})

test('an api that stops answers what it has read, and is not held up by a host that sends on', async () => {
  // A tenth of it is longer than this test may take.
  const system = await startSystem('postgres', { SHUTDOWN_TIMEOUT_MS: '40000' })
  const made = await fetch(`${system.url}/polls`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"question":"Q","options":["a","b"]}',
  })
  // What the documented answer holds.
  const { id } = (await made.json()) as { id: string }
  const host = await openBulk(system.url, id)
  host.send(linesOf(someVoters(20), [1]))
  await host.answered(20)
  const steady = setInterval(() => host.send(linesOf(someVoters(1), [1])), 20)
  const began = performance.now()
  await system.stop()
  clearInterval(steady)
  await host.finished()
  expect([host.over(), new Set(host.answers().map(({ status }) => status))]).toEqual(['cut', new Set(['accepted'])])
  // Without a word to the host it would be cut off after half of the time.
  expect(performance.now() - began).toBeLessThan(15_000)
})
