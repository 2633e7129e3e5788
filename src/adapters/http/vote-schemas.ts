import { type Static, Type } from 'typebox'
import { POLL_LIMITS } from '../../domain/poll.ts'

/** The largest body of a vote. */
export const voteBytesMax = 4 * 1024

const optionIds = Type.Array(Type.Integer(), {
  maxItems: POLL_LIMITS.optionsMax,
  description: 'Ids of the chosen options.',
  examples: [[2]],
})

export const choiceFields = {
  option_ids: Type.Optional(optionIds),
  option_id: Type.Optional(Type.Integer({ description: 'Instead of option_ids, where one option is chosen.' })),
}

const roundMeaning =
  'The round for which the vote is meant, as the poll told it. In another round it is refused as `round_not_current`, and nothing is recorded; without it a vote counts in the round that there is.'

export const VoteInput = Type.Object(
  { ...choiceFields, round: Type.Optional(Type.Integer({ minimum: 1, description: roundMeaning, examples: [1] })) },
  {
    additionalProperties: false,
    description: 'Either `option_ids` or `option_id`.',
    examples: [{ option_ids: [2] }],
  },
)
export type VoteInput = Static<typeof VoteInput>

export const voteId = Type.String({ description: 'Opaque. The same vote always has the same id.' })
const voterToken = Type.String({
  description: 'To be sent as `Voter-Token` by clients that keep no cookies, and by pages of other origins.',
})

/** A retract has no body. */
export const RoundQuery = Type.Object({
  round: Type.Optional(Type.String({ pattern: '^[1-9][0-9]{0,8}$', description: roundMeaning, examples: ['1'] })),
})

export const VoteHeaders = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      description:
        'A UUID (version 4 or 7) per vote, as in draft-ietf-httpapi-idempotency-key-header-07. A repeated call with the same key counts once and is answered as the first time, also where the first answer was lost together with its session, and also after the poll has closed.',
    }),
  ),
})

export const SessionHeaders = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      description:
        'A UUID (version 4 or 7). Calls with the same key begin the same session, so the key is to be kept as secret as that.',
    }),
  ),
})

export const AcceptedVote = Type.Object(
  {
    vote_id: voteId,
    status: Type.Literal('accepted'),
    voter_token: Type.Optional(voterToken),
  },
  { description: 'The log has the vote: it counts exactly once. `voter_token` comes where a session was made.' },
)

type OwnVoteBody = {
  readonly vote_id: string
  readonly round: number
  readonly option_ids: readonly number[]
  readonly status: 'accepted' | 'recorded'
}

export const OwnVote = Type.Object(
  {
    vote: Type.Unsafe<OwnVoteBody | null>({
      type: ['object', 'null'],
      properties: {
        vote_id: voteId,
        round: Type.Integer({ description: 'In which it counts. In a later round of the poll there is none yet.' }),
        option_ids: optionIds,
        status: {
          type: 'string',
          enum: ['accepted', 'recorded'],
          description: 'Both count; `recorded` where the ledger was asked.',
        },
      },
      required: ['vote_id', 'round', 'option_ids', 'status'],
    }),
  },
  { description: 'The caller’s own vote; null before the first one and after a retract.' },
)

export const SessionBody = Type.Object(
  { voter_token: voterToken, expires_at: Type.String({ format: 'date-time' }) },
  { description: 'A session; for a page of this service also the cookie that carries it.' },
)
