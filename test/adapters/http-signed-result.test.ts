import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto'
import { calculateJwkThumbprint } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { canonicalJson } from '../../src/application/canonical-json.ts'
import { createResultKeys, readResultKeys, type ResultKey } from '../../src/application/result-keys.ts'
import { isNotValid, readSignedResult, verifySignedResult } from '../../src/application/verify-result.ts'
import { linesOf, someVoters } from '../support/bulk-host.ts'
import { type ExportServer, startExportServer } from '../support/export-server.ts'
import { createHttpClient, type HttpClient } from '../support/http-client.ts'
import { lockVotes } from '../support/lock-votes.ts'
import { createCheckedClient } from '../support/openapi-document.ts'
import { verifyAsDocumented } from '../support/openssl-lines.ts'
import { adminToken, type Profile, type RunningSystem, startSystem } from '../support/running-system.ts'
import { digestInSql } from '../support/some-result.ts'
import { waitUntil } from '../support/wait-until.ts'

/** A key that an operator has made, and one that had signed before it. */
const [given, earlier] = [generateKeyPairSync('ed25519'), generateKeyPairSync('ed25519')]
const pemOf = { private: { format: 'pem', type: 'pkcs8' }, public: { format: 'pem', type: 'spki' } } as const
const environments = {
  redis: {},
  postgres: {
    PUBLIC_URL: 'https://polls.example.org/',
    RESULT_SIGNING_KEY: given.privateKey.export(pemOf.private).replaceAll('\n', '\\n'),
    RESULT_PUBLIC_KEYS: earlier.publicKey.export(pemOf.public),
  },
} as const satisfies Record<Profile, Record<string, string>>
const issuers = { redis: null, postgres: 'https://polls.example.org' } as const satisfies Record<Profile, string | null>

/** All that could be written in two ways, or end a text before its time. */
const hardTexts = [
  'é\u2028\u2029\u007f\u0085\ufeff\u{1f375}',
  '"},"signature":{"key_id":"x","value":"y"}}',
  '{"result":\\u0041\\n\\',
  '\u0001\b\t\n\f\r\u001f/<>&',
]

/** Some have none of a poll's few votes, and no count that could be raised. */
const ofOnePartition = 'partition = (select min(partition) from tally where poll_id = $1 and total_votes > 0)'

describe.each<Profile>(['redis', 'postgres'])('a signed result, on %s', (profile) => {
  let system: RunningSystem
  let call: HttpClient
  let keys: readonly ResultKey[]
  const disagreements: string[] = []

  beforeAll(async () => {
    system = await startSystem(profile, { EXPORTS_MAX: '1', ...environments[profile] })
    call = await createCheckedClient(system.url, disagreements)
    keys = readResultKeys((await call('GET', '/.well-known/tallycast/result-keys.json')).text)
  })
  beforeEach(() => {
    system.logged.splice(0)
  })
  afterAll(async () => {
    await system.stop()
  })

  async function makePoll(more: object = {}) {
    const json = { question: 'Tea or coffee?', options: ['Tea', 'Coffee'], ...more }
    const { status, body } = await call('POST', '/polls', { json })
    expect(status).toBe(201)
    const path = `/polls/${body.id}`
    return { id: String(body.id), path, signed: `${path}/results/signed`, bearer: String(body.manage_token) }
  }

  async function vote(path: string, votes: number, optionIds: readonly number[]): Promise<void> {
    const headers = { 'content-type': 'application/x-ndjson' }
    const raw = linesOf(someVoters(votes), optionIds)
    expect((await call('POST', `${path}/votes/bulk`, { raw, headers, bearer: adminToken })).status).toBe(200)
  }

  async function close({ path }: { readonly path: string }): Promise<void> {
    expect((await call('POST', `${path}/close`, { bearer: adminToken })).status).toBe(200)
    await waitUntil(async () => (await call('GET', path)).body.results_final === true)
  }

  async function makeFinal(more: object = {}, votes = 5, optionIds: readonly number[] = [1, 2, 2]) {
    const poll = await makePoll(more)
    await vote(poll.path, votes, optionIds)
    await close(poll)
    return poll
  }

  /** Another api beside, with places and memory of its own. */
  async function startOther(signing: Parameters<typeof startExportServer>[2] = {}): Promise<ExportServer> {
    const limits = { exportsMax: 1, durationMsMax: 10_000, pieceMsMax: 10_000 }
    const resultKeys = ownKeys(profile, await system.adapters.secrets.read())
    return startExportServer(system, limits, { issuer: issuers[profile], resultKeys, ...signing })
  }

  /** Whose key has signed this text: its id, or why nobody's has. */
  function judge(text: string, trusted = keys): string {
    const signed = readSignedResult(Buffer.from(text))
    if (isNotValid(signed)) return signed.why
    const verdict = verifySignedResult(signed, trusted)
    return isNotValid(verdict) ? verdict.why : verdict.id
  }

  test('is what the poll and its ledger say, signed with the key that is published', async () => {
    const poll = await makePoll({
      description: 'At breakfast',
      allow_vote_change: true,
      type: 'multiple',
      max_choices: 2,
    })
    await vote(poll.path, 4, [1, 2])
    // One who chooses both, and one who takes the vote back: it counts nowhere.
    const both = await call('POST', `${poll.path}/vote`, { json: { option_ids: [1, 2] } })
    const gone = await call('POST', `${poll.path}/vote`, { json: { option_ids: [2] } })
    await call('DELETE', `${poll.path}/vote`, { voterToken: gone.body.voter_token })
    expect([both.status, gone.status]).toEqual([202, 202])
    await close(poll)

    const { status, headers, text, body } = await call('GET', poll.signed)
    const known = (await call('GET', poll.path)).body
    expect([status, headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8'])
    expect(body.result).toEqual({
      format: 'tallycast.result.v1',
      issuer: issuers[profile],
      poll_id: poll.id,
      question: 'Tea or coffee?',
      description: 'At breakfast',
      type: 'multiple',
      options: [
        { id: 1, text: 'Tea', votes: 3 },
        { id: 2, text: 'Coffee', votes: 3 },
      ],
      min_choices: 1,
      max_choices: 2,
      voter_identity: 'session',
      allow_vote_change: true,
      opened_at: known.opened_at,
      closed_at: known.closed_at,
      edited_at: null,
      round: 1,
      revision: known.revision,
      version: known.version,
      total_votes: 5,
      ledger: { algorithm: 'sha-256', votes: 5, digest: await digestInSql(system.database.pool, poll.id) },
    })
    expect(text).toBe(canonicalJson(body))

    const [first] = (await call('GET', '/.well-known/tallycast/result-keys.json')).body.keys
    const pem = (await call('GET', `/.well-known/tallycast/result-keys/${first.kid}`)).text
    const key = createPublicKey(pem)
    expect(body.signature).toMatchObject({ algorithm: 'Ed25519', key_id: await calculateJwkThumbprint(first) })
    expect(key.equals(createPublicKey({ key: first, format: 'jwk' }))).toBe(true)
    const signature = Buffer.from(body.signature.value, 'base64')
    expect(verify(null, Buffer.from(canonicalJson(body.result)), key, signature)).toBe(true)
    expect(disagreements).toEqual([])
  })

  test('is verified by openssl, with the lines of docs/operations.md, whatever texts stand in it', async () => {
    const poll = await makeFinal({ question: hardTexts.join(''), description: '', options: hardTexts })
    const { text, body } = await call('GET', poll.signed)
    expect(body.result.options.map((option: { readonly text: string }) => option.text)).toEqual(hardTexts)
    const { text: pem } = await call('GET', `/.well-known/tallycast/result-keys/${body.signature.key_id}`)
    const signed = canonicalJson(body.result)
    const good = { exitCode: 0, output: expect.stringContaining('Signature Verified Successfully'), signed }
    expect(await verifyAsDocumented(text, pem)).toEqual(good)
    // As an editor saves it.
    expect(await verifyAsDocumented(`${text}\n`, pem)).toEqual(good)
    const bad = { exitCode: 1, output: expect.stringContaining('Signature Verification Failure') }
    expect(await verifyAsDocumented(text.replace(/"votes":\d/, '"votes":9'), pem)).toMatchObject(bad)
    const other = generateKeyPairSync('ed25519').publicKey.export(pemOf.public)
    expect(await verifyAsDocumented(text, other)).toMatchObject(bad)
    expect(judge(text)).toBe(body.signature.key_id)
  })

  test('is the same to the byte however often and whomever it is asked of, and asked for once more only when it has changed', async () => {
    const poll = await makeFinal()
    const asked = await Promise.all(Array.from({ length: 20 }, () => call('GET', poll.signed)))
    const [{ status, text, headers }] = asked as [(typeof asked)[number]]
    expect(new Set(asked.map((answer) => `${answer.status} ${answer.text}`)).size).toBe(1)
    expect([status, headers.get('cache-control')]).toEqual([200, 'public, max-age=1'])
    const etag = headers.get('etag') ?? ''
    const again = await call('GET', poll.signed, { headers: { 'if-none-match': etag } })
    expect([again.status, again.text, again.headers.get('etag')]).toEqual([304, '', etag])
    const head = await call('HEAD', poll.signed)
    expect([head.status, head.text, head.headers.get('etag')]).toEqual([200, '', etag])
    const other = await startOther()
    expect((await createHttpClient(other.url)('GET', poll.signed)).text).toBe(text)
    await other.stop()
    // The one thing that may still be edited, and then the definition is another.
    await call('PATCH', poll.path, { json: { results_visibility: 'after_close' }, bearer: poll.bearer })
    await waitUntil(async () => (await call('GET', poll.path)).body.results_visibility === 'after_close')
    const edited = await call('GET', poll.signed, { headers: { 'if-none-match': etag } })
    const { result } = JSON.parse(text)
    expect(edited.body.result).toEqual({ ...result, revision: result.revision + 1, version: result.version + 1 })
    expect([judge(text), judge(edited.text)]).toEqual([keys[0]?.id, keys[0]?.id])
  })

  test('is not there before the result is final, and says so', async () => {
    const poll = await makePoll({ draft: true })
    const refused = async () => {
      const { status, body, headers } = await call('GET', poll.signed)
      return [status, body.code, headers.get('cache-control')]
    }
    expect(await refused()).toEqual([409, 'poll_not_final', 'no-store'])
    await call('POST', `${poll.path}/open`, { bearer: poll.bearer })
    expect(await refused()).toEqual([409, 'poll_not_final', 'no-store'])
    const unknown = await call('GET', '/polls/Unknown_poll/results/signed')
    expect([unknown.status, unknown.body.code]).toEqual([404, 'poll_not_found'])
    await close(poll)
    const empty = await call('GET', poll.signed)
    expect(empty.body.result.ledger).toEqual({
      algorithm: 'sha-256',
      votes: 0,
      // Of nothing at all.
      digest: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    })
    expect(disagreements).toEqual([])
  })

  test('stays good when its poll is reset, and deleted; the new round has none of its own yet', async () => {
    const poll = await makeFinal()
    const first = await call('GET', poll.signed)
    await call('POST', `${poll.path}/reset`, { bearer: poll.bearer })
    await waitUntil(async () => (await call('GET', poll.path)).body.round === 2)
    expect((await call('GET', poll.signed)).body.code).toBe('poll_not_final')
    await call('POST', `${poll.path}/open`, { bearer: poll.bearer })
    await vote(poll.path, 2, [1])
    await close(poll)
    const second = await call('GET', poll.signed)
    expect([second.body.result.round, second.body.result.total_votes]).toEqual([2, 2])
    expect(second.body.result.ledger.digest).toBe(await digestInSql(system.database.pool, poll.id, 2))
    expect(first.body.result.ledger.digest).toBe(await digestInSql(system.database.pool, poll.id, 1))
    await call('DELETE', poll.path, { bearer: poll.bearer })
    await waitUntil(async () => (await call('GET', poll.signed)).body.code === 'poll_not_found')
    expect([judge(first.text), judge(second.text)]).toEqual([keys[0]?.id, keys[0]?.id])
  })

  test.each(['always', 'after_vote', 'after_close'])(
    'of a poll that shows its results %s is for everybody once it is final',
    async (visibility) => {
      const { status, headers, text } = await call('GET', (await makeFinal({ results_visibility: visibility })).signed)
      expect([status, headers.get('cache-control'), judge(text)]).toEqual([200, 'public, max-age=1', keys[0]?.id])
    },
  )

  test("of a poll that shows results to nobody is its organiser's alone, and tells others nothing", async () => {
    const never = { results_visibility: 'never', voter_visibility: 'public' }
    const twins = [await makeFinal(never, 5, [1]), await makeFinal(never, 9, [2])]
    const voterToken = (await call('POST', '/session')).body.voter_token
    const answersOf = async (one: (typeof twins)[number]): Promise<readonly unknown[]> => {
      const answers = []
      for (const say of [{}, { voterToken }, { headers: { 'if-none-match': '*' } }]) {
        const { status, headers, text } = await call('GET', one.signed, say)
        const { date: _date, 'x-request-id': id = '', ...lasting } = Object.fromEntries(headers)
        answers.push([status, lasting, text.replaceAll(id, '')])
      }
      return answers
    }
    const before = await answersOf(twins[0]!) // two were made
    expect(before.map((answer) => (answer as readonly unknown[])[0])).toEqual([403, 403, 403])
    for (const { signed, bearer } of twins) {
      for (const shown of [bearer, adminToken]) {
        const { status, headers, text } = await call('GET', signed, { bearer: shown })
        expect([status, headers.get('cache-control'), judge(text)]).toEqual([200, 'private, no-store', keys[0]?.id])
      }
    }
    // Also when it lies in memory.
    for (const twin of twins) expect(await answersOf(twin)).toEqual(before)
    const foreign = await call('GET', twins[0]!.signed, { bearer: twins[1]!.bearer })
    expect([foreign.status, foreign.body.code]).toEqual([403, 'forbidden'])
    expect(disagreements).toEqual([])
  })

  test.each([
    ['a vote was changed', "update vote set selection = '{1}' where selection = '{2}'"],
    ['a vote was taken away', "delete from vote where selection = '{1}'"],
    ['a vote was emptied', "update vote set selection = '{}' where selection = '{1}'"],
    [
      'a vote was made up for an option that does not exist',
      "update vote set selection = '{1,7}' where selection = '{1}'",
    ],
    ['a count was raised', `update tally set counts[1] = counts[1] + 1 where ${ofOnePartition}`],
    ['the number of votes was raised', `update tally set total_votes = total_votes + 1 where ${ofOnePartition}`],
  ])('is not signed while tally and ledger differ: %s', async (_what, tampering) => {
    const poll = await makeFinal()
    await system.database.pool.query(`create table kept_vote as select * from vote where poll_id = '${poll.id}'`)
    await system.database.pool.query(`create table kept_tally as select * from tally where poll_id = '${poll.id}'`)
    const { rowCount } = await system.database.pool.query(`${tampering} and poll_id = $1`, [poll.id])
    expect(rowCount).toBeGreaterThan(0)
    const refused = await call('GET', poll.signed)
    expect([refused.status, refused.body.code, refused.text.includes('Tea')]).toEqual([500, 'internal', false])
    const told = system.logged.filter((line) => line.includes(`nothing is signed of poll ${poll.id}`))
    expect(told).toEqual([expect.stringContaining('tally and ledger differ')])
    for (const table of ['vote', 'tally']) {
      await system.database.pool.query(`delete from ${table} where poll_id = '${poll.id}'`)
      await system.database.pool.query(`insert into ${table} select * from kept_${table}`)
      await system.database.pool.query(`drop table kept_${table}`)
    }
    // Mended, it is signed.
    const other = await startOther()
    expect(judge((await createHttpClient(other.url)('GET', poll.signed)).text)).toBe(keys[0]?.id)
    await other.stop()
  })

  test('whose ledger differs is not read again for a while, and then it is', async () => {
    const poll = await makeFinal()
    const change = async (by: number) =>
      system.database.pool.query(
        `update tally set total_votes = total_votes + $2 where poll_id = $1 and ${ofOnePartition}`,
        [poll.id, by],
      )
    const other = await startOther({ waitMsMax: 5_000, faultKeptMs: 8_000 })
    const ask = async () => createHttpClient(other.url)('GET', poll.signed)
    await change(1)
    expect((await ask()).status).toBe(500)
    await lockVotes(system.database.pool, async () => {
      expect([(await ask()).status, (await ask()).status]).toEqual([500, 500])
    })
    await change(-1)
    expect((await ask()).status).toBe(500)
    await waitUntil(async () => (await ask()).status === 200, { withinMs: 20_000 })
    await other.stop()
  })

  test('is made in places of its own, which keep nobody from exports; where they are taken it is put off, and what is in memory is not', async () => {
    const kept = await makeFinal()
    await call('GET', kept.signed)
    const fresh = [await makeFinal(), await makeFinal(), await makeFinal()]
    const exported = await makeFinal({ voter_visibility: 'public' })
    const waiting = await lockVotes(system.database.pool, async () => {
      const held = async (): Promise<number | null> => {
        const { rowCount } = await system.database.pool.query(
          `select from pg_stat_activity where application_name = 'tallycast snapshots' and wait_event = 'relation'
           and datname = current_database()`,
        )
        return rowCount
      }
      const signing = fresh.slice(0, 2).map(async ({ signed }) => call('GET', signed))
      await waitUntil(async () => (await held()) === 2)
      const exporting = call('GET', `${exported.path}/export.csv?part=votes`)
      await waitUntil(async () => (await held()) === 3)
      const refused = await call('GET', fresh[2]!.signed) // three were made
      expect([refused.status, refused.body.code, refused.headers.get('retry-after')]).toEqual([503, 'overloaded', '5'])
      expect(refused.body.detail).toContain('Too many results are being signed')
      expect((await call('GET', `${exported.path}/export.json`)).body.detail).toContain('Too many exports')
      expect((await call('GET', kept.signed)).status).toBe(200)
      return [...signing, exporting]
    })
    const answers = await Promise.all(waiting)
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    await waitUntil(async () => (await call('GET', fresh[2]!.signed)).status === 200)
    expect(disagreements).toEqual([])
  })

  test('is forgotten when nobody has asked for the longest time, and not for those that were refused', async () => {
    const [asked, unasked, third] = [await makeFinal(), await makeFinal(), await makeFinal()]
    const refused = [await makeFinal(), await makeFinal(), await makeFinal()]
    const small = await startOther({ waitMsMax: 4_000, keptMax: 2 })
    const statusOf = async ({ signed }: typeof asked) => (await createHttpClient(small.url)('GET', signed)).status
    for (const poll of [asked, unasked, asked, third]) expect(await statusOf(poll)).toBe(200)
    await lockVotes(system.database.pool, async () => {
      // It has the one place, and all others are refused.
      for (const poll of [unasked, ...refused]) expect(await statusOf(poll)).toBe(503)
      expect([await statusOf(asked), await statusOf(third)]).toEqual([200, 200])
    })
    await small.stop()
  })

  test('that takes longer than one should wait is made all the same, for whoever comes back; so many are in memory', async () => {
    const [first, second] = [await makeFinal(), await makeFinal()]
    const small = await startOther({ waitMsMax: 100, keptMax: 1 })
    const ask = async ({ signed }: typeof first) => createHttpClient(small.url)('GET', signed)
    const isSigned = async (poll: typeof first): Promise<boolean> => (await ask(poll)).status === 200
    await waitUntil(async () => isSigned(first))
    await waitUntil(async () => isSigned(second))
    await lockVotes(system.database.pool, async () => {
      expect(await isSigned(second)).toBe(true)
      // Two who ask wait for one reading, or the second would have no place.
      for (let times = 0; times < 2; times += 1) {
        const late = await ask(first)
        expect([late.status, late.body.code, late.headers.get('retry-after')]).toEqual([503, 'unavailable', '5'])
      }
    })
    await waitUntil(async () => isSigned(first))
    await small.stop()
  })

  test('goes on being good by the earlier key when the key is replaced', async () => {
    const poll = await makeFinal()
    const first = await call('GET', poll.signed)
    const before = keys[0]! // it has just signed
    const resultKeys = createResultKeys(Buffer.alloc(32, 7), [before.key])
    const replaced = await startOther({ resultKeys })
    const callReplaced = createHttpClient(replaced.url)
    const published = readResultKeys((await callReplaced('GET', '/.well-known/tallycast/result-keys.json')).text)
    const second = await callReplaced('GET', poll.signed)
    expect(published.map(({ id }) => id)).toEqual([resultKeys.published[0].id, before.id])
    expect([judge(first.text, published), judge(second.text, published)]).toEqual([before.id, published[0]?.id])
    expect(second.body.result.ledger).toEqual(first.body.result.ledger)
    expect((await callReplaced('GET', `/.well-known/tallycast/result-keys/${before.id}`)).text).toBe(before.pem)
    // Where the earlier one was stolen, it is published no more.
    expect(judge(first.text, published.slice(0, 1))).toContain('names a key that is not among these')
    await replaced.stop()
  })

  test('has its keys where everybody can read them, also a page of another origin', async () => {
    const { status, headers, body } = await call('GET', '/.well-known/tallycast/result-keys.json')
    expect([status, headers.get('access-control-allow-origin')]).toEqual([200, '*'])
    expect(headers.get('cache-control')).toBe('public, max-age=300')
    expect(body.keys).toHaveLength(profile === 'redis' ? 1 : 2)
    for (const { kid, ...key } of body.keys) {
      expect(key).toEqual({ kty: 'OKP', crv: 'Ed25519', x: expect.any(String), use: 'sig', alg: 'EdDSA' })
      const pem = await call('GET', `/.well-known/tallycast/result-keys/${kid}`)
      expect([pem.status, pem.headers.get('content-type')]).toEqual([200, 'application/x-pem-file'])
      expect(createPublicKey(pem.text).equals(createPublicKey({ key, format: 'jwk' }))).toBe(true)
    }
    if (profile === 'postgres') {
      expect(keys[0]?.key.equals(given.publicKey)).toBe(true)
      expect(keys[1]?.key.equals(earlier.publicKey)).toBe(true)
    }
    const unknown = await call('GET', '/.well-known/tallycast/result-keys/unknown')
    expect([unknown.status, unknown.body.code]).toEqual([404, 'key_not_found'])
    expect(disagreements).toEqual([])
  })
})

/** The keys that the system signs with in this profile, put together anew. */
function ownKeys(profile: Profile, { resultSigning }: { readonly resultSigning: Uint8Array }) {
  return profile === 'redis'
    ? createResultKeys(resultSigning, [])
    : createResultKeys(given.privateKey.export(pemOf.private), [])
}
