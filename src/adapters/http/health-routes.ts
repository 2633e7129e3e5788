import { Type } from 'typebox'
import { refuseForNow } from '../../domain/refusal.ts'
import { anybody, describeOperation, type HttpApp } from './operation.ts'
import { sendRefusal } from './problems.ts'

const notReady = refuseForNow('unavailable', 'This process is starting or stopping.')

/** For whoever runs the process: alive, and whether to send it requests. A lost dependency does not make it unready. */
export function healthRoutes(app: HttpApp, isReady: () => boolean): void {
  app.get(
    '/health/live',
    {
      schema: {
        ...describeOperation({
          operationId: 'isLive',
          tags: ['Health'],
          summary: 'Is it alive',
          security: anybody,
          refusals: [],
        }),
        response: { 200: Type.Object({ status: Type.Literal('live') }, { description: 'It is.' }) },
      },
    },
    async (_request, reply) => reply.header('cache-control', 'no-store').send({ status: 'live' }),
  )
  app.get(
    '/health/ready',
    {
      schema: {
        ...describeOperation({
          operationId: 'isReady',
          tags: ['Health'],
          summary: 'Does it take requests',
          security: anybody,
          refusals: ['unavailable'],
        }),
        response: { 200: Type.Object({ status: Type.Literal('ready') }, { description: 'It does.' }) },
      },
    },
    async (_request, reply) => {
      if (!isReady()) return sendRefusal(reply, notReady)
      return reply.header('cache-control', 'no-store').send({ status: 'ready' })
    },
  )
}
