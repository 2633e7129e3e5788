import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { JoinPoll } from '../../../application/join-poll.ts'
import { refusalOfFault } from '../../../application/refusal-of-fault.ts'
import { type Refused, isRefused, refuse } from '../../../domain/refusal.ts'
import { readClientAddress } from '../../browsers/client-address.ts'
import type { PublicAddress } from '../../browsers/foreign-page.ts'
import { protectPages } from '../html-headers.ts'
import { anybody, describeOperation, type HttpApp } from '../operation.ts'
import { PROBLEMS, sendRefusal } from '../problems.ts'
import { isForPerson, sayWhenToComeBack } from './answer-people.ts'
import { renderJoinPage } from './join-page.ts'
import { pagePolicy, sendPage } from './layout.ts'
import { keepAskedLanguage } from './page-language.ts'

export type JoinRoutesParts = { readonly joinPoll: JoinPoll; readonly address: PublicAddress }

const JoinParams = Type.Object({
  join_code: Type.String({
    description: 'As it stands on the screen: case, spaces and hyphens do not matter.',
    examples: ['7KM-X4R'],
  }),
})

const JoinedPoll = Type.Object(
  {
    id: Type.String({ description: 'Of the poll.', examples: ['Zk3vQ8mT1xY5'] }),
    join_code: Type.String({ examples: ['7KMX4R'] }),
    links: Type.Object({
      poll: Type.String({ description: 'The poll.', examples: ['/polls/Zk3vQ8mT1xY5'] }),
      page: Type.String({ description: 'The page to vote and watch.', examples: ['/p/Zk3vQ8mT1xY5'] }),
    }),
  },
  { description: 'Where the code leads.' },
)

const operation = describeOperation({
  operationId: 'joinPoll',
  tags: ['Votes'],
  summary: 'Where a join code leads',
  description:
    'For people who read the code off a screen, so a browser is sent on to the page of the poll, or gets a page that says what is wrong. A deleted poll’s code leads nowhere. What is tried counts for the address that asks, a code that is good once.',
  security: anybody,
  refusals: ['poll_not_found', 'rate_limited', 'overloaded', 'unavailable'],
})

/** `/j`: where people type the code that stands on a screen, without JavaScript too. `/j/{join_code}`: where it leads. */
export function joinRoutes(app: HttpApp, parts: JoinRoutesParts): void {
  app.register(async (pages: HttpApp) => {
    await protectPages(pages, ({ headers }) => pagePolicy(headers.host), parts.address)
    keepAskedLanguage(pages, parts.address)
    pages.setErrorHandler((fault, request, reply) => {
      const unavailable = refusalOfFault(fault)
      if (unavailable === null) throw fault
      return sendRefused(request, reply, unavailable)
    })
    pages.get('/j', { schema: { hide: true } }, async (request, reply) => {
      if (writtenIn(request) !== '') return join(request, reply, parts)
      return isForPerson(request)
        ? sendPage(reply, 200, () => renderJoinPage('', null))
        : sendRefused(request, reply, noCode)
    })
    const response = { 200: JoinedPoll, 303: Type.Null({ description: 'A browser finds the page at `Location`.' }) }
    pages.get(
      '/j/:join_code',
      { schema: { ...operation, params: JoinParams, response } },
      async (request: FastifyRequest, reply) => join(request, reply, parts),
    )
  })
}

async function join(
  request: FastifyRequest,
  reply: FastifyReply,
  { joinPoll, address: { trustedProxies = null } }: JoinRoutesParts,
): Promise<FastifyReply> {
  const joined = await joinPoll(writtenIn(request), readClientAddress(request, trustedProxies))
  if (isRefused(joined)) return sendRefused(request, reply, joined)
  const { pollId, joinCode } = joined
  const links = { poll: `/polls/${pollId}`, page: `/p/${pollId}` }
  // Nobody keeps it: the poll may be deleted, and its code become another's.
  reply.header('cache-control', 'private, no-store').header('vary', 'Accept')
  if (isForPerson(request)) return reply.code(303).header('location', links.page).send()
  return reply.send({ id: pollId, join_code: joinCode, links })
}

/** A person gets the field again, with what was typed. */
function sendRefused(request: FastifyRequest, reply: FastifyReply, no: Refused): FastifyReply {
  reply.header('vary', 'Accept')
  if (!isForPerson(request)) return sendRefusal(reply, no)
  sayWhenToComeBack(reply, no)
  return sendPage(reply, PROBLEMS[no.refused].status, () => renderJoinPage(writtenIn(request), no))
}

/** What somebody typed: part of the address, or sent by the form. */
function writtenIn({ params, url }: FastifyRequest): string {
  // Only routes with this parameter, or with none, are in this scope.
  const { join_code: written } = params as { readonly join_code?: string }
  return written ?? new URLSearchParams(url.split('?')[1] ?? '').get('code') ?? ''
}

const noCode = refuse('route_not_found', 'A join code goes behind this address: /j/7KM-X4R.')
