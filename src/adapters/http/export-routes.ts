import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ExportedPoll, ExportedVote, ExportPoll, WantedVotes } from '../../application/export-poll.ts'
import { isRefused, refuseForNow } from '../../domain/refusal.ts'
import type { PublicAddress } from '../browsers/foreign-page.ts'
import { readReader } from './credentials.ts'
import { pollJson, totalsCsv, votesCsv, votesJson } from './export-forms.ts'
import { csvDescription, csvExamples, CsvQuery, ExportBody, jsonDescription } from './export-schemas.ts'
import { describeHeader, describeOperation, type HttpApp, reader, readRefusals } from './operation.ts'
import { PollParams } from './poll-schemas.ts'
import { sendRefusal } from './problems.ts'
import { type PieceLimits, sendPieces } from './send-pieces.ts'

/** A snapshot that is held longer would keep PostgreSQL from clearing away what has changed since. */
const durationMsMax = 10 * 60_000
/** Who takes a few bytes now and then would keep its place from all others for all that time. */
const pieceMsMax = 30_000

export type ExportRoutesParts = {
  readonly exportPoll: ExportPoll
  readonly address: PublicAddress
  readonly report: (fault: unknown) => void
  readonly limits?: PieceLimits
}

const notItsTurn = refuseForNow(
  'overloaded',
  'Ask for an export when the answers before it on this connection are whole.',
)

/** What an export looks like: `whole` where it has no single votes, `pieces` where it has. */
type ExportForm = {
  readonly fileName: (pollId: string) => string
  readonly type: string
  readonly wanted: WantedVotes
  readonly whole: (exported: ExportedPoll) => string
  readonly pieces: (exported: ExportedPoll, pages: AsyncIterable<readonly ExportedVote[]>) => AsyncIterable<string>
}

const csv = { type: 'text/csv; charset=utf-8; header=present', whole: totalsCsv, pieces: votesCsv }
const forms = {
  totals: { ...csv, wanted: 'none', fileName: (id) => `poll-${id}.csv` },
  votes: { ...csv, wanted: 'needed', fileName: (id) => `poll-${id}-votes.csv` },
  json: {
    type: 'application/json; charset=utf-8',
    wanted: 'where_shown',
    fileName: (id) => `poll-${id}.json`,
    whole: pollJson,
    pieces: votesJson,
  },
} as const satisfies Record<string, ExportForm>

/** A poll as a file, for everybody: who may see more shows who they are. */
export function exportRoutes(app: HttpApp, parts: ExportRoutesParts): void {
  const { exportPoll, address, report, limits = { durationMsMax, pieceMsMax } } = parts

  async function send(
    request: FastifyRequest,
    reply: FastifyReply,
    pollId: string,
    form: ExportForm,
  ): Promise<FastifyReply> {
    const shown = readReader(app, request, address)
    if (isRefused(shown)) return sendRefusal(reply, shown)
    // Its answer would wait behind another, for as long as that takes, and keep a place from all others.
    if (reply.raw.socket === null) return sendRefusal(reply, notItsTurn)
    const headers = headersOf(form, pollId)
    const work = async (exported: ExportedPoll): Promise<string | null> => {
      const { votes } = exported
      if (votes === null) return form.whole(exported)
      const pieces = request.method === 'HEAD' ? noBody() : form.pieces(exported, votes)
      await sendPieces(reply, headers, pieces, limits)
      return null
    }
    const whole = await exportPoll.run(pollId, shown, form.wanted, work).catch((fault: unknown) => {
      // Nobody can be told any more; the connection was cut.
      if (!reply.raw.headersSent) throw fault
      report(fault)
      return null
    })
    if (isRefused(whole)) return sendRefusal(reply, whole)
    if (whole !== null) return reply.headers(headers).send(whole)
    // Said when the place is free: who takes one export after the other needs no second one.
    if (!reply.raw.destroyed) reply.raw.end()
    return reply
  }

  addCsvRoute(app, send)
  addJsonRoute(app, send)
}

/** An id has no character that a file name or a header may not have. */
function headersOf({ type, fileName }: ExportForm, pollId: string): Readonly<Record<string, string>> {
  return {
    'content-type': type,
    'content-disposition': `attachment; filename="${fileName(pollId)}"`,
    'cache-control': 'private, no-store',
  }
}

async function* noBody(): AsyncIterable<string> {
  yield ''
}

type Send = (request: FastifyRequest, reply: FastifyReply, pollId: string, form: ExportForm) => Promise<FastifyReply>

const about = { tags: ['Polls'], security: reader }
const fileHeaders = { 'Content-Disposition': describeHeader('`attachment`, with a file name.') }

function addCsvRoute(app: HttpApp, send: Send): void {
  app.get(
    '/polls/:poll_id/export.csv',
    {
      schema: {
        ...describeOperation({
          ...about,
          operationId: 'exportCsv',
          summary: 'Totals or votes, for a spreadsheet',
          description: csvDescription,
          refusals: [...readRefusals, 'invalid_body', 'votes_pruned', 'overloaded'],
        }),
        params: PollParams,
        querystring: CsvQuery,
        response: {
          200: {
            description: 'The file.',
            headers: fileHeaders,
            content: { 'text/csv': { schema: { type: 'string' }, examples: csvExamples } },
          },
        },
      },
    },
    async (request, reply) => {
      const { part = 'totals' } = request.query
      return send(request, reply, request.params.poll_id, forms[part])
    },
  )
}

function addJsonRoute(app: HttpApp, send: Send): void {
  app.get(
    '/polls/:poll_id/export.json',
    {
      schema: {
        ...describeOperation({
          ...about,
          operationId: 'exportJson',
          summary: 'Poll, totals and votes, for programs',
          description: jsonDescription,
          refusals: [...readRefusals, 'votes_pruned', 'overloaded'],
        }),
        params: PollParams,
        response: {
          200: {
            description: 'The file.',
            headers: fileHeaders,
            content: { 'application/json': { schema: ExportBody } },
          },
        },
      },
    },
    async (request, reply) => send(request, reply, request.params.poll_id, forms.json),
  )
}
