import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createClient, type CreatedPoll, type Poll, TallycastError } from '../../client/src/index.ts'
import { commandLine, runCommandLine, startCommandLine } from '../support/command-line.ts'
import { type RunningSystem, startSystem } from '../support/running-system.ts'
import { waitUntil } from '../support/wait-until.ts'

let system: RunningSystem
beforeAll(async () => {
  system = await startSystem('postgres')
})
afterAll(() => system.stop())

const createPoll = async (more: object = {}): Promise<CreatedPoll> =>
  createClient({ url: system.url }).create({ question: 'Tea or coffee?', options: ['Tea', 'Coffee'], ...more })
const placeOf = ({ manage_token: token }: CreatedPoll) => ({ TALLYCAST_URL: system.url, TALLYCAST_MANAGE_TOKEN: token })
const organise = async (poll: CreatedPoll, ...args: readonly string[]) => runCommandLine(args, placeOf(poll))
const asAnybody = async (...args: readonly string[]) => runCommandLine(args, { TALLYCAST_URL: system.url })
/** As at a terminal, at which somebody writes. */
const organiseAtTerminal = (poll: CreatedPoll, written: string, ...args: readonly string[]) => {
  const command = `${process.execPath} ${commandLine} ${args.join(' ')}`
  const typed = `printf '${written}' | script --quiet --return --command '${command}' /dev/null`
  return startCommandLine([typed], { TERM: 'xterm', ...placeOf(poll) }, ['sh', '-c'])
}
/** Null when it is gone. */
const read = async ({ id, manage_token: token }: CreatedPoll): Promise<Poll | null> =>
  createClient({ url: system.url, token })
    .get(id)
    .catch((fault: unknown) => {
      if (fault instanceof TallycastError && fault.code === 'poll_not_found') return null
      throw fault
    })
const vote = async (poll: CreatedPoll): Promise<void> => {
  await createClient({ url: system.url }).vote(poll.id, 1)
  await waitUntil(async () => (await read(poll))?.total_votes === 1)
}

describe('show', () => {
  test('for people: question, every option with its votes, and how the poll stands', async () => {
    const poll = await createPoll({ closes_at: '2099-12-31T20:00:00Z', description: 'One cup.' })
    await vote(poll)
    const { exitCode, stdout, stderr } = await asAnybody('show', poll.id)
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(stdout).toMatch(/Tea or coffee\?\n\n {2}Tea +█+ +1 +100\.0 %\n {2}Coffee +0 +0\.0 %\n/)
    expect(stdout).toContain('  open · 1 vote\n')
    for (const fact of [
      `Poll     ${poll.id}, round 1`,
      'About    One cup.',
      'Choices  1 of 2',
      'Closes   2099-12-31T20',
    ])
      expect(stdout).toContain(`  ${fact}`)
  })

  test('for programs: the poll as this caller may see it', async () => {
    const poll = await createPoll({ results_visibility: 'never' })
    await vote(poll)
    const counts = async (asked: ReturnType<typeof asAnybody>) => JSON.parse((await asked).stdout) as Poll
    expect(await counts(asAnybody('show', poll.id, '--json'))).toMatchObject({ id: poll.id, total_votes: null })
    expect(await counts(organise(poll, 'show', poll.id, '--json'))).toMatchObject({ id: poll.id, total_votes: 1 })
  })
})

describe('open', () => {
  test('a draft is opened by whoever shows its token, and by nobody else', async () => {
    const poll = await createPoll({ draft: true })
    const stranger = await asAnybody('open', poll.id)
    expect([stranger.exitCode, stranger.stderr]).toEqual([1, expect.stringContaining('(unauthenticated)')])
    expect((await read(poll))?.status).toBe('draft')
    const opened = await organise(poll, 'open', poll.id, '--json')
    expect(opened).toMatchObject({ exitCode: 0, stderr: '' })
    expect(JSON.parse(opened.stdout)).toMatchObject({ id: poll.id, status: 'open' })
    expect((await read(poll))?.status).toBe('open')
  })
})

describe('what cannot be undone', () => {
  test('is not done where nobody can be asked and --yes is not said', async () => {
    const poll = await createPoll()
    for (const command of ['reset', 'delete']) {
      const { exitCode, stdout, stderr } = await organise(poll, command, poll.id, '--json')
      expect({ exitCode, stdout, stderr }).toEqual({
        exitCode: 2,
        stdout: '',
        stderr: expect.stringContaining('--yes'),
      })
    }
    expect(await read(poll)).toMatchObject({ round: 1, status: 'open' })
  })

  test('is done with --yes', async () => {
    const poll = await createPoll()
    await vote(poll)
    const begun = await organise(poll, 'reset', poll.id, '--yes', '--json')
    expect(begun).toMatchObject({ exitCode: 0, stderr: '' })
    expect(JSON.parse(begun.stdout)).toMatchObject({ id: poll.id, status: 'draft', round: 2, total_votes: 0 })
    const deleted = await organise(poll, 'delete', poll.id, '--yes', '--json')
    expect(deleted).toEqual({ exitCode: 0, stderr: '', stdout: `{"id":"${poll.id}","status":"deleted"}\n` })
    expect(await read(poll)).toBeNull()
  })

  test('at a terminal is asked for, with what it would take, and done after a yes alone', async () => {
    const poll = await createPoll()
    await vote(poll)
    for (const written of ['y\\n', '']) {
      const asked = organiseAtTerminal(poll, written, 'reset', poll.id)
      expect([written, await asked.ended()]).toEqual([written, 1])
      expect(asked.stdout()).toContain('Nothing was done.')
    }
    expect(await read(poll)).toMatchObject({ round: 1, total_votes: 1 })
    const agreed = organiseAtTerminal(poll, 'yes\\n', 'reset', poll.id)
    expect(await agreed.ended()).toBe(0)
    expect(agreed.stdout()).toContain('open · 1 vote')
    expect(agreed.stdout()).toContain('Its votes of round 1 will count no more. Type yes to go on: ')
    expect(await read(poll)).toMatchObject({ round: 2, total_votes: 0 })
  })
})

describe('codes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tallycast-codes-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  const codeForm = /^(?:[\dA-Z]{4}-){3}[\dA-Z]{4}$/

  test('a line for each, every one of which votes once', async () => {
    const poll = await createPoll({ voter_identity: 'code' })
    const made = await organise(poll, 'codes', poll.id, '3')
    expect(made).toMatchObject({ exitCode: 0, stderr: '' })
    const codes = made.stdout.split('\n').slice(0, -1)
    expect(codes).toEqual(Array(3).fill(expect.stringMatching(codeForm)))
    const [code = ''] = codes
    const votes = await Promise.all(['1', '2'].map((n) => asAnybody('vote', poll.id, n, '--voter-token', code)))
    expect(votes.filter(({ exitCode }) => exitCode === 0).length).toBe(1)
  })

  test('into a new file that only its owner may read, and into no file that is there', async () => {
    const poll = await createPoll({ voter_identity: 'code' })
    const path = join(folder, 'codes.json')
    const write = async () => organise(poll, 'codes', poll.id, '2', '--json', '--output', path)
    expect(await write()).toEqual({ exitCode: 0, stdout: '', stderr: '' })
    const kept = readFileSync(path, 'utf8')
    expect(JSON.parse(kept)).toEqual({ codes: Array(2).fill(expect.stringMatching(codeForm)) })
    expect(statSync(path).mode & 0o777).toBe(0o600)
    const again = await write()
    expect([again.exitCode, again.stderr]).toEqual([1, expect.stringContaining('It cannot be written: EEXIST')])
    expect(readFileSync(path, 'utf8')).toBe(kept)
  })

  test('a poll that asks for none has none, and leaves no file', async () => {
    const poll = await createPoll()
    const path = join(folder, 'none.csv')
    const refused = await organise(poll, 'codes', poll.id, '2', '--output', path)
    expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringContaining('(identity_not_code)')])
    expect(existsSync(path)).toBe(false)
  })
})
