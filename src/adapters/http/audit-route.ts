import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import type { OrganisePolls } from '../../application/manage-polls/organise-polls.ts'
import { AUDIT_ACTIONS, AUDIT_ACTORS, type AuditEvent } from '../../domain/audit.ts'
import { isRefused } from '../../domain/refusal.ts'
import type { PublicAddress } from '../browsers/foreign-page.ts'
import { readCaller } from './credentials.ts'
import { describeOperation, type HttpApp, keyWith, organiserWhoReads, readRefusals } from './operation.ts'
import { PageQuery, PollParams } from './poll-schemas.ts'
import { sendRefusal } from './problems.ts'

const pageSizeDefault = 20

const textOrNull = (description: string) => Type.Unsafe<string | null>({ type: ['string', 'null'], description })

const knownWords = 'A newer version may have noted words that are not among the examples.'

const forOperators = 'Null for whoever lacks the scope `admin`.'

const Event = Type.Object({
  id: Type.String({
    description:
      'Opaque, and of one poll for whoever lacks the scope `admin`, who sees another id of an event than others do.',
  }),
  at: Type.String({ format: 'date-time' }),
  action: Type.String({ description: `What was done. ${knownWords}`, examples: [...AUDIT_ACTIONS] }),
  actor: Type.String({ description: `What was shown by who acted. ${knownWords}`, examples: [...AUDIT_ACTORS] }),
  actor_key: textOrNull(`Prefix of the API key that acted. ${forOperators}`),
  poll_id: textOrNull('The poll that it was done to.'),
  key_prefix: textOrNull('Prefix of the API key that it was done to.'),
  address: textOrNull(`As this service saw it: behind a proxy that is not trusted, that of the proxy. ${forOperators}`),
  request_id: textOrNull(`The \`X-Request-Id\` of the request. ${forOperators}`),
})

const EventPage = Type.Object(
  { events: Type.Array(Event), next_cursor: textOrNull('Null on the last page.') },
  { description: 'Newest first.' },
)

const refusals = [...readRefusals, 'invalid_body'] as const

type PageRequest = FastifyRequest<{ Querystring: Static<typeof PageQuery> }>

/** What organisers did: all of them, for whoever runs the service; and those of one poll, for whoever manages it. */
export function auditRoutes(
  app: HttpApp,
  organisePolls: Pick<OrganisePolls, 'listAudit'>,
  address: PublicAddress,
): void {
  async function send(request: PageRequest, reply: FastifyReply, pollId: string | null): Promise<FastifyReply> {
    const caller = readCaller(request, address)
    if (isRefused(caller)) return sendRefusal(reply, caller)
    const { cursor = null, limit = pageSizeDefault } = request.query
    const page = await organisePolls.listAudit(caller, pollId, cursor, Number(limit))
    if (isRefused(page)) return sendRefusal(reply, page)
    reply.header('cache-control', 'private, no-store')
    return reply.send({ events: page.events.map(eventBody), next_cursor: page.nextCursor })
  }

  app.get(
    '/audit',
    {
      schema: {
        ...describeOperation({
          operationId: 'listAuditEvents',
          tags: ['Life cycle'],
          summary: 'What organisers did',
          description:
            'Who created, edited, opened, closed, reset or deleted which poll, and what was done to keys. Newest first.',
          security: keyWith('admin'),
          refusals: refusals.filter((refusal) => refusal !== 'poll_not_found'),
        }),
        querystring: PageQuery,
        response: { 200: EventPage },
      },
    },
    async (request, reply) => send(request, reply, null),
  )

  app.get(
    '/polls/:poll_id/audit',
    {
      schema: {
        ...describeOperation({
          operationId: 'listPollAuditEvents',
          tags: ['Life cycle'],
          summary: 'What organisers did to a poll',
          description:
            'Who created, edited, opened, closed or reset it, or made voting codes for it, by what they showed. What time does is nobody’s action. Newest first.',
          security: organiserWhoReads,
          refusals,
        }),
        params: PollParams,
        querystring: PageQuery,
        response: { 200: EventPage },
      },
    },
    async (request, reply) => send(request, reply, request.params.poll_id),
  )
}

function eventBody(event: AuditEvent): Static<typeof Event> {
  return {
    id: event.id,
    at: new Date(event.at).toISOString(),
    action: event.action,
    actor: event.actor,
    actor_key: event.actorKey,
    poll_id: event.pollId,
    key_prefix: event.keyPrefix,
    address: event.address,
    request_id: event.requestId,
  }
}
