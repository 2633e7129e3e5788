// What people show who are not whom they say, or have no right to what they ask. Another kind of credential is a line in each of these tables.
import { createHmac, createSecretKey } from 'node:crypto'
import { claimsFor, makeHostKey, signToken } from '../host-application.ts'
import type { Say } from '../http-client.ts'
import type { Stage } from './stage.ts'

export type UnjustShow = readonly [what: string, show: (stage: Stage) => Say | Promise<Say>]

const yearMs = 365 * 24 * 60 * 60_000
const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds
const encode = (part: unknown): string => Buffer.from(JSON.stringify(part)).toString('base64url')
const unsigned = (alg: string, { hosted }: Stage): string => `${encode({ alg })}.${encode(claimsFor(hosted.id))}.`

/** Of the right host and by its own key, but for what is wrong with its claims. */
const claiming =
  (more: object) =>
  async ({ host, hosted }: Stage): Promise<Say> => ({ voterToken: await host.rsa.sign(claimsFor(hosted.id, more)) })

/** Signed as a secret would be, with bytes that everybody knows. */
const signedWithPublic = (alg: string, { hosted, host }: Stage, bytes: string): Say => {
  const signed = `${encode({ alg, kid: host.rsa.kid })}.${encode(claimsFor(hosted.id))}`
  return { voterToken: `${signed}.${createHmac('sha256', bytes).update(signed).digest('base64url')}` }
}

/** By a key of somebody else, with whatever this header says of it. */
const signedByStranger = async ({ hosted }: Stage, kid: string): Promise<Say> => ({
  voterToken: await (await makeHostKey('RS256', kid)).sign(claimsFor(hosted.id)),
})

const changed = (token: string, at: number): string => {
  const other = token[at] === 'A' ? 'B' : 'A'
  return `${token.slice(0, at)}${other}${token.slice(at + 1)}`
}

/** In a poll whose voters have tokens of the host. */
export const unjustVotersOfHost: readonly UnjustShow[] = [
  ['nothing', () => ({})],
  ['an empty token', () => ({ voterToken: '' })],
  ['alg none', (stage) => ({ voterToken: unsigned('none', stage) })],
  ['alg None', (stage) => ({ voterToken: unsigned('None', stage) })],
  ['a good token without its signature', ({ hostToken }) => ({ voterToken: hostToken.replace(/[^.]*$/, '') })],
  ['a good signature under other claims', async (stage) => ({ voterToken: swapClaims(stage, { sub: 'ben' }) })],
  ['a signature with another end', ({ hostToken }) => ({ voterToken: changed(hostToken, hostToken.length - 9) })],
  ['an expired token', claiming({ exp: inSeconds(-60) })],
  ['a token of tomorrow', claiming({ nbf: inSeconds(3_600) })],
  ['a token without an end', claiming({ exp: undefined })],
  ['a token that lives for years', claiming({ exp: inSeconds(100_000_000) })],
  ['a token for another poll', async ({ host, other }) => ({ voterToken: await host.rsa.sign(claimsFor(other.id)) })],
  ['a token for no poll', claiming({ poll_id: undefined })],
  ['a token for all polls', claiming({ poll_id: ['*'] })],
  ['a token for another service', claiming({ aud: 'elsewhere' })],
  ['a token for no service', claiming({ aud: undefined })],
  ['a token of nobody', claiming({ sub: '' })],
  ['HS256 with the public key as its secret', (stage) => signedWithPublic('HS256', stage, stage.host.rsa.publicPem)],
  [
    'HS256 with the key of the key set as its secret',
    (stage) => signedWithPublic('HS256', stage, JSON.stringify(stage.host.rsa.publicJwk)),
  ],
  ['RS256 with a keyed hash for its signature', (stage) => signedWithPublic('RS256', stage, stage.host.rsa.publicPem)],
  ['a key of somebody else under the name of a good one', async (stage) => signedByStranger(stage, 'rsa')],
  [
    'a key of somebody else under the name of a good one of another kind',
    async (stage) => signedByStranger(stage, 'edwards'),
  ],
  ['a key that is nowhere', async (stage) => signedByStranger(stage, '../../../dev/null')],
  ['a key that the token brings along', async (stage) => ({ voterToken: await bringKey(stage) })],
  ['a session', ({ voterToken }) => ({ voterToken })],
  ['a session in the cookie', ({ voterToken }) => ({ cookie: `tallycast_session=${voterToken}` })],
  ['a good token in the cookie', ({ hostToken }) => ({ cookie: `tallycast_session=${hostToken}` })],
  ['a good token as a bearer', ({ hostToken }) => ({ bearer: hostToken })],
  ['a ticket', ({ ticket }) => ({ voterToken: ticket })],
  ['the manage token', ({ hosted }) => ({ voterToken: hosted.manageToken })],
  ['an API key', ({ apiKey }) => ({ voterToken: apiKey })],
  ['the admin token', ({ adminToken }) => ({ voterToken: adminToken })],
]

/** In a poll whose voters have sessions. */
export const unjustVoters: readonly UnjustShow[] = [
  ['a session with another end', ({ voterToken }) => ({ voterToken: changed(voterToken, voterToken.length - 3) })],
  ['a session with another name', ({ voterToken }) => ({ voterToken: changed(voterToken, 5) })],
  ['an expired session', ({ oldSession }) => ({ voterToken: oldSession(yearMs + 1_000) })],
  ['a token of the host', ({ hostToken }) => ({ voterToken: hostToken })],
  ['a code', ({ usedCode }) => ({ voterToken: usedCode })],
  ['a ticket', ({ ticket }) => ({ voterToken: ticket })],
  ['an expired ticket', (stage) => ({ voterToken: ticketOf(stage, 11) })],
  ['the manage token', ({ sessions }) => ({ voterToken: sessions.manageToken })],
  ['the manage token of another poll', ({ other }) => ({ voterToken: other.manageToken })],
  ['an API key', ({ apiKey }) => ({ voterToken: apiKey })],
  ['the admin token', ({ adminToken }) => ({ voterToken: adminToken })],
]

/** In a poll whose voters have codes. */
export const unjustVotersByCode: readonly UnjustShow[] = [
  ['nothing', () => ({})],
  ['a made-up code', () => ({ voterToken: 'AAAA-BBBB-CCCC-DDDD' })],
  ['a code of another poll', ({ otherCode }) => ({ voterToken: otherCode })],
  ['a code with another end', ({ usedCode }) => ({ voterToken: changed(usedCode, usedCode.length - 1) })],
  ['a code with another beginning', ({ usedCode }) => ({ voterToken: changed(usedCode, 0) })],
  ['the beginning of a code', ({ usedCode }) => ({ voterToken: usedCode.slice(0, -1) })],
  ['two codes', ({ usedCode, otherCode }) => ({ voterToken: `${usedCode}, ${otherCode}` })],
  ['a code in the cookie', ({ usedCode }) => ({ cookie: `tallycast_session=${usedCode}` })],
  ['a code as a bearer', ({ usedCode }) => ({ bearer: usedCode })],
  ['a session', ({ voterToken }) => ({ voterToken })],
  ['a token of the host', ({ hostToken }) => ({ voterToken: hostToken })],
  ['the manage token', ({ coded }) => ({ voterToken: coded.manageToken })],
]

/** As whoever manages the poll of sessions. */
export const unjustOrganisers: readonly UnjustShow[] = [
  ['nothing', () => ({})],
  ['the manage token of another poll', ({ other }) => ({ bearer: other.manageToken })],
  [
    'the same, in another case of the header',
    ({ other }) => ({ headers: { AUTHORIZATION: `bEARER ${other.manageToken}` } }),
  ],
  ['the manage token in another case', ({ sessions }) => ({ bearer: swapCase(sessions.manageToken) })],
  ['the beginning of the manage token', ({ sessions }) => ({ bearer: sessions.manageToken.slice(0, -1) })],
  ['two manage tokens', ({ sessions, other }) => ({ bearer: `${sessions.manageToken}, ${other.manageToken}` })],
  [
    'the manage token by another scheme',
    ({ sessions }) => ({ headers: { authorization: `Basic ${sessions.manageToken}` } }),
  ],
  ['the manage token without a scheme', ({ sessions }) => ({ headers: { authorization: sessions.manageToken } })],
  ['the manage token as a Voter-Token', ({ sessions }) => ({ voterToken: sessions.manageToken })],
  ['the manage token in the cookie', ({ sessions }) => ({ cookie: `tallycast_session=${sessions.manageToken}` })],
  [
    'the manage token in a header of a proxy',
    ({ sessions }) => ({ headers: { 'x-forwarded-authorization': `Bearer ${sessions.manageToken}` } }),
  ],
  ['a session', ({ voterToken }) => ({ bearer: voterToken })],
  ['a token of the host', ({ hostToken }) => ({ bearer: hostToken })],
  ['a code', ({ usedCode }) => ({ bearer: usedCode })],
  ['a ticket', ({ ticket }) => ({ bearer: ticket })],
  ['the ticket of an organiser', (stage) => ({ bearer: organiserTicket(stage) })],
  ['a key of another organiser', ({ apiKey }) => ({ bearer: apiKey })],
  ['a key with another secret', ({ apiKey }) => ({ bearer: changed(apiKey, apiKey.length - 5) })],
  ['the beginning of the admin token', ({ adminToken }) => ({ bearer: adminToken.slice(0, -1) })],
]

/** At the live channels of the poll of sessions, where a good ticket shows what its voter sees. */
export const unjustTickets: readonly (readonly [what: string, ticket: (stage: Stage) => string])[] = [
  ['an expired one', (stage) => ticketOf(stage, 11)],
  ['one of another poll', ({ oldTickets, other }) => oldTickets(0).issue(other.id, { is: 'organiser' }).ticket],
  ['one with another end', ({ ticket }) => changed(ticket, ticket.length - 5)],
  ['one with another beginning', ({ ticket }) => changed(ticket, 0)],
  ['a session', ({ voterToken }) => voterToken],
  ['the manage token', ({ sessions }) => sessions.manageToken],
  ['a token of the host', ({ hostToken }) => hostToken],
  ['none', () => ''],
]

const organiserTicket = ({ oldTickets, sessions }: Stage): string =>
  oldTickets(0).issue(sessions.id, { is: 'organiser' }).ticket

const ticketOf = ({ oldTickets, sessions }: Stage, ageMinutes: number): string =>
  oldTickets(ageMinutes * 60_000).issue(sessions.id, { is: 'organiser' }).ticket

const swapClaims = ({ hosted, hostToken }: Stage, more: object): string => {
  const [header, , signature] = hostToken.split('.')
  return `${header}.${encode(claimsFor(hosted.id, more))}.${signature}`
}

/** Of the kind that a careless reader would believe: `jwk` and `jku` say where to find the key that fits. */
const bringKey = async ({ hosted }: Stage): Promise<string> => {
  const secret = createSecretKey('a-secret-that-the-token-brings-along', 'utf8')
  const [, claims] = (await signToken(claimsFor(hosted.id), secret, 'HS256')).split('.')
  const jwk = { kty: 'oct', k: secret.export().toString('base64url') }
  const signed = `${encode({ alg: 'HS256', jwk, jku: 'http://127.0.0.1:1/', x5u: 'http://127.0.0.1:1/' })}.${claims}`
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
}

const swapCase = (text: string): string =>
  text.replaceAll(/[a-z]/gi, (letter) =>
    letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
  )
