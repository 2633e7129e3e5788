import { Type } from 'typebox'
import type { AdmitViewer } from '../../application/watch-poll/admit-viewer.ts'
import { isRefused } from '../../domain/refusal.ts'
import type { PublicAddress } from '../browsers/foreign-page.ts'
import { readReader } from './credentials.ts'
import { refuseBody } from './json-body.ts'
import { bodyRefusals, describeOperation, type HttpApp, organiser, readRefusals, voter } from './operation.ts'
import { PollParams } from './poll-schemas.ts'
import { sendRefusal } from './problems.ts'

const TicketBody = Type.Object(
  {
    ticket: Type.String({ description: 'To be sent as `?ticket=` to the event stream or the WebSocket of this poll.' }),
    expires_at: Type.String({ format: 'date-time' }),
  },
  { description: 'Stands for ten minutes for what was shown.' },
)

/** `POST /polls/{id}/ticket`: for pages that can send neither header nor cookie with a WebSocket or an EventSource. */
export function ticketRoute(app: HttpApp, admitViewer: Pick<AdmitViewer, 'issueTicket'>, address: PublicAddress): void {
  app.post(
    '/polls/:poll_id/ticket',
    {
      preValidation: refuseBody,
      schema: {
        ...describeOperation({
          operationId: 'issueTicket',
          tags: ['Live'],
          summary: 'A ticket for a live channel',
          description: 'Shows as much as the voter or organiser who asks for it may see.',
          security: [...organiser, ...voter.slice(1)],
          refusals: [...bodyRefusals, ...readRefusals],
        }),
        params: PollParams,
        response: { 201: TicketBody },
      },
    },
    async (request, reply) => {
      const shown = readReader(app, request, address)
      if (isRefused(shown)) return sendRefusal(reply, shown)
      const issued = await admitViewer.issueTicket(request.params.poll_id, shown)
      if (isRefused(issued)) return sendRefusal(reply, issued)
      reply.code(201).header('cache-control', 'no-store')
      return reply.send({ ticket: issued.ticket, expires_at: new Date(issued.expiresAt).toISOString() })
    },
  )
}
