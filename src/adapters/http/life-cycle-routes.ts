import { Type } from 'typebox'
import type { LifeCycleStep, OrganisePolls } from '../../application/manage-polls/organise-polls.ts'
import { isRefused } from '../../domain/refusal.ts'
import type { PublicAddress } from '../browsers/foreign-page.ts'
import { readCaller } from './credentials.ts'
import { refuseBody } from './json-body.ts'
import { changeRefusals, describeOperation, type HttpApp, organiser } from './operation.ts'
import { pollBody } from './poll-body.ts'
import { PollBody, PollParams } from './poll-schemas.ts'
import { sendRefusal } from './problems.ts'

const steps = [
  {
    step: 'open',
    summary: 'Open a poll',
    description: 'Votes are accepted from now on.',
    refusals: ['poll_closed', 'poll_final'],
  },
  {
    step: 'close',
    summary: 'Close a poll',
    description:
      'Once this has answered, no vote is accepted. The counts are final when the status is `closed`: moments later, when the last accepted vote is recorded.',
    refusals: ['poll_not_open', 'poll_final'],
  },
  {
    step: 'reset',
    summary: 'Begin a new round',
    description: 'The poll is a draft again without votes. Those of earlier rounds stay in the ledger.',
    refusals: [],
  },
] as const satisfies readonly { step: LifeCycleStep; [more: string]: unknown }[]

/** Opening, closing, resetting and deleting: calls without a body. */
export function lifeCycleRoutes(
  app: HttpApp,
  organisePolls: Pick<OrganisePolls, 'step' | 'remove'>,
  address: PublicAddress,
): void {
  for (const { step, summary, description, refusals } of steps) {
    app.post(
      `/polls/:poll_id/${step}`,
      {
        preValidation: refuseBody,
        schema: {
          ...describeOperation({
            operationId: `${step}Poll`,
            tags: ['Life cycle'],
            summary,
            description,
            security: organiser,
            refusals: [...changeRefusals, ...refusals],
          }),
          params: PollParams,
          response: { 200: PollBody },
        },
      },
      async (request, reply) => {
        const caller = readCaller(request, address)
        if (isRefused(caller)) return sendRefusal(reply, caller)
        const live = await organisePolls.step(caller, request.params.poll_id, step)
        if (isRefused(live)) return sendRefusal(reply, live)
        return reply.header('cache-control', 'no-store').send(pollBody(live, true))
      },
    )
  }

  app.delete(
    '/polls/:poll_id',
    {
      preValidation: refuseBody,
      schema: {
        ...describeOperation({
          operationId: 'deletePoll',
          tags: ['Life cycle'],
          summary: 'Delete a poll',
          description: 'For good: it answers 404 from then on.',
          security: organiser,
          refusals: changeRefusals,
        }),
        params: PollParams,
        response: { 204: Type.Null({ description: 'It is gone.' }) },
      },
    },
    async (request, reply) => {
      const caller = readCaller(request, address)
      if (isRefused(caller)) return sendRefusal(reply, caller)
      const refused = await organisePolls.remove(caller, request.params.poll_id)
      return refused === null ? reply.code(204).send(null) : sendRefusal(reply, refused)
    },
  )
}
