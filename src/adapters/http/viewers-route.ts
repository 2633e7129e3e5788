import { Type } from 'typebox'
import type { CountViewers } from '../../application/count-viewers.ts'
import { isRefused } from '../../domain/refusal.ts'
import { anybody, describeOperation, type HttpApp } from './operation.ts'
import { PollParams } from './poll-schemas.ts'
import { sendRefusal } from './problems.ts'

const ViewersBody = Type.Object(
  { viewers: Type.Integer({ description: 'Connections that watch it, over all processes.', examples: [240] }) },
  { description: 'As of some seconds ago.' },
)

/** `GET /polls/{id}/viewers`: how many watch. The same for everybody, and with results that are hidden. */
export function viewersRoute(app: HttpApp, countViewers: Pick<CountViewers, 'count'>): void {
  app.get(
    '/polls/:poll_id/viewers',
    {
      schema: {
        ...describeOperation({
          operationId: 'countViewers',
          tags: ['Live'],
          summary: 'How many watch',
          description:
            'WebSockets and event streams that are open: of whoever asks here too, where it watches. A process that has died counts for up to ten seconds.',
          security: anybody,
          refusals: ['poll_not_found', 'overloaded', 'unavailable'],
        }),
        params: PollParams,
        response: { 200: ViewersBody },
      },
    },
    async (request, reply) => {
      const viewers = await countViewers.count(request.params.poll_id)
      if (isRefused(viewers)) return sendRefusal(reply, viewers)
      return reply.header('cache-control', 'public, max-age=1').send({ viewers })
    },
  )
}
