import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createPollStore } from '../../src/adapters/postgres/poll-store.ts'
import { RESULT_KEYS_PATH } from '../../src/application/result-keys.ts'
import { readVerifyOptions } from '../../src/main/verify-options.ts'
import type { Poll } from '../../src/domain/poll.ts'
import { findFreePort } from '../../src/runtime/free-port.ts'
import { runCommand } from '../../src/runtime/run-command.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { runProgram } from '../support/run-program.ts'
import { somePoll } from '../support/some-poll.ts'
import { digestInSql, signSomeResult, someKey } from '../support/some-result.ts'
import { createLedgerOwner, emptyLedger, type LedgerOwner, voteAt, voterNumber } from '../support/some-votes.ts'

const [keys, others] = [someKey(1), someKey(2)]
const jwksOf = ({ published }: typeof keys): string => JSON.stringify({ keys: published.map(({ jwk }) => jwk) })

let folder: string
const servers: Server[] = []
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tallycast-verify-'))
})
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections()
})
afterAll(() => rm(folder, { recursive: true }))

async function write(name: string, text: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, text)
  return path
}

/** Somebody who answers on this machine. */
async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // A server that listens on an address has one of this form.
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const serveKeys = async (published = jwksOf(keys)): Promise<string> =>
  serve(({ url }, response) => {
    response.statusCode = url === RESULT_KEYS_PATH ? 200 : 404
    response.end(published)
  })

const runVerify = async (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  runProgram('verify', args, env)

const good = signSomeResult(keys)

describe('npm run verify', () => {
  test('says VALID or NOT VALID in plain words, by which key and of what, with the exit status', async () => {
    const result = await write('good.json', JSON.stringify(good, null, 2))
    const more = { ...good.result, total_votes: 9_999 }
    const changed = await write('changed.json', JSON.stringify({ ...good, result: more }))
    const none = await write('none.json', '{"result":{}}')
    const pem = await write('key.pem', keys.published[0].pem)
    const jwks = await write('keys.json', jwksOf(keys))
    const wrong = await write('wrong.pem', others.published[0].pem)
    const [byPem, byJwks, ofChanged, byWrong, ofNone] = await Promise.all([
      runVerify([result, '--key', pem]),
      runVerify([result, '--key', jwks]),
      runVerify([changed, '--key', pem]),
      runVerify([result, '--key', wrong]),
      runVerify([none, '--key', pem]),
    ])
    console.log(byPem.output, ofChanged.output, byWrong.output)
    expect(byPem.exitCode).toBe(0)
    expect(byPem.output).toContain(`VALID: signed with key ${keys.published[0].id} of the file ${pem}\n`)
    expect(byPem.output).toMatch(
      /^Tea or coffee\?.*\n\n +2 {2}Tea\n +1,200 {2}Coffee\n\n1,202 votes, poll Zk3vQ8mT1xY5, round 1, closed 2030-01-31T19:00:00.000Z\n$/m,
    )
    expect(byJwks).toMatchObject({ exitCode: 0, output: expect.stringMatching(/^VALID: /) })
    expect(ofChanged.exitCode).toBe(1)
    expect(ofChanged.output).toMatch(/^NOT VALID: the signature does not belong to this result/)
    expect(ofChanged.output).not.toMatch(/9,999|Tea/)
    expect(byWrong).toMatchObject({
      exitCode: 1,
      output: expect.stringMatching(/^NOT VALID: it names a key that is not/),
    })
    expect(ofNone).toMatchObject({ exitCode: 1, output: expect.stringMatching(/^NOT VALID: it is no signed result/) })
  })

  test('shows nothing of a text that would make a terminal show something else', async () => {
    const question = 'Tea?\u001B[2J\u001B[1;1HVALID: \u202Eeerht\u2028\r'
    const result = await write('escapes.json', JSON.stringify(signSomeResult(keys, { question })))
    const { exitCode, output } = await runVerify([result, '--key', await write('key.pem', keys.published[0].pem)])
    expect(exitCode).toBe(0)
    expect(output).toContain('Tea?\u{fffd}[2J\u{fffd}[1;1HVALID: \u{fffd}eerht\u{fffd}\u{fffd}\n')
  })

  test('takes the keys of an address that is named, and of the one that the result names only by https or on this machine', async () => {
    const url = await serveKeys()
    const port = new URL(url).port
    const elsewhere = await serve((_request, response) =>
      response.writeHead(302, { location: `${url}${RESULT_KEYS_PATH}` }).end(),
    )
    const [longest, tooLong] = await Promise.all(
      [64 * 1024, 64 * 1024 + 1].map((length) => serveKeys(jwksOf(keys).padEnd(length))),
    )
    const named = async (name: string, issuer: string | null) =>
      write(name, JSON.stringify(signSomeResult(keys, { issuer })))
    const result = await named('https.json', 'https://polls.example.org')
    const [byUrl, byOther, byRedirect, byLongest, byTooLong, byNobody, here, plain, tricked, nowhere] =
      await Promise.all([
        runVerify([result, '--url', `${url}/`]),
        runVerify([result, '--url', await serveKeys(jwksOf(others))]),
        runVerify([result, '--url', elsewhere]),
        runVerify([result, '--url', longest ?? '']),
        runVerify([result, '--url', tooLong ?? '']),
        runVerify([result, '--url', `http://127.0.0.1:${await findFreePort()}`]),
        runVerify([await named('here.json', `http://localhost:${port}`)]),
        runVerify([await named('plain.json', 'http://polls.example.org')]),
        runVerify([await named('tricked.json', `http://localhost:${port}/?u=`)]),
        runVerify([await named('nowhere.json', null)]),
      ])
    expect(byUrl).toMatchObject({ exitCode: 0, output: expect.stringContaining(`of the Tallycast at ${url}\n`) })
    expect(byLongest.exitCode).toBe(0)
    expect(byOther).toMatchObject({
      exitCode: 1,
      output: expect.stringMatching(/^NOT VALID: it names a key that is not/),
    })
    expect(here).toMatchObject({
      exitCode: 0,
      output: expect.stringContaining(
        `of the service that the document itself names, so see that it is the one you trust: http://localhost:${port}\n`,
      ),
    })
    for (const [ended, why] of [
      [byRedirect, 'cannot be read'],
      [byTooLong, 'longer than 65536 bytes'],
      [byNobody, 'cannot be read'],
      [plain, 'not reached by https'],
      [tricked, 'not reached by https'],
      [nowhere, 'it names no service'],
    ] as const) {
      expect(ended).toMatchObject({ exitCode: 2, output: expect.stringContaining(why) })
      expect(ended.output).toMatch(/It could not be checked:[^]+What to do: .*--key/)
      expect(ended.output).not.toMatch(/VALID|    at /)
    }
  })

  test('says what is wrong with files that are not there, too large, or hold no key, with exit status 2', async () => {
    const text = JSON.stringify(good)
    const result = await write('good.json', text)
    const [longest, tooLong] = await Promise.all(
      [1024 * 1024, 1024 * 1024 + 1].map((length) =>
        write(`${length}.json`, `${text}${' '.repeat(length - Buffer.byteLength(text))}`),
      ),
    )
    const pem = await write('key.pem', keys.published[0].pem)
    expect((await runVerify([longest ?? '', '--key', pem])).exitCode).toBe(0)
    const cases = await Promise.all([
      runVerify([join(folder, 'missing.json'), '--key', result]),
      runVerify([tooLong ?? '', '--key', pem]),
      runVerify([result, '--key', folder]),
      runVerify([result, '--key', result]),
      runVerify([]),
    ])
    const said = [
      'missing.json cannot be read',
      'is larger than 1048576 bytes',
      'cannot be read',
      'no public Ed25519 key',
      'Name one file.',
    ]
    for (const [index, { exitCode, output }] of cases.entries()) {
      expect([exitCode, output]).toEqual([2, expect.stringContaining(said[index] ?? '')])
      expect(output).not.toMatch(/VALID|    at /)
    }
  })

  test('needs no package: it runs where there are none', async () => {
    const bare = join(folder, 'bare')
    const root = fileURLToPath(new URL('../../', import.meta.url))
    for (const part of ['src', 'contract', 'package.json'])
      await cp(join(root, part), join(bare, part), { recursive: true })
    const args = [
      await write('good.json', JSON.stringify(good)),
      '--key',
      await write('key.pem', keys.published[0].pem),
    ]
    const verify = join(bare, 'src/main/verify.ts')
    const { exitCode, output } = await runCommand(process.execPath, [verify, ...args], {
      withinMs: 20_000,
      cwd: bare,
      env: {},
    })
    expect([exitCode, output]).toEqual([0, expect.stringMatching(/^VALID: /)])
  })
})

describe('npm run verify -- --ledger', () => {
  let database: TestDatabase
  let owner: LedgerOwner
  let poll: Poll
  let result: string
  let key: string

  beforeAll(async () => {
    database = await createTestDatabase()
    key = await write('key.pem', keys.published[0].pem)
  })
  afterAll(() => database.drop())
  beforeEach(async () => {
    await emptyLedger(database.pool)
    poll = somePoll({ status: 'closed' })
    await createPollStore(database.pool).create(poll)
    owner = await createLedgerOwner(database.pool, 0)
    const votes = [1, 2, 3].map((voter) =>
      voteAt(voter, { pollId: poll.id, voter: voterNumber(voter), selection: [voter] }),
    )
    await owner.record(3, { votes })
    const digest = await digestInSql(database.pool, poll.id)
    const ledger = { algorithm: 'sha-256', votes: 3, digest } as const
    result = await write(
      'ledger.json',
      JSON.stringify(signSomeResult(keys, { poll_id: poll.id, total_votes: 3, ledger })),
    )
  })

  const compare = async () => runVerify([result, '--key', key, '--ledger'], { DATABASE_URL: database.databaseUrl })

  test('says that the ledger holds what was signed, also when a new round has begun and when the poll was deleted', async () => {
    const store = createPollStore(database.pool)
    await store.save({ ...poll, status: 'open', round: 2, revision: 2 }, 1)
    await owner.record(9, { votes: [voteAt(9, { pollId: poll.id, round: 2, voter: voterNumber(1), selection: [2] })] })
    const reset = await compare()
    expect(reset).toMatchObject({ exitCode: 0, output: expect.stringMatching(/^VALID: /) })
    expect(reset.output).toContain('The ledger holds the same 3 votes, each as it was signed.')
    await store.save({ ...poll, status: 'deleted', round: 2, revision: 3 }, 2)
    expect(await compare()).toMatchObject({ exitCode: 0, output: expect.stringContaining('holds the same 3 votes') })
  })

  test.each([
    // Two who change places: the counts stay as they are.
    [
      'update vote set selection = array[3 - selection[1]] where selection[1] < 3',
      '3 votes as well, not all of them the same',
    ],
    ["update vote set selection = '{}' where selection = '{3}'", 'it holds 2 votes where 3 were signed'],
    ['delete from poll_option; delete from poll', 'it does not know this poll'],
  ])('says which votes the ledger holds that were not signed: %s', async (tampering, said) => {
    await database.pool.query(tampering)
    const { exitCode, output } = await compare()
    expect(exitCode).toBe(1)
    // Of what was signed nothing has changed.
    expect(output).toMatch(/^VALID: /)
    expect(output).toContain(`The ledger DIFFERS: `)
    expect(output).toContain(said)
  })

  test('says that the ledger could not be read, with exit status 2', async () => {
    const nobody = `postgres://u:p@127.0.0.1:${await findFreePort()}/tallycast`
    const { exitCode, output } = await runVerify([result, '--key', key, '--ledger'], { DATABASE_URL: nobody })
    expect(exitCode).toBe(2)
    expect(output).toMatch(/^VALID: [^]+It could not be checked: PostgreSQL cannot be used/)
  })
})

test.each<[readonly string[], string]>([
  [[], 'Name one file.'],
  [['one', 'two'], 'Name one file.'],
  [['one', '--key', 'a', '--url', 'https://b'], 'not both'],
  [['one', '--url', 'polls.example.org'], 'begins with https:// or http://'],
  [['one', '--url', 'file:///etc/passwd'], 'begins with https:// or http://'],
  [['one', '--keys', 'a'], '--keys'],
  [['one', '--key'], '--key'],
])('with the words %j the command says what is wrong', (args, said) => {
  expect(readVerifyOptions(args)).toEqual(expect.stringContaining(said))
})
