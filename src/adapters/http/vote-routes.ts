import type { FastifyReply, FastifyRequest } from 'fastify'
import type { CastVote, VoteRequest } from '../../application/cast-vote.ts'
import type { IdentifyVoter } from '../../application/cast-vote/identify-voter.ts'
import type { SeePoll } from '../../application/watch-poll/see-poll.ts'
import type { VoteIds } from '../../application/cast-vote/vote-id.ts'
import { type Refused, isRefused, refuse } from '../../domain/refusal.ts'
import type { PublicAddress } from '../browsers/foreign-page.ts'
import { readVoter, setSessionCookie } from './credentials.ts'
import { refuseBody } from './json-body.ts'
import {
  anybody,
  bodyRefusals,
  describeHeader,
  describeOperation,
  type HttpApp,
  voteRefusals,
  voter,
} from './operation.ts'
import { outcomeOf, replayBody } from './plain-vote.ts'
import { PollParams } from './poll-schemas.ts'
import { sendRefusal } from './problems.ts'
import { traceParentIn } from './trace-parent.ts'
import {
  AcceptedVote,
  OwnVote,
  RoundQuery,
  SessionBody,
  SessionHeaders,
  voteBytesMax,
  VoteHeaders,
  VoteInput,
} from './vote-schemas.ts'

export type VoteRoutesParts = {
  readonly castVote: CastVote
  readonly seePoll: Pick<SeePoll, 'ownVote'>
  readonly voteIds: Pick<VoteIds, 'seal'>
  readonly address: PublicAddress
}

const roundInBody = 'Its `round` stands in the body: one in the query is refused.'

const writeSteps = [
  {
    method: 'POST',
    kind: 'cast',
    operationId: 'castVote',
    summary: 'Vote',
    description: `Counts once, however often it is sent. Without a session one is made. ${roundInBody}`,
    refusals: ['option_unknown', 'too_few_choices', 'too_many_choices', 'already_voted', 'code_used'],
  },
  {
    method: 'PUT',
    kind: 'change',
    operationId: 'changeVote',
    summary: 'Change my vote',
    description: `Where the poll allows it. ${roundInBody}`,
    refusals: ['option_unknown', 'too_few_choices', 'too_many_choices', 'change_not_allowed', 'no_vote'],
  },
  {
    method: 'DELETE',
    kind: 'retract',
    operationId: 'retractVote',
    summary: 'Retract my vote',
    description: 'Where the poll allows changes. Voting again is possible.',
    refusals: ['change_not_allowed', 'no_vote'],
  },
] as const

/** Voting, changing, retracting, and looking at one's own vote. */
export function voteRoutes(app: HttpApp, parts: VoteRoutesParts): void {
  const takeVote = createTakeVote(app, parts)
  for (const { method, kind, operationId, summary, description, refusals } of writeSteps) {
    const schema = {
      ...describeOperation({
        operationId,
        tags: ['Votes'],
        summary,
        description,
        security: voter,
        refusals: [...voteRefusals, ...refusals],
      }),
      params: PollParams,
      headers: VoteHeaders,
      response: {
        202: { ...AcceptedVote, headers: { Location: describeHeader('Where the receipt of this vote is.') } },
      },
    }
    const url = '/polls/:poll_id/vote'
    if (kind === 'retract') {
      app.route({
        method,
        url,
        schema: { ...schema, querystring: RoundQuery },
        bodyLimit: voteBytesMax,
        preValidation: refuseBody,
        handler: async (request, reply) => {
          const round = request.query.round === undefined ? null : Number(request.query.round)
          await takeVote({ pollId: request.params.poll_id, kind, optionIds: [], round }, request, reply)
          return reply
        },
      })
    } else {
      app.route({
        method,
        url,
        schema: { ...schema, body: VoteInput },
        bodyLimit: voteBytesMax,
        preParsing: replayBody,
        preValidation: refuseRoundInQuery,
        handler: async (request, reply) => {
          const optionIds = chosenOptions(request.body)
          if (isRefused(optionIds)) return sendRefusal(reply, optionIds)
          const round = request.body.round ?? null
          await takeVote({ pollId: request.params.poll_id, kind, optionIds, round }, request, reply)
          return reply
        },
      })
    }
  }
  ownVoteRoute(app, parts)
}

type TakeVote = (
  asked: Omit<VoteRequest, 'shown'>,
  request: FastifyRequest,
  reply: FastifyReply,
) => Promise<FastifyReply>

function createTakeVote(app: HttpApp, { castVote, address }: VoteRoutesParts): TakeVote {
  return async (asked, request, reply) => {
    const shown = readVoter(app, request, address)
    if (isRefused(shown)) return sendRefusal(reply, shown)
    const accepted = await (outcomeOf(request.raw) ??
      castVote({ ...asked, shown, traceParent: traceParentIn(request.raw) }))
    if (isRefused(accepted)) return sendRefusal(reply, pointAtSent(accepted, request.body))
    const { voteId, newSession } = accepted
    reply.code(202).header('location', `/votes/${voteId}`).header('cache-control', 'no-store')
    if (newSession === null) return reply.send({ vote_id: voteId, status: 'accepted' })
    setSessionCookie(reply, newSession, address)
    return reply.send({ vote_id: voteId, status: 'accepted', voter_token: newSession.token })
  }
}

/** Nobody looks for it there, and the vote would count in a round that it is not meant for. */
async function refuseRoundInQuery(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> {
  const { query } = request
  if (typeof query !== 'object' || query === null || !('round' in query)) return undefined
  return sendRefusal(reply, refuse('invalid_body', 'The round of this vote stands in its body, not in the query.'))
}

function chosenOptions({ option_id: one, option_ids: several }: VoteInput): readonly number[] | Refused {
  if (one === undefined && several !== undefined) return several
  if (one !== undefined && several === undefined) return [one]
  const detail = 'must be given, and only one of the two: option_ids or option_id'
  return refuse('invalid_body', 'Send either option_ids or option_id.', [{ pointer: '/option_ids', detail }])
}

/** The pointers of a refusal lead into `option_ids`; who sent `option_id` is led there. */
function pointAtSent(refused: Refused, body: unknown): Refused {
  if (refused.errors === undefined || typeof body !== 'object' || body === null || !('option_id' in body))
    return refused
  return { ...refused, errors: refused.errors.map((error) => ({ ...error, pointer: '/option_id' })) }
}

function ownVoteRoute(app: HttpApp, { seePoll, voteIds, address }: VoteRoutesParts): void {
  app.get(
    '/polls/:poll_id/vote',
    {
      schema: {
        ...describeOperation({
          operationId: 'getOwnVote',
          tags: ['Votes'],
          summary: 'My vote',
          security: voter,
          refusals: [
            'idempotency_key_weak',
            'unauthenticated',
            'token_invalid',
            'poll_not_found',
            'rate_limited',
            'unavailable',
          ],
        }),
        params: PollParams,
        response: { 200: OwnVote },
      },
    },
    async (request, reply) => {
      const shown = readVoter(app, request, address)
      if (isRefused(shown)) return sendRefusal(reply, shown)
      const own = await seePoll.ownVote(request.params.poll_id, shown)
      if (isRefused(own)) return sendRefusal(reply, own)
      reply.header('cache-control', 'private, no-store')
      if (own === null) return reply.send({ vote: null })
      const status = own.isRecorded ? 'recorded' : 'accepted'
      return reply.send({ vote: { vote_id: voteIds.seal(own), round: own.round, option_ids: own.selection, status } })
    },
  )
}

export type SessionRouteParts = {
  readonly identifyVoter: Pick<IdentifyVoter, 'session'>
  readonly address: PublicAddress
}

/** A session for clients that keep no cookies; a browser on a page of ours gets the cookie as well. */
export function sessionRoute(app: HttpApp, { identifyVoter, address }: SessionRouteParts): void {
  app.post(
    '/session',
    {
      preValidation: refuseBody,
      bodyLimit: voteBytesMax,
      schema: {
        ...describeOperation({
          operationId: 'beginSession',
          tags: ['Votes'],
          summary: 'Begin a session, or keep the one I have',
          description: 'With the same Idempotency-Key it is the same session, also where both calls come at once.',
          security: anybody,
          refusals: [...bodyRefusals, 'idempotency_key_weak', 'token_invalid', 'rate_limited'],
        }),
        headers: SessionHeaders,
        response: { 201: SessionBody },
      },
    },
    async (request, reply) => {
      const shown = readVoter(app, request, address)
      if (isRefused(shown)) return sendRefusal(reply, shown)
      const session = identifyVoter.session(shown)
      if (isRefused(session)) return sendRefusal(reply, session)
      setSessionCookie(reply, session, address)
      reply.code(201).header('cache-control', 'no-store')
      return reply.send({ voter_token: session.token, expires_at: new Date(session.expiresAt).toISOString() })
    },
  )
}
