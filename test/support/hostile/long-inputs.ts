import type { Say } from '../http-client.ts'
import type { Stage } from './stage.ts'

/** Something that is as long as it is told, and made for a pattern that goes back and forth over it. */
export type LongInput = {
  readonly what: string
  readonly lengthMax: number
  readonly ask: (stage: Stage, length: number) => readonly [method: string, path: string, say?: Say]
}

/** Of the 16 KiB that all headers may have. */
const headersMax = 12_000
const bodyMax = 120_000
const lineMax = 4_000

const fill = (text: string, length: number): string => text.repeat(Math.ceil(length / text.length)).slice(0, length)

/** In this header, with an end that fits nothing. */
const inHeader = (name: string, text: string, end = '!', begin = ''): LongInput => ({
  what: `${name}: ${begin}${text}…${end}`,
  lengthMax: headersMax,
  ask: ({ other }, length) => ['GET', other.path, { headers: { [name]: `${begin}${fill(text, length)}${end}` } }],
})

/** In a header of somebody who opens a page. */
const onPage = (name: string, text: string, begin = ''): LongInput => ({
  what: `${name} of a reader: ${begin}${text}…`,
  lengthMax: headersMax,
  ask: (_stage, length) => ['GET', '/', { headers: { accept: 'text/html', [name]: `${begin}${fill(text, length)}` } }],
})

const inPath = (text: string, end = ''): LongInput => ({
  what: `/${text}…${end}`,
  lengthMax: headersMax,
  ask: (_stage, length) => ['GET', `/${fill(text, length)}${end}`],
})

const inPoll = (field: string, text: string): LongInput => ({
  what: `${field} of ${JSON.stringify(text)}…`,
  lengthMax: bodyMax,
  ask: (_stage, length) => [
    'POST',
    '/polls',
    { json: { question: 'What?', options: ['a', 'b'], [field]: `${fill(text, length)}!` } },
  ],
})

/** For each pattern that something long of a stranger can come to, and for what splits and searches it. */
export const longInputs: readonly LongInput[] = [
  inHeader('authorization', ' ', '!', 'Bearer'),
  inHeader('authorization', 'a', '!', 'Bearer '),
  inHeader('authorization', 'a=', '', 'Bearer '),
  inHeader('authorization', '=', ' a', 'Bearer a'),
  inHeader('voter-token', 'a.'),
  inHeader('voter-token', 'eyJ'),
  inHeader('idempotency-key', '"', '', '"'),
  inHeader('idempotency-key', '0-'),
  inHeader('x-request-id', 'a.'),
  inHeader('if-none-match', 'W/"a", '),
  inHeader('if-none-match', ',', ' '),
  inHeader('cookie', 'tallycast_session=a; '),
  inHeader('cookie', ';='),
  inHeader('cookie', '%25', '%', 'tallycast_session='),
  inHeader('origin', 'http://a.', '/'),
  inHeader('content-type', '; a=b', '', 'application/json'),
  inHeader('content-type', ';" ', '', 'application/json'),
  inHeader('accept', 'text/html,'),
  inHeader('last-event-id', '9'),
  inPath('/'),
  inPath('polls/'),
  onPage('accept-language', '-'),
  onPage('accept-language', 'en-'),
  onPage('cookie', 'en-', 'tallycast_language='),
  inPath('docs/static/', 'x'),
  inPath('assets/..', '%2f'),
  inPath('%2e%2e/'),
  inPath('p/', 'manage'),
  {
    what: 'query of [a]=&',
    lengthMax: headersMax,
    ask: ({ other }, length) => ['GET', `${other.path}?${fill('a[a]=%5b&', length)}`],
  },
  inPoll('question', ' '),
  inPoll('question', '\u0000'),
  inPoll('opens_at', '0'),
  inPoll('opens_at', '2030-01-01T00:00:00.0'),
  inPoll('type', 'single'),
  {
    what: 'names of fields with slashes and tildes',
    lengthMax: bodyMax,
    ask: (_stage, length) => ['POST', '/polls', { json: { [fill('~/', length)]: 1 } }],
  },
  {
    what: 'a form of ampersands',
    lengthMax: lineMax,
    ask: ({ other }, length) => [
      'POST',
      `/p/${other.id}`,
      { raw: fill('option=&', length), headers: { 'content-type': 'application/x-www-form-urlencoded' } },
    ],
  },
  {
    what: 'a line of a host',
    lengthMax: lineMax,
    ask: ({ other, adminToken }, length) => [
      'POST',
      `${other.path}/votes/bulk`,
      {
        bearer: adminToken,
        raw: `{"voter":"${fill('\\ud800', length)}"}\n`,
        headers: { 'content-type': 'application/x-ndjson' },
      },
    ],
  },
]
