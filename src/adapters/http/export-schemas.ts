import { Type } from 'typebox'
import { PollBody, ResultsBody } from './poll-schemas.ts'

export const CsvQuery = Type.Object(
  {
    part: Type.Optional(
      Type.Enum(['totals', 'votes'], {
        description: 'The votes of each option, or single votes where `voter_visibility` allows. Default: totals.',
      }),
    ),
  },
  { additionalProperties: false },
)

export const ExportBody = Type.Object(
  {
    poll: PollBody,
    totals: ResultsBody,
    votes: Type.Unsafe<readonly { voter: string; option_ids: readonly number[] }[] | null>({
      type: ['array', 'null'],
      description:
        'Each vote that stands, in no order that says when it came. Null where this caller may not see single votes.',
      items: Type.Object({
        voter: Type.String({
          description: 'Names the same voter in every export of this round of this poll, and nobody anywhere else.',
        }),
        option_ids: Type.Array(Type.Integer(), { description: 'The chosen options.' }),
      }),
      examples: [[{ voter: 'v_5f0c1f0e9d584f0ba3ff8b2b', option_ids: [2] }]],
    }),
  },
  { description: 'The poll, its totals and its votes, as they were at one moment.' },
)

export const csvExamples = {
  totals: {
    summary: 'part=totals',
    value:
      'option_id,text,votes,percent,total_votes,question\r\n1,"Tea",24,58.54,41,"Tea or coffee?"\r\n2,"Coffee",17,41.46,41,"Tea or coffee?"\r\n',
  },
  votes: {
    summary: 'part=votes',
    value: 'voter,option_id,text\r\n"v_5f0c1f0e9d584f0ba3ff8b2b",2,"Coffee"\r\n',
  },
}

const pruned = 'Where single votes would be shown and are kept no longer, the answer is 410 `votes_pruned`.'

export const csvDescription = `As RFC 4180 has it: UTF-8, a header line, CRLF, texts in quotes. A text that a spreadsheet would take for a formula has an
apostrophe in front; the JSON export has all texts as they are.

\`part=totals\`: a line for each option; \`total_votes\` is the base of \`percent\`. Cells of hidden counts are empty.
\`part=votes\`: a line for each chosen option, those of one voter behind each other. The poll's \`voter_visibility\` says who gets them: with
\`secret\` nobody, with \`organizer\` the organiser, with \`public\` everybody who may see results; others are answered 403 \`forbidden\`.

${pruned}

${brokenOff()}`

export const jsonDescription = `Totals and votes are of one moment. ${pruned} ${brokenOff()}`

function brokenOff(): string {
  return 'A long export is sent while it is read; one that breaks off without its end is not whole, and its connection is cut. Take it within 10 minutes, and go on reading.'
}
