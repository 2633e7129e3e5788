import { Type } from 'typebox'
import { BULK_VOTE_KINDS, BULK_VOTE_LIMITS } from './bulk-vote.ts'
import { choiceFields, voteId } from './vote-schemas.ts'

const { voterCharactersMax, keyCharactersMax } = BULK_VOTE_LIMITS

export const BulkLine = Type.Object(
  {
    voter: Type.String({
      minLength: 1,
      maxLength: voterCharactersMax,
      description: 'Your name for the voter: the same text is the same voter, another is another. It is not stored.',
      examples: ['user-42'],
    }),
    ...choiceFields,
    key: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: keyCharactersMax,
        description:
          'As an Idempotency-Key, for this voter alone: the same vote with the same key is answered as the first time, whatever has happened since.',
      }),
    ),
    kind: Type.Optional(
      Type.Enum([...BULK_VOTE_KINDS], {
        description:
          '`cast` where it is left out. `change` and `retract` where the poll allows it; `retract` has no options.',
      }),
    ),
  },
  {
    additionalProperties: false,
    description: 'One line: a vote, with either `option_ids` or `option_id`.',
    examples: [{ voter: 'user-42', option_id: 2 }],
  },
)

export const BulkAnswerLine = Type.Union(
  [
    Type.Object(
      { vote_id: voteId, status: Type.Literal('accepted') },
      { additionalProperties: false, description: 'The log has the vote: it counts exactly once.' },
    ),
    Type.Object(
      {
        code: Type.String({ description: 'One of the codes of problems.' }),
        detail: Type.String({ description: 'For the person who reads it.' }),
      },
      { additionalProperties: false, description: 'The vote was not accepted.' },
    ),
  ],
  { description: 'One line for each vote, in the order of the votes.' },
)

/** What the schema of a line cannot say. */
export const bulkDescription = `For a host that knows its voters: many votes in one request, one JSON object per line (NDJSON), each answered
by a line, in the order of the votes, while the request is still being sent.

**Voters.** \`voter\` is your name for the voter, the same as \`sub\` in a token of yours: who votes with that one is the same voter. Voters
of bulk votes are apart from those who vote with a session: somebody who does both is two voters. Polls of every \`voter_identity\` take bulk votes but \`code\`.

**Answers.** The status is 200 as soon as the first line may be sent, because some votes may be accepted and others not: 202 would speak
for all of them. \`accepted\` on a line says what 202 says of a single vote. Other lines have a code: \`invalid_json\`, \`invalid_body\`,
\`too_large\` (a line of more than 4 KiB), \`option_unknown\`, \`too_few_choices\`, \`too_many_choices\`, \`already_voted\`, \`no_vote\`,
\`change_not_allowed\`, \`idempotency_key_reused\`; \`poll_closed\`, \`poll_not_open\` and \`poll_not_found\` where the poll has ended
meanwhile, \`forbidden\` where it asks for codes by now; \`overloaded\` and \`unavailable\`: send this vote again later. A blank line is passed over without an answer. What is wrong with
the request as a whole is a problem, before any line.

**Speed.** Read the answers while you send. Votes are taken as fast as they can be recorded and as you read: who does not read is not
read, and cut off after some 20 seconds. While something is away or behind, votes wait for it up to 10 seconds, and you with them.
Send at least a line every 10 seconds, and begin a new request after at most 10 minutes.

**Again.** An answer that breaks off without its end was not whole, whatever the reason. Votes that were answered \`accepted\` count;
send all others again, or simply all: the same vote of the same voter is answered as accepted and counts once.`
