// Requests that try to be taken for others, as they stand on the wire: one character per byte.
import type { Stage, StagePoll } from './stage.ts'

/** `bytes` is all that is sent on a connection. */
export type OddRequest = { readonly what: string; readonly bytes: string }

/** What a header or a field tries to add to an answer, or to a log. */
export const forgedHeader = 'x-forged'
export const forgedMessage = 'forged by somebody'
const forgedLine = `{"level":60,"msg":"${forgedMessage}"}`

const bearerOf = ({ manageToken }: StagePoll): string => `Authorization: Bearer ${manageToken}\r\n`
const remove = (target: string, headers = ''): string => `DELETE ${target} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`
const vote = '{"option_id":2}'
const voteHead = ({ path }: StagePoll): string =>
  `POST ${path}/vote HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n`

/** Whoever manages another poll asks for what is not theirs, in other words. None may be granted. */
export const detours = ({ sessions, other }: Stage): readonly OddRequest[] =>
  [
    `/polls/${other.id}/../${sessions.id}`,
    `/polls/${other.id}/%2e%2e/${sessions.id}`,
    `/polls/%2e%2e/polls/${sessions.id}`,
    `/polls/${other.id}/..;/${sessions.id}`,
    `/polls/${other.id}/..\\${sessions.id}`,
    `/polls/${other.id}%2f..%2f${sessions.id}`,
    `/polls/${other.id}%252f%252e%252e%252f${sessions.id}`,
    `/polls/${other.id}%00${sessions.id}`,
    `/polls/${other.id},${sessions.id}`,
    `//polls/${sessions.id}`,
    `/polls//${sessions.id}`,
    `/polls/${sessions.id}/`,
    `/polls/${sessions.id}.`,
    `/polls/${sessions.id}%20`,
    `/polls/${sessions.id};${other.id}`,
    `/polls/${sessions.id}?poll_id=${other.id}`,
    `/polls/${sessions.id}%3f`,
    `/polls/${sessions.id.toUpperCase()}`,
    `/POLLS/${sessions.id}`,
    `http://x/polls/${sessions.id}`,
    `http://elsewhere.example/polls/${sessions.id}`,
    '*',
  ].map((target) => ({ what: target, bytes: remove(target, bearerOf(other)) }))

/** Its own organiser looks at a poll, and a header asks for more than that. Nothing may be done. */
export const overrides = ({ sessions }: Stage): readonly OddRequest[] =>
  [
    'X-HTTP-Method-Override: DELETE',
    'X-HTTP-Method: DELETE',
    'X-Method-Override: DELETE',
    `X-Original-URL: ${sessions.path}/close`,
    `X-Rewrite-URL: ${sessions.path}/close`,
    'X-Forwarded-Method: DELETE',
    'Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA',
  ].map((header) => ({
    what: header,
    bytes: `GET ${sessions.path}?_method=DELETE HTTP/1.1\r\nHost: x\r\n${bearerOf(sessions)}${header}\r\n\r\n`,
  }))

/** Each may have one answer, a refusal: a second one would be that of a request which is hidden in the first. */
export const smuggled = ({ other, sessions }: Stage): readonly OddRequest[] => {
  const hidden = `${voteHead(other)}Content-Length: ${vote.length}\r\n\r\n${vote}`
  const chunked = `0\r\n\r\n${hidden}`
  const plain = `POST ${other.path}/vote HTTP/1.1\r\n`
  return [
    {
      what: 'two lengths',
      bytes: `${voteHead(other)}Content-Length: 0\r\nContent-Length: ${hidden.length}\r\n\r\n${hidden}`,
    },
    { what: 'two lengths in one', bytes: `${voteHead(other)}Content-Length: 0, ${hidden.length}\r\n\r\n${hidden}` },
    { what: 'a length with a sign', bytes: `${voteHead(other)}Content-Length: +0\r\n\r\n${hidden}` },
    { what: 'a length in sixteens', bytes: `${voteHead(other)}Content-Length: 0x0\r\n\r\n${hidden}` },
    {
      what: 'a length and chunks',
      bytes: `${voteHead(other)}Content-Length: ${chunked.length}\r\nTransfer-Encoding: chunked\r\n\r\n${chunked}`,
    },
    {
      what: 'chunks and a length',
      bytes: `${voteHead(other)}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n${chunked}`,
    },
    {
      what: 'chunks that are not the last',
      bytes: `${voteHead(other)}Transfer-Encoding: chunked, identity\r\n\r\n${chunked}`,
    },
    { what: 'chunks of another name', bytes: `${voteHead(other)}Transfer-Encoding: xchunked\r\n\r\n${chunked}` },
    { what: 'a header that is folded', bytes: `${voteHead(other)}Transfer-Encoding:\r\n chunked\r\n\r\n${chunked}` },
    { what: 'a space before the colon', bytes: `${voteHead(other)}Content-Length : 0\r\n\r\n${hidden}` },
    { what: 'no name before the colon', bytes: `${voteHead(other)}: 0\r\n\r\n${hidden}` },
    { what: 'two hosts', bytes: `${plain}Host: x\r\nHost: y\r\nContent-Length: 0\r\n\r\n${hidden}` },
    { what: 'no host', bytes: `${plain}Content-Length: 0\r\n\r\n${hidden}` },
    { what: 'a NUL in the target', bytes: `GET ${sessions.path}\0 HTTP/1.1\r\nHost: x\r\n\r\n` },
    { what: 'a NUL in a header', bytes: `GET ${sessions.path} HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n` },
    { what: 'a lone CR in a header', bytes: `GET ${sessions.path} HTTP/1.1\r\nHost: x\r\nX: a\rb\r\n\r\n` },
    { what: 'a space in the target', bytes: `GET ${sessions.path} /audit HTTP/1.1\r\nHost: x\r\n\r\n` },
    {
      what: 'headers without an end',
      bytes: `GET ${sessions.path} HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
    },
    { what: 'another protocol', bytes: `GET ${sessions.path} HTTP/9.9\r\nHost: x\r\n\r\n` },
    { what: 'HTTP/2', bytes: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' },
  ]
}

/** Line breaks in what comes back in a header or in a log, in every way of writing them. */
export const brokenLines = ({ other }: Stage): readonly OddRequest[] => {
  const breaks = ['%0d%0a', '%0D%0A', '%0a', '%E5%98%8A%E5%98%8D', '\\r\\n', '\xe5\x98\x8a\xe5\x98\x8d', '\x0b', '\x85']
  const places: readonly ((forged: string) => string)[] = [
    (forged) => `GET ${other.path}${forged} HTTP/1.1\r\nHost: x\r\n\r\n`,
    (forged) => `GET ${other.path}${forged}/export.csv HTTP/1.1\r\nHost: x\r\n\r\n`,
    (forged) => `GET ${other.path}/export.csv?part=${forged} HTTP/1.1\r\nHost: x\r\n\r\n`,
    (forged) => `GET /p/${other.id}${forged} HTTP/1.1\r\nHost: x${forged}\r\n\r\n`,
    (forged) => `GET /votes/${forged} HTTP/1.1\r\nHost: x\r\n\r\n`,
    (forged) => `GET ${other.path} HTTP/1.1\r\nHost: x\r\nIf-None-Match: "${forged}"\r\n\r\n`,
    (forged) => `GET ${other.path} HTTP/1.1\r\nHost: x\r\nX-Request-Id: 1${forged}\r\n\r\n`,
    (forged) =>
      `GET ${other.path}/vote HTTP/1.1\r\nHost: x\r\nVoter-Token: ${forged}\r\nCookie: tallycast_session=${forged}\r\n\r\n`,
    (forged) =>
      `${voteHead(other)}Idempotency-Key: 0123456789abcdefghij${forged}\r\nX-Request-Id: ${forged}\r\nContent-Length: 2\r\n\r\n{}`,
    (forged) => `GET /audit HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${forged}\r\n\r\n`,
    (forged) =>
      `OPTIONS ${other.path} HTTP/1.1\r\nHost: x\r\nOrigin: ${forged}\r\nAccess-Control-Request-Method: ${forged}\r\n\r\n`,
  ]
  return breaks.flatMap((line) =>
    places.map((place, index) => ({
      what: `${JSON.stringify(line)} at place ${index}`,
      bytes: place(`${line}${forgedHeader}:1${line}${index % 2 === 0 ? '' : forgedLine.replaceAll(' ', '+')}`),
    })),
  )
}
