import { describe, expect, test } from 'vitest'
import { TallycastError } from '../../client/src/errors.ts'
import { readCodes } from '../../cli/src/codes.ts'
import { readConfirmed } from '../../cli/src/confirm.ts'
import { readCreate } from '../../cli/src/create.ts'
import { readExport } from '../../cli/src/export.ts'
import { readOrganised } from '../../cli/src/organised.ts'
import { readSeen } from '../../cli/src/seen.ts'
import { explainFault, lineOf, Trouble, WrongWords } from '../../cli/src/trouble.ts'
import { readVote } from '../../cli/src/vote.ts'

const create = (...args: readonly string[]) => readCreate(['Tea or coffee?', 'Tea', 'Coffee', ...args], {})?.poll

describe('what create sends', () => {
  test('what is left out is left to the service', () => {
    expect(create()).toEqual({ question: 'Tea or coffee?', options: ['Tea', 'Coffee'] })
  })

  test('every option has its field', () => {
    expect(
      create(
        '--description=Hot',
        '--min=1',
        '--max=2',
        '--results=after_close',
        '--voters=public',
        '--identity=code',
        '--allow-change',
        '--draft',
        '--opens-at=2026-12-31T18:00Z',
        '--closes-at=2026-12-31T20:00+01:00',
      ),
    ).toEqual({
      question: 'Tea or coffee?',
      options: ['Tea', 'Coffee'],
      description: 'Hot',
      type: 'multiple',
      min_choices: 1,
      max_choices: 2,
      results_visibility: 'after_close',
      voter_visibility: 'public',
      voter_identity: 'code',
      allow_vote_change: true,
      draft: true,
      opens_at: '2026-12-31T18:00:00.000Z',
      closes_at: '2026-12-31T19:00:00.000Z',
    })
  })

  test('several may be chosen: all of them, where no number is given', () => {
    expect(create('--multiple')).toMatchObject({ type: 'multiple', max_choices: 2 })
    expect(create('--min', '2')).toMatchObject({ type: 'multiple', min_choices: 2, max_choices: 2 })
  })

  test('a time without an offset is one of this machine', () => {
    expect(create('--closes-at', '2026-07-01T20:00')?.closes_at).toBe(new Date(2026, 6, 1, 20).toISOString())
  })
})

describe('words that cannot be used are refused before anything is sent', () => {
  test.each([
    ['a poll without options', () => readCreate(['Tea?'], {}), 'at least two options'],
    ['a poll with one option', () => readCreate(['Tea?', 'Yes'], {}), 'at least two options'],
    ['an unknown visibility', () => create('--results', 'soon'), '--results is one of always, after_vote'],
    ['no number', () => create('--max', 'two'), '--max is a whole number from 1, not "two"'],
    ['none', () => create('--min', '0'), '--min is a whole number from 1, not "0"'],
    ['no time', () => create('--closes-at', 'tomorrow'), '--closes-at is a time like 2026-12-31T20:00'],
    ['a day that does not exist', () => create('--opens-at', '2026-13-40T20:00'), '--opens-at is a time'],
    ['an unknown option', () => create('--colour'), '--colour'],
    ['an address that is none', () => create('--url', 'localhost:8000'), 'unlike "localhost:8000"'],
    ['a token with a line break', () => create('--api-key', 'tck_1\n'), 'A token has'],
    ['no poll', () => readSeen([], {}), 'Name a poll'],
    ['two polls', () => readOrganised(['one', 'two'], {}), 'Name one poll'],
    ['a link that leads to none', () => readSeen(['https://example.org/docs'], {}), 'is no link to a poll'],
    ['a part of a link', () => readSeen(['polls.test:8000/p/x#manage=secret'], {}), 'its whole link'],
    ['a link and an address', () => readSeen(['http://a.test/p/x', '--url', 'http://b.test'], {}), 'leave out --url'],
    ['no option', () => readVote(['x'], {}), 'Name an option'],
    ['a retract of something', () => readVote(['x', '1', '--retract'], {}), '--retract takes no option'],
    ['two things at once', () => readVote(['x', '--change', '--retract'], {}), 'not both'],
    ['codes without a number', () => readCodes(['x'], {}), 'say how many codes'],
    ['a number of codes that is none', () => readCodes(['x', 'many'], {}), 'The number of codes is a whole number'],
    ['codes of no poll', () => readCodes([], {}), 'Name a poll'],
    ['codes of two numbers', () => readCodes(['x', '1', '2'], {}), 'say how many codes'],
    ['votes in two forms', () => readExport(['x', '--json', '--votes'], {}), '--votes is for CSV'],
  ])('%s', (_what, read, said) => {
    expect(read).toThrow(WrongWords)
    expect(read).toThrow(said)
  })

  test.each([readCreate, readVote, readSeen, readOrganised, readConfirmed, readCodes, readExport])(
    'help is help, whatever else is missing',
    (read) => {
      expect(read(['--help'], {})).toBeNull()
      expect(read(['-h'], {})).toBeNull()
    },
  )
})

describe('where a poll is, and who is asked as whom', () => {
  const kept = {
    TALLYCAST_URL: 'https://polls.test/sub/',
    TALLYCAST_API_KEY: 'key',
    TALLYCAST_MANAGE_TOKEN: 'manage',
    TALLYCAST_VOTER_TOKEN: 'voter',
  }

  test('the words win over the environment, and that over the default', () => {
    expect(readSeen(['x'], {})?.place).toEqual({ url: 'http://localhost:8000', token: null, voterToken: null })
    expect(readSeen(['x'], { TALLYCAST_URL: '' })?.place.url).toBe('http://localhost:8000')
    expect(readSeen(['x'], kept)?.place).toEqual({
      url: 'https://polls.test/sub/',
      token: 'manage',
      voterToken: 'voter',
    })
    const said = ['x', '--url', 'http://other.test', '--api-key', 'mine', '--voter-token', 'me']
    expect(readSeen(said, kept)?.place).toEqual({ url: 'http://other.test', token: 'mine', voterToken: 'me' })
  })

  test('a command shows no more than it needs', () => {
    expect(readCreate(['q', 'a', 'b'], kept)?.place).toMatchObject({ token: 'key', voterToken: null })
    expect(readVote(['x', '1'], kept)?.place).toMatchObject({ token: null, voterToken: 'voter' })
    expect(readOrganised(['x'], kept)?.place).toMatchObject({ token: 'manage', voterToken: null })
  })

  test('a link says where the poll is, and a manage link also shows its token', () => {
    const link = 'https://polls.test/sub/p/2ab3cd'
    expect(readOrganised([`${link}#manage=secret`], {})).toMatchObject({
      poll: { id: '2ab3cd' },
      place: { url: 'https://polls.test/sub', token: 'secret' },
    })
    for (const place of [link, `${link}/`, `${link}/present`, 'https://polls.test/sub/polls/2ab3cd?lang=es']) {
      expect(readOrganised([place], {})).toMatchObject({ poll: { id: '2ab3cd' }, place: { token: null } })
    }
    expect(readVote([`${link}#manage=secret`, '1'], {})?.place.token).toBeNull()
  })

  test.each(['polls.test:8000/p/x#manage=secret', 'https://polls.test/poll/x#manage=secret'])(
    'what %s brings is not told to who reads of the mistake',
    (word) => {
      expect(() => readOrganised([word], {})).toThrow(/^(?!.*secret)/s)
    },
  )

  test('a link to another service is not shown what the environment keeps for its own', () => {
    expect(readSeen(['https://polls.test/sub/p/x'], kept)?.place).toMatchObject({
      token: 'manage',
      voterToken: 'voter',
    })
    for (const stranger of [
      'https://polls.test.evil.test/sub/p/x',
      'http://polls.test/sub/p/x',
      'https://polls.test/p/x',
    ]) {
      expect(readSeen([stranger], kept)?.place).toMatchObject({ token: null, voterToken: null })
    }
  })
})

describe('what went wrong, in one line', () => {
  const told = (code: string, status: number, detail = 'No.') => new TallycastError({ code, status, detail })

  test('it has the sentence, the code, and the fields of which the sentence does not tell', () => {
    const errors = [
      { pointer: '/options/1/text', detail: 'Give it a text that can be seen.' },
      { pointer: '/question', detail: 'too long' },
    ]
    const fault = new TallycastError({ code: 'invalid_body', status: 422, detail: 'The question is too long.', errors })
    expect(lineOf(explainFault(fault, 'http://a.test'))).toBe(
      'tallycast: The question is too long. /options/1/text: Give it a text that can be seen. (invalid_body)\n',
    )
  })

  test('it names the place where nobody answers', () => {
    expect(explainFault(told('unreachable', 0), 'http://a.test').message).toBe('No. (unreachable, http://a.test)')
  })

  test('its exit code says whether the same may succeed later', () => {
    const exitCodes = [
      told('unreachable', 0),
      told('rate_limited', 429),
      told('overloaded', 503),
      told('unreadable', 502),
      told('internal', 500),
      told('already_voted', 409),
      told('unreadable', 200),
      new Error('a fault of ours'),
      new Trouble('', 130),
    ].map((fault) => explainFault(fault, '').exitCode)
    expect(exitCodes).toEqual([3, 3, 3, 3, 1, 1, 1, 1, 130])
  })

  test('it stays one line, and moves no cursor, whatever a service has written into it', () => {
    expect(lineOf(explainFault(told('no', 400, 'a\r\n\u001B[2Jb'), ''))).toBe('tallycast: a \u{fffd}[2Jb (no)\n')
  })
})
