import { Type } from 'typebox'
import type { ReadReceipt } from '../../application/cast-vote/read-receipt.ts'
import { isRefused } from '../../domain/refusal.ts'
import { anybody, describeOperation, type HttpApp } from './operation.ts'
import { sendRefusal } from './problems.ts'

const ReceiptParams = Type.Object({
  vote_id: Type.String({ description: 'From the answer to the vote; its `Location` leads here.' }),
})

const ReceiptBody = Type.Object(
  {
    vote_id: Type.String(),
    poll_id: Type.String(),
    round: Type.Integer(),
    status: Type.Enum(['accepted', 'recorded', 'superseded', 'set_aside'], {
      description:
        '`accepted`: in the log, it will count. `recorded`: in the ledger, it counts. `superseded`: a later vote of this voter counts instead. `set_aside`: it could not be recorded and does not count; the operator has it, with the reason.',
    }),
  },
  { description: 'What has become of the vote. Never what was chosen.' },
)

/** `GET /votes/{vote_id}`: for whoever holds the id of a vote. */
export function receiptRoute(app: HttpApp, readReceipt: ReadReceipt): void {
  app.get(
    '/votes/:vote_id',
    {
      schema: {
        ...describeOperation({
          operationId: 'getReceipt',
          tags: ['Votes'],
          summary: 'The receipt of a vote',
          security: anybody,
          refusals: ['vote_not_found', 'unavailable'],
        }),
        params: ReceiptParams,
        response: { 200: ReceiptBody },
      },
    },
    async (request, reply) => {
      const { vote_id: voteId } = request.params
      const receipt = await readReceipt(voteId)
      if (isRefused(receipt)) return sendRefusal(reply, receipt)
      const { pollId, round, status } = receipt
      reply.header('cache-control', 'private, no-store')
      return reply.send({ vote_id: voteId, poll_id: pollId, round, status })
    },
  )
}
