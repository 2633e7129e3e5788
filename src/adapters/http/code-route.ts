import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { OrganisePolls } from '../../application/manage-polls/organise-polls.ts'
import { isRefused } from '../../domain/refusal.ts'
import { CODE_LIMITS } from '../../domain/voting-code.ts'
import type { PublicAddress } from '../browsers/foreign-page.ts'
import { readCaller } from './credentials.ts'
import { csvLine } from './csv.ts'
import { changeRefusals, describeHeader, describeOperation, type HttpApp, organiser } from './operation.ts'
import { PollParams } from './poll-schemas.ts'
import { sendRefusal } from './problems.ts'

const CodesWish = Type.Object(
  {
    count: Type.Integer({
      minimum: 1,
      maximum: CODE_LIMITS.perCallMax,
      description: `How many. A poll has at most ${CODE_LIMITS.perPollMax} in all.`,
      examples: [100],
    }),
  },
  { additionalProperties: false, examples: [{ count: 100 }] },
)

const CodesBody = Type.Object(
  { codes: Type.Array(Type.String({ examples: ['7Q2M-0X9K-4D1H-TS6A'] })) },
  { description: 'One code per voter.' },
)

const description = `One-time codes for a poll whose \`voter_identity\` is \`code\`: one for each voter, sent by it as \`Voter-Token\`, or
entered on the page of the poll; \`/p/{poll_id}#code=…\` is a link with the code in it. Kept as a hash alone, so they are shown this once;
asking again makes others, in addition. A vote uses its code up: another one with the same code is \`code_used\`. A reset begins a new round, in
which all codes of the poll are good again.

With \`Accept: text/csv\` a file with a header line. Polls that ask for no code are \`identity_not_code\`, those whose result is final
\`poll_final\`; \`code_limit_reached\` where the poll would have too many.`

/** `POST /polls/{id}/codes`: what an organiser hands out to those who may vote. */
export function codeRoute(
  app: HttpApp,
  organisePolls: Pick<OrganisePolls, 'createCodes'>,
  address: PublicAddress,
): void {
  app.post(
    '/polls/:poll_id/codes',
    {
      schema: {
        ...describeOperation({
          operationId: 'createCodes',
          tags: ['Life cycle'],
          summary: 'Make voting codes',
          description,
          security: organiser,
          refusals: [...changeRefusals, 'identity_not_code', 'poll_final', 'code_limit_reached'],
        }),
        params: PollParams,
        body: CodesWish,
        response: {
          201: {
            description: 'The codes.',
            headers: { 'Content-Disposition': describeHeader('Of the file: `attachment`, with a name.') },
            content: {
              'application/json': { schema: CodesBody },
              'text/csv': { schema: { type: 'string', examples: ['"code"\r\n"7Q2M-0X9K-4D1H-TS6A"\r\n'] } },
            },
          },
        },
      },
    },
    async (request, reply) => {
      const caller = readCaller(request, address)
      if (isRefused(caller)) return sendRefusal(reply, caller)
      const { poll_id: pollId } = request.params
      const codes = await organisePolls.createCodes(caller, pollId, request.body.count)
      if (isRefused(codes)) return sendRefusal(reply, codes)
      reply.code(201).header('cache-control', 'no-store').header('vary', 'Accept')
      if (!wantsCsv(request)) return reply.send({ codes: [...codes] })
      return reply
        .type('text/csv; charset=utf-8; header=present')
        .header('content-disposition', `attachment; filename="poll-${pollId}-codes.csv"`)
        .send([csvLine(['code']), ...codes.map((code) => csvLine([code]))].join(''))
    },
  )
}

/** Whoever names it wants it: programs that take anything do not. */
function wantsCsv({ headers: { accept = '' } }: FastifyRequest): boolean {
  return accept.split(',').some((range) => range.split(';', 1)[0]?.trim().toLowerCase() === 'text/csv')
}
