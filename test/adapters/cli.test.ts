import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createClient, type CreatedPoll, type Poll, type TallyMessage } from '../../client/src/index.ts'
import { commandLine, runCommandLine, startCommandLine } from '../support/command-line.ts'
import { findFreePorts } from '../support/free-ports.ts'
import { adminToken, type RunningSystem, startSystem } from '../support/running-system.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'
import { waitUntil } from '../support/wait-until.ts'

let system: RunningSystem
beforeAll(async () => {
  system = await startSystem('postgres')
})
afterAll(() => system.stop())

const tallycast = async (args: readonly string[], environment: Readonly<Record<string, string>> = {}) =>
  runCommandLine(args, { TALLYCAST_URL: system.url, ...environment })
const startWatch = (args: readonly string[], environment: Readonly<Record<string, string>> = {}) =>
  startCommandLine(['watch', ...args], { TALLYCAST_URL: system.url, ...environment })

const createPoll = async (more: object = {}): Promise<CreatedPoll> =>
  createClient({ url: system.url }).create({ question: 'Tea or coffee?', options: ['Tea', 'Coffee'], ...more })
const voteFor = async (pollId: string, option: number): Promise<void> =>
  void (await createClient({ url: system.url }).vote(pollId, option))
/** One line of JSON and nothing else. Casts of it name what the description of the API says. */
const readDocument = (text: string): unknown => {
  expect(text).toMatch(/^[^\n]+\n$/)
  return JSON.parse(text)
}

describe('for programs', () => {
  test('made, voted in, changed, taken back, closed and exported: each answer is one JSON document', async () => {
    const made = await tallycast(['create', 'Tea or coffee?', 'Tea', 'Coffee', '--allow-change', '--json'])
    expect(made).toMatchObject({ exitCode: 0, stderr: '' })
    const poll = readDocument(made.stdout) as CreatedPoll
    expect(poll).toMatchObject({ question: 'Tea or coffee?', status: 'open', allow_vote_change: true })

    const voted = await tallycast(['vote', poll.id, 'coffee', '--json'])
    const { voter_token: voter = '' } = readDocument(voted.stdout) as { readonly voter_token?: string }
    const me = { TALLYCAST_VOTER_TOKEN: voter }
    expect((await tallycast(['vote', poll.id, '--change', '1', '--json'], me)).exitCode).toBe(0)
    expect((await tallycast(['vote', poll.id, '--retract'], me)).exitCode).toBe(0)
    expect((await tallycast(['vote', poll.id, '2'])).exitCode).toBe(0)

    const closed = await tallycast(['close', poll.id, '--json'], { TALLYCAST_MANAGE_TOKEN: poll.manage_token })
    expect(closed).toMatchObject({ exitCode: 0, stderr: '' })
    expect(readDocument(closed.stdout) as Poll).toMatchObject({
      status: 'closed',
      results_final: true,
      total_votes: 1,
      options: [{ votes: 0 }, { votes: 1 }],
    })
    const exported = await tallycast(['export', poll.id, '--json'])
    expect(JSON.parse(exported.stdout)).toMatchObject({ totals: { total_votes: 1 }, votes: null })
  })

  test('a watch tells each update in a line, in the order of versions, and ends with the final one', async () => {
    const { id, manage_token: token } = await createPoll()
    const watch = startWatch([id, '--json'])
    const updates = (): readonly TallyMessage[] =>
      watch
        .stdout()
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as TallyMessage)
    await waitUntil(() => updates().at(-1)?.total_votes === 0, { withinMs: 15_000, what: 'the state comes' })
    await voteFor(id, 1)
    await waitUntil(() => updates().at(-1)?.total_votes === 1, { what: 'the vote comes' })
    await createClient({ url: system.url, token }).close(id)
    expect(await watch.ended()).toBe(0)
    expect(updates().at(-1)).toMatchObject({ status: 'closed', results_final: true, total_votes: 1 })
    const versions = updates().map(({ version }) => version ?? 0)
    expect(versions).toEqual(versions.toSorted((a, b) => a - b))
    expect(watch.stderr()).toBe('')
  })
})

describe('for people', () => {
  test('an option is meant by its text before its number, and by neither where that could be two', async () => {
    const years = await createClient({ url: system.url }).create({ question: 'When?', options: ['2025', '2', '2026'] })
    for (const [word, exitCode] of [
      ['2026', 0],
      ['3', 0],
      ['2', 0],
      ['1', 0],
    ] as const)
      expect([word, (await tallycast(['vote', years.id, word])).exitCode]).toEqual([word, exitCode])
    const counts = async (): Promise<unknown> =>
      (await createClient({ url: system.url }).results(years.id)).options.map(({ votes }) => votes)
    await waitUntil(async () => JSON.stringify(await counts()) === '[1,1,2]')
    const turned = await createClient({ url: system.url }).create({ question: 'Which?', options: ['2', '1'] })
    const refused = await tallycast(['vote', turned.id, '1'])
    expect([refused.exitCode, refused.stderr]).toEqual([
      1,
      expect.stringContaining('"1" is the text of one option and the number of another.'),
    ])
  })

  test('create tells the links, vote its receipt, and close with the manage link the final bars', async () => {
    const made = await tallycast(['create', 'Tea or coffee?', 'Tea', 'Coffee'])
    const [manageLink = '', id = ''] = /http\S+\/p\/(\w+)\/manage#manage=\S+/.exec(made.stdout) ?? []
    expect(made.stdout).toContain(`Vote     ${system.url}/p/${id}\n`)
    const voted = await tallycast(['vote', `${system.url}/p/${id}`, 'Tea'])
    expect(voted.stdout).toMatch(/^The vote is in\. Its receipt is \S+\.\n\n {2}Voter token {2}\S+\n/)
    const closed = await tallycast(['close', manageLink])
    expect(closed.stdout).toMatch(/Tea or coffee\?\n\n {2}Tea +█+ +1 +100\.0 %\n {2}Coffee +0 +0\.0 %\n/)
    expect(closed.stdout).toContain('closed · 1 vote · final')
    expect([made, voted, closed].map(({ stdout }) => stdout).join('')).not.toContain('\u001B')
  })

  test('close waits until the result is final', async () => {
    const poll = { id: 'x', question: 'Tea?', options: [{ id: 1, text: 'Yes', position: 1, votes: 3 }], total_votes: 3 }
    const final = { type: 'tally', ...poll, version: 2, revision: 2, status: 'closed', results_final: true }
    let isFinal = false
    const url = await serve(({ url: path = '' }, response) => {
      if (path === '/polls/x/events') {
        isFinal = true
        response.writeHead(200, { 'content-type': 'text/event-stream' }).end(`data: ${JSON.stringify(final)}\n\n`)
      } else {
        const body = { ...poll, status: isFinal ? 'closed' : 'closing', results_final: isFinal }
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
      }
    })
    const { exitCode, stdout, stderr } = await tallycast(['close', 'x'], { TALLYCAST_URL: url })
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(stdout).toContain('closed · 3 votes · final')
  })

  test('a watch that is not in a terminal has a line for each update, and the texts as they are by then', async () => {
    const { id, manage_token: token } = await createPoll()
    const watch = startWatch([id])
    await waitUntil(() => watch.stdout().includes('open · 0 votes  |  Tea 0, Coffee 0\n'), { withinMs: 15_000 })
    await fetch(`${system.url}/polls/${id}`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({
        options: [
          { id: 1, text: 'Green tea' },
          { id: 2, text: 'Coffee' },
        ],
      }),
    })
    await voteFor(id, 1)
    await waitUntil(() => watch.stdout().includes('open · 1 vote  |  Green tea 1, Coffee 0\n'), { what: watch.stdout })
    watch.signal('SIGINT')
    expect(await watch.ended()).toBe(130)
    expect(watch.stderr()).toBe('')
  })

  test('in a terminal the bars are drawn over, as wide as the window, and without colours where NO_COLOR is set', async () => {
    const { id, manage_token: token } = await createPoll()
    await voteFor(id, 1)
    await waitUntil(async () => (await createClient({ url: system.url }).results(id)).total_votes === 1)
    const inTerminal = (environment: Readonly<Record<string, string>>) =>
      startCommandLine(
        [`stty cols 50 rows 20; ${process.execPath} ${commandLine} watch ${id}`, '/dev/null'],
        {
          TALLYCAST_URL: system.url,
          TERM: 'xterm-256color',
          ...environment,
        },
        ['script', '--quiet', '--return', '--command'],
      )
    const watches = [inTerminal({}), inTerminal({ NO_COLOR: '1' })]
    await Promise.all(watches.map((watch) => waitUntil(() => watch.stdout().includes('1 vote'), { withinMs: 15_000 })))
    await createClient({ url: system.url, token }).close(id)
    for (const watch of watches) {
      expect(await watch.ended()).toBe(0)
      expect(watch.stdout()).toContain('\u001B[7A')
      expect(watch.stdout()).toContain('closed · 1 vote · final')
    }
    const [coloured = '', plain = ''] = watches.map((watch) => watch.stdout())
    expect(coloured).toContain('\u001B[36m')
    expect(plain).not.toContain('\u001B[36m')
    expect(/█+/.exec(plain)?.[0].length).toBe(27)
  })

  test('a connection that is lost is said to be so, and made again', async () => {
    const proxy = await startTcpProxy('127.0.0.1', Number(new URL(system.url).port))
    onTestFinished(() => proxy.stop())
    const { id } = await createPoll()
    const watch = startWatch([id], { TALLYCAST_URL: `http://127.0.0.1:${proxy.port}` })
    await waitUntil(() => watch.stdout().includes('0 votes'), { withinMs: 15_000 })
    proxy.cut()
    await waitUntil(() => watch.stderr().includes('connection lost, trying again'), { what: 'the loss is said' })
    await voteFor(id, 2)
    await waitUntil(() => watch.stdout().includes('Coffee 1'), { withinMs: 15_000, what: 'the vote is shown' })
    expect(watch.stderr()).toBe('tallycast: connection lost, trying again …\ntallycast: connected again\n')
    watch.signal('SIGINT')
    expect(await watch.ended()).toBe(130)
  })

  test('when whoever reads has had enough, that is no error', async () => {
    const { id } = await createPoll()
    const watch = startWatch([id])
    await waitUntil(() => watch.stdout().includes('0 votes'), { withinMs: 15_000 })
    watch.stopReading()
    await voteFor(id, 2)
    expect(await watch.ended()).toBe(0)
    expect(watch.stderr()).toBe('')
  })

  test('every command explains itself, and so does the whole', async () => {
    const names = 'create vote show watch open close export codes reset delete recount keys'.split(' ')
    const helps = await Promise.all([[], ...names.map((name) => [name])].map((name) => tallycast([...name, '--help'])))
    for (const { exitCode, stdout, stderr } of helps) {
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
      expect(stdout).toContain('Exit status: 0')
    }
    const [whole, ...each] = helps.map(({ stdout }) => stdout)
    for (const [index, name] of names.entries()) {
      expect(whole).toContain(`  tallycast ${name} `)
      expect(each[index]).toMatch(new RegExp(`(?:tallycast|npm run) ${name} `))
    }
  })
})

describe('what cannot be done is said in one line, and its kind is the exit code', () => {
  const refusal = (exitCode: number, said: RegExp) => ({
    exitCode,
    stdout: '',
    stderr: expect.stringMatching(new RegExp(`^tallycast: [^\\n]*${said.source}[^\\n]*\\n$`)),
  })

  test('a refusal has its sentence and its code', async () => {
    const { id } = await createPoll()
    const { voter_token: voter = '' } = await createClient({ url: system.url }).vote(id, 1)
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [['vote', id, '9', '--json'], /no option "9"/],
      [['vote', id, 'Cocoa', '--json'], /no option "Cocoa"/],
      [['vote', id, '2', '--voter-token', voter], /\(already_voted\)/],
      [['watch', 'nothere', '--json'], /\(poll_not_found\)/],
      [['export', id, '--votes'], /\(forbidden\)/],
      [['create', 'Tea?', ' ', 'No'], /text that can be seen.* \(invalid_body\)/],
    ]
    const answers = await Promise.all(cases.map(([args]) => tallycast(args)))
    expect(answers).toEqual(cases.map(([, said]) => refusal(1, said)))
  })

  test('a poll is closed by whoever shows its token, and by nobody else', async () => {
    const { id, manage_token: token } = await createPoll()
    const close = ['close', id, '--json']
    expect(await tallycast(close)).toEqual(refusal(1, /Here: the manage link .*--manage-token.*\(unauthenticated\)/))
    const wrong = await tallycast(close, { TALLYCAST_MANAGE_TOKEN: `${token}x` })
    expect(wrong).toEqual(refusal(1, /\((?:forbidden|token_invalid)\)/))
    expect((await tallycast([...close, '--manage-token', token])).exitCode).toBe(0)
    expect(await tallycast(['vote', id, '2'])).toEqual(refusal(1, /\(poll_closed\)/))
  })

  test('words that cannot be used end with 2, and with where to read more', async () => {
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [[], /Name a command.*tallycast --help/],
      [['poll'], /"poll" is no command/],
      [['watch'], /Name a poll.*tallycast watch --help/],
      [['vote', 'x', '1', '--colour'], /--colour/],
    ]
    const answers = await Promise.all(cases.map(([args]) => tallycast(args)))
    expect(answers).toEqual(cases.map(([, said]) => refusal(2, said)))
  })

  test('where nobody answers, or nobody has time, it ends with 3', async () => {
    const [port] = await findFreePorts(1)
    const away = { TALLYCAST_URL: `http://127.0.0.1:${port}` }
    const made = await tallycast(['create', 'Tea?', 'Yes', 'No'], away)
    expect(made).toEqual(refusal(3, /cannot be reached.*\(unreachable, http:.*\)/))
    expect(await tallycast(['export', 'x'], away)).toEqual(refusal(3, /\(unreachable/))
    const busy = await serve((_request, response) => {
      response.writeHead(503, { 'content-type': 'application/problem+json', 'retry-after': '3600' })
      response.end('{"code":"overloaded","detail":"Too busy."}')
    })
    expect(await tallycast(['watch', 'x'], { TALLYCAST_URL: busy })).toEqual(refusal(3, /Too busy\. \(overloaded\)/))
  })

  test('a poll that is deleted while somebody watches it', async () => {
    const { id, manage_token: token } = await createPoll()
    const watch = startWatch([id, '--json'])
    await waitUntil(() => watch.stdout().includes('"open"'), { withinMs: 15_000 })
    await createClient({ url: system.url, token }).delete(id)
    expect(await watch.ended()).toBe(1)
    expect(watch.stderr()).toBe('tallycast: There is no such poll. (poll_not_found)\n')
  })
})

describe('exports', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tallycast-export-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  test('totals and single votes, to the standard output and to a file', async () => {
    const { id } = await createPoll({ voter_visibility: 'public' })
    await voteFor(id, 2)
    await waitUntil(async () => (await createClient({ url: system.url }).results(id)).total_votes === 1)
    expect((await tallycast(['export', id])).stdout).toContain('\r\n2,"Coffee",1,100,1,"Tea or coffee?"\r\n')
    const path = join(folder, 'votes.csv')
    expect(await tallycast(['export', id, '--votes', '--output', path])).toEqual({
      exitCode: 0,
      stdout: '',
      stderr: '',
    })
    expect(readFileSync(path, 'utf8')).toMatch(/^voter,option_id,text\r\n"v_\w+",2,"Coffee"\r\n$/)
    const nowhere = await tallycast(['export', id, '--output', join(folder, 'none', 'votes.csv')])
    expect(nowhere).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('It cannot be written: ENOENT') })
  })

  test('one that breaks off is said not to be whole, and leaves no file', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/csv' })
      response.write('voter,option_id,text\r\n', () => response.destroy())
    })
    const path = join(folder, 'broken.csv')
    for (const output of [[], ['--output', path]]) {
      const { exitCode, stderr } = await tallycast(['export', 'x', ...output, '--url', url])
      expect({ exitCode, stderr }).toEqual({
        exitCode: 3,
        stderr: 'tallycast: The export broke off and is not whole.\n',
      })
    }
    expect(existsSync(path)).toBe(false)
    expect(readdirSync(folder).filter((name) => name.startsWith('broken'))).toEqual([])
  })
})

test('a link to another service gets no token that the environment keeps for its own', async () => {
  const shown: IncomingHttpHeaders[] = []
  const stranger = await serve(({ headers }, response) => {
    shown.push(headers)
    response.writeHead(404, { 'content-type': 'application/problem+json' })
    response.end('{"code":"poll_not_found","detail":"There is no such poll."}')
  })
  const kept = { TALLYCAST_API_KEY: adminToken, TALLYCAST_VOTER_TOKEN: 'mine', TALLYCAST_MANAGE_TOKEN: 'mine' }
  const asked = ['watch', 'export', 'close'].map((command) => tallycast([command, `${stranger}/p/x`], kept))
  expect((await Promise.all(asked)).map(({ exitCode }) => exitCode)).toEqual([1, 1, 1])
  expect(shown).toHaveLength(3)
  for (const headers of shown) {
    expect(headers.authorization).toBeUndefined()
    expect(headers['voter-token']).toBeUndefined()
  }
})

describe('commands of the installation', () => {
  const onDatabase = async (args: readonly string[]) => tallycast(args, { DATABASE_URL: system.database.databaseUrl })

  test('recount and keys take their words and give their exit codes, as JSON where that is wanted', async () => {
    const { id } = await createPoll()
    await voteFor(id, 2)
    await waitUntil(async () => (await createClient({ url: system.url }).results(id)).total_votes === 1)
    const recounted = await onDatabase(['recount', id, '--json'])
    expect(recounted.exitCode).toBe(0)
    expect(readDocument(recounted.stdout)).toEqual({
      polls: 1,
      votes: 1,
      polls_that_differ: 0,
      recounts: [
        {
          poll_id: id,
          question: 'Tea or coffee?',
          status: 'open',
          rounds: [{ round: 1, total_votes: 1, differences: [], unregistered_votes: 0, pruned_votes: null }],
        },
      ],
    })
    expect((await onDatabase(['recount', 'nothere'])).exitCode).toBe(2)

    const made = await onDatabase(['keys', 'create', '--name', 'Host', '--scopes', 'polls:write', '--json'])
    const { secret, prefix } = readDocument(made.stdout) as { readonly secret: string; readonly prefix: string }
    expect((await tallycast(['create', 'Tea?', 'Yes', 'No'], { TALLYCAST_API_KEY: secret })).exitCode).toBe(0)
    const revoked = await onDatabase(['keys', 'revoke', prefix, '--json'])
    expect(readDocument(revoked.stdout)).toMatchObject({ prefix, revoked_at: expect.stringMatching(/Z$/) })
    const listed = await onDatabase(['keys', 'list', '--json'])
    expect(readDocument(listed.stdout)).toMatchObject({ keys: [{ prefix, name: 'Host', scopes: ['polls:write'] }] })
    expect(listed.stdout).not.toContain(secret)
  })
})

/** Something that answers in the place of a service, until the test is over. */
async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await new Promise((resolve) => server.once('listening', resolve))
  // A server that listens has an address of this form.
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
