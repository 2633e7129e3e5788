import { Readable } from 'node:stream'
import type { FastifyInstance, preParsingHookHandler } from 'fastify'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AcceptedVote, CastVote, VoteRequest } from '../../application/cast-vote.ts'
import { POLL_LIMITS } from '../../domain/poll.ts'
import { type Refused, isRefused } from '../../domain/refusal.ts'
import type { VoteKind } from '../../domain/vote.ts'
import type { PublicAddress } from '../browsers/foreign-page.ts'
import { sharedHeaders } from '../browsers/shared-headers.ts'
import { readVoter, sessionCookieFor } from './credentials.ts'
import { parseJson } from './json-body.ts'
import { describeProblem, headersOfRefusal, statusOf } from './problems.ts'
import { requestIdOf } from './request-id.ts'
import { traceParentIn } from './trace-parent.ts'
import { voteBytesMax } from './vote-schemas.ts'

export type PlainVotesParts = { readonly castVote: CastVote; readonly address: PublicAddress }

/** Takes a request that is a plain vote; false where it is one of all the others, of which nothing has been read then. */
export type TakePlainVote = (request: IncomingMessage, response: ServerResponse) => boolean

/** What is known of a vote that was read before its route sees it. */
type Taken = { readonly body: Buffer; readonly outcome: Promise<AcceptedVote | Refused> | null }

const taken = new WeakMap<IncomingMessage, Taken>()

const kinds: Readonly<Record<string, VoteKind>> = { POST: 'cast', PUT: 'change' }
const votePath = /^\/polls\/([A-Za-z0-9_-]{1,64})\/vote$/
const jsonType = /^application\/json(?:; ?charset=utf-8)?$/i
const lengthForm = /^[1-9]\d{0,8}$/

/**
 * The short way of votes as nearly all clients send them, past routes, hooks and schemas: these take an eighth of the time of a vote
 * that is accepted. Whatever is not plain goes the long way, with the bytes that were read; and so does a vote that was cast and is
 * refused for something in its body, with what it was told: only there is it known where that stands. So no vote is cast twice, and
 * each answer is written by one of the two. Other refusals are written here: a flood of votes that ask too often, or with made-up
 * tokens, takes as little time as can be from those who are accepted.
 *
 * `isWellFormed`: whether HTTP allows the request as it is, and no other waits ahead of it on its connection.
 */
export function createTakePlainVote(
  app: Pick<FastifyInstance, 'parseCookie' | 'serializeCookie'>,
  { castVote, address }: PlainVotesParts,
  server: {
    readonly isWellFormed: (request: IncomingMessage) => boolean
    readonly isStopping: () => boolean
    /** The long way. */
    readonly goOn: (request: IncomingMessage, response: ServerResponse) => void
  },
): TakePlainVote {
  function take(pollId: string, kind: VoteKind, request: IncomingMessage, body: Buffer): Taken {
    const vote = readVote(body)
    const shown = readVoter(app, request, address)
    if (vote === null || isRefused(shown)) return { body, outcome: null }
    const { optionIds, round } = vote
    return { body, outcome: castVote({ pollId, kind, optionIds, round, shown, traceParent: traceParentIn(request) }) }
  }

  function accept({ voteId, newSession }: AcceptedVote, request: IncomingMessage, response: ServerResponse): void {
    const cookie = newSession === null ? null : sessionCookieFor(app, request, newSession, address)
    const token = newSession === null ? '' : `,"voter_token":"${newSession.token}"`
    // Ids and tokens are base64url: nothing of them needs to be escaped.
    const body = `{"vote_id":"${voteId}","status":"accepted"${token}}`
    response.writeHead(202, {
      ...sharedHeaders,
      'x-request-id': requestIdOf(request.headers),
      location: `/votes/${voteId}`,
      'cache-control': 'no-store',
      'content-type': 'application/json; charset=utf-8',
      ...(cookie !== null && { 'set-cookie': cookie }),
      ...(server.isStopping() && { connection: 'close' }),
      'content-length': body.length,
    })
    response.end(body, 'latin1')
  }

  function refuse(refused: Refused, request: IncomingMessage, response: ServerResponse): void {
    const requestId = requestIdOf(request.headers)
    const body = JSON.stringify(describeProblem(refused, requestId))
    response.writeHead(statusOf(refused), {
      ...sharedHeaders,
      'x-request-id': requestId,
      ...headersOfRefusal(refused),
      ...(server.isStopping() && { connection: 'close' }),
      'content-length': Buffer.byteLength(body),
    })
    response.end(body)
  }

  function answer(
    outcome: AcceptedVote | Refused,
    request: IncomingMessage,
    response: ServerResponse,
    goOn: () => void,
  ): void {
    if (!isRefused(outcome)) return accept(outcome, request, response)
    if (outcome.errors === undefined) refuse(outcome, request, response)
    else goOn()
  }

  function cast(
    pollId: string,
    kind: VoteKind,
    request: IncomingMessage,
    response: ServerResponse,
    body: Buffer,
  ): void {
    let known: Taken = { body, outcome: null }
    const goOn = (): void => {
      taken.set(request, known)
      server.goOn(request, response)
    }
    try {
      known = take(pollId, kind, request, body)
    } catch {
      // The long way meets the same fault, and tells of it.
    }
    if (known.outcome === null) return goOn()
    known.outcome.then((outcome) => answer(outcome, request, response, goOn)).catch(goOn)
  }

  return (request, response) => {
    const kind = kinds[request.method ?? '']
    const pollId = kind === undefined ? undefined : votePath.exec(request.url ?? '')?.[1]
    if (kind === undefined || pollId === undefined || !hasPlainBody(request) || !server.isWellFormed(request))
      return false
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      // A body of this size is nearly always one piece.
      const [first] = chunks
      cast(pollId, kind, request, response, chunks.length === 1 && first ? first : Buffer.concat(chunks))
    })
    // Whoever leaves before the request is whole hears nothing, and has not voted.
    request.on('error', () => {})
    return true
  }
}

/** Reads for the route what was read before it. */
export const replayBody: preParsingHookHandler = (request, _reply, payload, done) => {
  const known = taken.get(request.raw)
  done(null, known === undefined ? payload : Readable.from([known.body], { objectMode: false }))
}

/** What the vote of this request was told; null where it has not been cast. */
export function outcomeOf(request: IncomingMessage): Promise<AcceptedVote | Refused> | null {
  return taken.get(request)?.outcome ?? null
}

function hasPlainBody({ headers }: IncomingMessage): boolean {
  const length = headers['content-length'] ?? ''
  return (
    lengthForm.test(length) &&
    Number(length) <= voteBytesMax &&
    jsonType.test(headers['content-type'] ?? '') &&
    headers['content-encoding'] === undefined &&
    headers['transfer-encoding'] === undefined &&
    headers.expect === undefined
  )
}

/** A body that is exactly as it should be; null for every other, which the schema judges. */
function readVote(body: Buffer): Pick<VoteRequest, 'optionIds' | 'round'> | null {
  let value: unknown
  try {
    value = parseJson(body)
  } catch {
    return null
  }
  if (typeof value !== 'object' || value === null) return null
  const round = 'round' in value ? value.round : undefined
  if (round !== undefined && !(isInteger(round) && round >= 1)) return null
  if (Object.keys(value).length !== (round === undefined ? 1 : 2)) return null
  const optionIds = readChoice(value)
  return optionIds === null ? null : { optionIds, round: round ?? null }
}

function readChoice(value: object): readonly number[] | null {
  if ('option_id' in value) return isInteger(value.option_id) ? [value.option_id] : null
  if (!('option_ids' in value) || !Array.isArray(value.option_ids)) return null
  const { option_ids: ids } = value
  return ids.length <= POLL_LIMITS.optionsMax && ids.every(isInteger) ? ids : null
}

function isInteger(value: unknown): value is number {
  return Number.isInteger(value)
}
