import { Type } from 'typebox'
import type { OrganisePolls } from '../../application/manage-polls/organise-polls.ts'
import { isRefused } from '../../domain/refusal.ts'
import type { PublicAddress } from '../browsers/foreign-page.ts'
import { readCaller } from './credentials.ts'
import { describeOperation, type HttpApp, organiserWhoReads, readRefusals } from './operation.ts'
import { PollParams } from './poll-schemas.ts'
import { sendRefusal } from './problems.ts'

const ProgressBody = Type.Object(
  {
    poll_id: Type.String(),
    round: Type.Integer(),
    accepted_votes: Type.Integer({
      description: 'What `recorded_votes` will be once nothing is on its way any more.',
      examples: [41],
    }),
    recorded_votes: Type.Integer({ description: 'Votes that are in the ledger and in every count.', examples: [40] }),
    waiting_votes: Type.Integer({
      description: 'First votes, changes and retracts that are accepted and not yet recorded.',
      examples: [1],
    }),
    oldest_waiting_ms: Type.Integer({ description: 'How long the first of them has waited; 0 where none does.' }),
  },
  {
    description:
      'At most two seconds old. Where more than 5,000 votes wait, those in other polls included, the numbers may be too low.',
  },
)

/** `GET /polls/{id}/progress`: how far the votes of a poll are recorded, for its organiser. */
export function progressRoute(
  app: HttpApp,
  organisePolls: Pick<OrganisePolls, 'progress'>,
  address: PublicAddress,
): void {
  app.get(
    '/polls/:poll_id/progress',
    {
      schema: {
        ...describeOperation({
          operationId: 'getProgress',
          tags: ['Polls'],
          summary: 'How far the votes are recorded',
          description: 'Of the current round, for whoever manages the poll. Votes in other polls have no part in it.',
          security: organiserWhoReads,
          refusals: readRefusals,
        }),
        params: PollParams,
        response: { 200: ProgressBody },
      },
    },
    async (request, reply) => {
      const caller = readCaller(request, address)
      if (isRefused(caller)) return sendRefusal(reply, caller)
      const progress = await organisePolls.progress(caller, request.params.poll_id)
      if (isRefused(progress)) return sendRefusal(reply, progress)
      return reply.header('cache-control', 'private, no-store').send({
        poll_id: progress.pollId,
        round: progress.round,
        accepted_votes: progress.acceptedVotes,
        recorded_votes: progress.recordedVotes,
        waiting_votes: progress.waitingVotes,
        oldest_waiting_ms: progress.oldestWaitingMs,
      })
    },
  )
}
