import { Type } from 'typebox'
import { PollBody } from './poll-schemas.ts'

const { question, description, min_choices, max_choices, voter_identity, allow_vote_change } = PollBody.properties
const { type, opened_at, closed_at, edited_at, round, revision } = PollBody.properties

export const SignedResultBody = Type.Object(
  {
    result: Type.Object({
      format: Type.Literal('tallycast.result.v1'),
      issuer: Type.Unsafe<string | null>({
        type: ['string', 'null'],
        description: 'PUBLIC_URL of the service; null where it has none.',
        examples: ['https://polls.example.org'],
      }),
      poll_id: Type.String(),
      question,
      description,
      type,
      options: Type.Array(Type.Object({ id: Type.Integer(), text: Type.String(), votes: Type.Integer() })),
      min_choices,
      max_choices,
      voter_identity,
      allow_vote_change,
      opened_at,
      closed_at,
      edited_at,
      round,
      revision,
      version: Type.Integer({ description: 'The number of changes of the poll.' }),
      total_votes: Type.Integer({ description: 'The base of percentages.' }),
      ledger: Type.Object(
        {
          algorithm: Type.Literal('sha-256'),
          votes: Type.Integer({ description: 'The votes that stand: those that were retracted are no part of it.' }),
          digest: Type.String({
            pattern: '^[0-9a-f]{64}$',
            description:
              'SHA-256, hexadecimal, over a line for each vote that stands, in the order of the voter keys: the key (32 lower-case hexadecimal digits), a space, the ids of the chosen options in ascending order with commas between, a line feed.',
          }),
        },
        { description: 'What whoever has the ledger can make anew.' },
      ),
    }),
    signature: Type.Object(
      {
        algorithm: Type.Literal('Ed25519'),
        key_id: Type.String({
          description: 'The key’s thumbprint (RFC 7638), by which it is found among the published ones.',
        }),
        value: Type.String({ description: 'Base64.' }),
      },
      { description: 'Over the UTF-8 bytes of `result` in canonical form (RFC 8785).' },
    ),
  },
  { description: 'The final result of one round, and who says so.' },
)

export const signedResultDescription = `Once \`results_final\` is true, for who may see results; before that 409 \`poll_not_final\`. The whole answer is in canonical form (RFC 8785), so the bytes
that were signed stand in it as they are, between \`{"result":\` and \`,"signature":\`. It goes on being good after a reset, which begins another round, and after the poll has been deleted, so keep it.
The first who asks waits for the votes to be read: about a second for each few hundred thousand, and after 10 s is told by 503 to come back, while the reading goes on.`

const ResultKeyBody = Type.Object({
  kty: Type.Literal('OKP'),
  crv: Type.Literal('Ed25519'),
  x: Type.String({ description: 'The key, base64url.' }),
  kid: Type.String({ description: 'Its thumbprint (RFC 7638); `key_id` of what it has signed.' }),
  use: Type.Literal('sig'),
  alg: Type.Literal('EdDSA'),
})

export const ResultKeysBody = Type.Object(
  { keys: Type.Array(ResultKeyBody) },
  { description: 'A JSON Web Key Set (RFC 7517). The first key signs; the others have signed.' },
)

export const KeyParams = Type.Object({
  key_id: Type.String({ minLength: 1, maxLength: 64, description: '`key_id` of a signed result.' }),
})
