import { createHash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { say } from '../../../../web/i18n/say.ts'
import { refusalOfFault } from '../../../application/refusal-of-fault.ts'
import type { SeePoll } from '../../../application/watch-poll/see-poll.ts'
import { isRefused } from '../../../domain/refusal.ts'
import type { PublicAddress } from '../../browsers/foreign-page.ts'
import { hasAlready } from '../conditional.ts'
import { protectPages } from '../html-headers.ts'
import type { HttpApp } from '../operation.ts'
import { PROBLEMS } from '../problems.ts'
import { sayWhenToComeBack } from './answer-people.ts'
import { builtEntry, readAsset, sendAsset } from './built-assets.ts'
import { html } from './html.ts'
import { type Page, pagePolicy, sendPage } from './layout.ts'

export type EmbedRoutesParts = {
  readonly seePoll: Pick<SeePoll, 'see'>
  readonly address: PublicAddress
  /** Whose pages may frame a poll, as a policy names them. */
  readonly embedOrigins: readonly string[]
  readonly report: (fault: unknown) => void
}

type FrameRequest = FastifyRequest<{ Params: { poll_id: string } }>

const nothingShown = { voterToken: null, sessionCookie: null, requestKey: null, bearer: null }

/** For pages of others: `/embed.js`, which brings `<tally-cast-poll>`, and `/p/{id}/embed`, a frame with nothing else in it. */
export function embedRoutes(app: HttpApp, parts: EmbedRoutesParts): void {
  scriptRoute(app)
  const renderFrame = createRenderFrame()
  app.register(async (frames: HttpApp) => {
    await protectPages(frames, ({ headers }) => pagePolicy(headers.host), parts.address, parts.embedOrigins)
    // The frame itself tells what is wrong, and tries again.
    frames.setErrorHandler((fault, request, reply) => {
      const unavailable = refusalOfFault(fault)
      if (unavailable === null) parts.report(fault)
      else sayWhenToComeBack(reply, unavailable)
      // Only the route below is in this scope.
      return sendPage(reply, unavailable === null ? 500 : 503, () =>
        renderFrame((request as FrameRequest).params.poll_id),
      )
    })
    frames.get('/p/:poll_id/embed', { schema: { hide: true } }, async (request: FrameRequest, reply) => {
      const { poll_id: pollId } = request.params
      const seen = await parts.seePoll.see(pollId, nothingShown)
      if (isRefused(seen)) sayWhenToComeBack(reply, seen)
      return sendPage(reply, isRefused(seen) ? PROBLEMS[seen.refused].status : 200, () => renderFrame(pollId))
    })
  })
}

/** Its address stands in other people's pages and never changes, so whoever has it asks now and then whether it is still the same. */
function scriptRoute(app: HttpApp): void {
  const script = readAsset('embed/embed.js')
  const tag = `"${createHash('sha256').update(script.plain).digest('base64url').slice(0, 22)}"`
  const headers = {
    'cache-control': 'public, max-age=300',
    // Weak: it names what the script says, in whatever coding it travels.
    etag: `W/${tag}`,
    vary: 'Accept-Encoding',
    // Also for pages that load only what says so.
    'cross-origin-resource-policy': 'cross-origin',
  }
  app.get('/embed.js', { schema: { hide: true } }, async (request, reply) => {
    reply.headers(headers)
    if (hasAlready(request.headers['if-none-match'], tag)) return reply.code(304).send()
    return sendAsset(request, reply, script)
  })
}

/** The same for everybody: there is no count in it. */
function createRenderFrame(): (pollId: string) => Page {
  const entry = builtEntry('frame/main.tsx')
  return (pollId) => ({
    title: say('message.embedded'),
    body: html`<main id="frame" data-id="${pollId}">
      <tally-cast-poll poll="${pollId}"></tally-cast-poll>
      <noscript
        ><p>
          <a href="/p/${encodeURIComponent(pollId)}" target="_blank" rel="noopener">${say('message.without_script')}</a>
        </p></noscript
      >
    </main>`,
    entry,
  })
}
