import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { OrganisePolls } from '../../application/manage-polls/organise-polls.ts'
import type { SeenPoll, SeePoll } from '../../application/watch-poll/see-poll.ts'
import { type Refused, isRefused } from '../../domain/refusal.ts'
import type { PublicAddress } from '../browsers/foreign-page.ts'
import { readCaller, readReader } from './credentials.ts'
import {
  bodyRefusals,
  changeRefusals,
  describeOperation,
  type HttpApp,
  keyWith,
  organiser,
  readRefusals,
  reader,
} from './operation.ts'
import { type Form, pointIntoBody, pollBody, readNewPoll, readPollEdit } from './poll-body.ts'
import {
  CreatedPoll,
  NewPoll,
  PageQuery,
  PollBody,
  PollEdit,
  PollPage,
  PollParams,
  ResultsBody,
} from './poll-schemas.ts'
import { sendRefusal } from './problems.ts'
import { sendSeen } from './send-seen.ts'

const pageSizeDefault = 20

export type ReadPollRoutesParts = {
  readonly seePoll: Pick<SeePoll, 'see' | 'seeKnown'>
  readonly address: PublicAddress
  /** True while the process stops: answers ask for the end of their connection. */
  readonly isStopping: () => boolean
}

/** Reading polls, for everybody: who may see more shows who they are. */
export function readPollRoutes(app: HttpApp, { seePoll, address, isStopping }: ReadPollRoutesParts): void {
  const send = (request: FastifyRequest, reply: FastifyReply, form: Form, seen: SeenPoll | Refused): void => {
    if (isRefused(seen)) return void sendRefusal(reply, seen)
    sendSeen(request, reply.hijack().raw, form, seen, isStopping())
  }
  const forms = [
    { form: 'poll', url: '/polls/:poll_id', operationId: 'getPoll', summary: 'A poll with its tally', body: PollBody },
    {
      form: 'results',
      url: '/polls/:poll_id/results',
      operationId: 'getResults',
      summary: 'The tally alone',
      body: ResultsBody,
    },
  ] as const
  for (const { form, url, operationId, summary, body } of forms) {
    app.get(
      url,
      {
        schema: {
          ...describeOperation({
            operationId,
            tags: ['Polls'],
            summary,
            description: 'Answers 304 to an `If-None-Match` with the newest `ETag`. Hidden counts are null.',
            security: reader,
            refusals: readRefusals,
          }),
          params: PollParams,
          response: { 200: body, 304: Type.Null({ description: 'Nothing has changed.' }) },
        },
      },
      (request, reply) => {
        const shown = readReader(app, request, address)
        if (isRefused(shown)) return void sendRefusal(reply, shown)
        const { poll_id: pollId } = request.params
        const known = seePoll.seeKnown(pollId, shown)
        if (known === null) return seePoll.see(pollId, shown).then((seen) => send(request, reply, form, seen))
        return send(request, reply, form, known)
      },
    )
  }
}

/** The organiser's changes of the definition, and the making of new ones. */
export function changePollRoutes(app: HttpApp, organisePolls: OrganisePolls, address: PublicAddress): void {
  app.post(
    '/polls',
    {
      schema: {
        ...describeOperation({
          operationId: 'createPoll',
          tags: ['Polls'],
          summary: 'Make a poll',
          description:
            'Opens at once, unless it is a draft or `opens_at` lies in the future. An API key that is shown manages the poll too. Where POLL_CREATION is `key` nobody creates polls without one.',
          security: [{}, ...keyWith('polls:write')],
          refusals: [
            ...bodyRefusals,
            'unauthenticated',
            'token_invalid',
            'forbidden',
            'rate_limited',
            'overloaded',
            'unavailable',
          ],
        }),
        body: NewPoll,
        response: { 201: CreatedPoll },
      },
    },
    async (request, reply) => {
      const caller = readCaller(request, address)
      if (isRefused(caller)) return sendRefusal(reply, caller)
      const input = readNewPoll(request.body)
      if (isRefused(input)) return sendRefusal(reply, input)
      const created = await organisePolls.create(caller, input)
      if (isRefused(created)) return sendRefusal(reply, pointIntoBody(created, request.body))
      const { live, manageToken } = created
      reply.code(201).header('location', `/polls/${live.poll.id}`).header('cache-control', 'no-store')
      return reply.send({ ...pollBody(live, true), manage_token: manageToken })
    },
  )

  app.patch(
    '/polls/:poll_id',
    {
      schema: {
        ...describeOperation({
          operationId: 'editPoll',
          tags: ['Polls'],
          summary: 'Edit a poll',
          description:
            'What is left out stays. Once it was open in a round, only texts, `closes_at` and `results_visibility` may change; once it is closing, `results_visibility` alone.',
          security: organiser,
          refusals: [...changeRefusals, 'options_frozen', 'poll_closed', 'poll_final'],
        }),
        params: PollParams,
        body: PollEdit,
        response: { 200: PollBody },
      },
    },
    async (request, reply) => {
      const caller = readCaller(request, address)
      if (isRefused(caller)) return sendRefusal(reply, caller)
      const patch = readPollEdit(request.body)
      if (isRefused(patch)) return sendRefusal(reply, patch)
      const live = await organisePolls.update(caller, request.params.poll_id, patch)
      if (isRefused(live)) return sendRefusal(reply, pointIntoBody(live, request.body))
      return reply.header('cache-control', 'no-store').send(pollBody(live, true))
    },
  )
}

/** The polls of a key. */
export function listPollRoutes(app: HttpApp, organisePolls: Pick<OrganisePolls, 'list'>, address: PublicAddress): void {
  app.get(
    '/polls',
    {
      schema: {
        ...describeOperation({
          operationId: 'listPolls',
          tags: ['Polls'],
          summary: 'The polls of a key, newest first',
          description: 'Those that the API key created; with the scope `admin`, or ADMIN_TOKEN, all.',
          security: keyWith('polls:read'),
          refusals: [
            'unauthenticated',
            'token_invalid',
            'forbidden',
            'invalid_body',
            'rate_limited',
            'overloaded',
            'unavailable',
          ],
        }),
        querystring: PageQuery,
        response: { 200: PollPage },
      },
    },
    async (request, reply) => {
      const caller = readCaller(request, address)
      if (isRefused(caller)) return sendRefusal(reply, caller)
      const { cursor = null, limit = pageSizeDefault } = request.query
      const page = await organisePolls.list(caller, cursor, Number(limit))
      if (isRefused(page)) return sendRefusal(reply, page)
      reply.header('cache-control', 'private, no-store')
      return reply.send({ polls: page.polls.map((live) => pollBody(live, true)), next_cursor: page.nextCursor })
    },
  )
}
