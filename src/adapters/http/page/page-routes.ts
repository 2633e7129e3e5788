import type { FastifyReply, FastifyRequest } from 'fastify'
import { say } from '../../../../web/i18n/say.ts'
import { tellFault } from '../../../../web/i18n/tell-fault.ts'
import type { CastVote } from '../../../application/cast-vote.ts'
import type { IdentifyVoter, VoterCredentials } from '../../../application/cast-vote/identify-voter.ts'
import { refusalOfFault } from '../../../application/refusal-of-fault.ts'
import type { SeePoll } from '../../../application/watch-poll/see-poll.ts'
import { type Refused, isRefused, refuse } from '../../../domain/refusal.ts'
import type { Poll } from '../../../domain/poll.ts'
import { isFromForeignPage, type PublicAddress } from '../../browsers/foreign-page.ts'
import { addressOf, readSessionCookie, setSessionCookie } from '../credentials.ts'
import { protectPages } from '../html-headers.ts'
import type { HttpApp } from '../operation.ts'
import { PROBLEMS, sendRefusal } from '../problems.ts'
import { isForPerson, sayWhenToComeBack } from './answer-people.ts'
import { assetRoutes } from './assets.ts'
import { builtAssetRoutes } from './built-assets.ts'
import { createRenderHomePage } from './home-page.ts'
import { type Page, pagePolicy, sendPage } from './layout.ts'
import { createRenderManagePage } from './manage-page.ts'
import { renderMessagePage } from './message-page.ts'
import { keepAskedLanguage } from './page-language.ts'
import { createRenderPollPage, type PollView } from './poll-page.ts'
import { createRenderPresentPage } from './present-page.ts'
import { linkBase, qrCodeRoute, votePageUrl } from './qr-code.ts'
import { readForm, type SentForm } from './sent-form.ts'
import { prepareWaitForCount } from './wait-for-count.ts'

export type PageRoutesParts = {
  readonly seePoll: Pick<SeePoll, 'see' | 'ownVote'>
  readonly castVote: CastVote
  readonly identifyVoter: Pick<IdentifyVoter, 'recognise'>
  readonly address: PublicAddress
  readonly report: (fault: unknown) => void
}

const formBytesMax = 4 * 1024

type PageRequest = FastifyRequest<{ Params: { poll_id: string } }>
/** What came of a form: a vote, or a refusal. */
type Taken = { readonly no: Refused | null; readonly sent: SentForm }

/** What is the same for everybody needs nobody's credentials. */
const nothingShown = { voterToken: null, sessionCookie: null, requestKey: null, bearer: null }

/** `/p/{id}`, where people vote and watch, with JavaScript and without; `/present`, the big screen; `/manage`, what its organiser does with it. */
export function pageRoutes(app: HttpApp, parts: PageRoutesParts): void {
  assetRoutes(app)
  builtAssetRoutes(app)
  qrCodeRoute(app, parts.address)
  const renderHomePage = createRenderHomePage()
  app.register(async (pages: HttpApp) => {
    await protectPages(pages, ({ headers }) => pagePolicy(headers.host), parts.address)
    keepAskedLanguage(pages, parts.address)
    pages.get('/', { schema: { hide: true } }, async (request, reply) => {
      if (!isForPerson(request)) return sendRefusal(reply.header('vary', 'Accept'), nothingHere)
      return sendPage(reply, 200, () => renderHomePage(linkBase(parts.address, request.headers.host)))
    })
    pages.register(async (pollPages: HttpApp) => addPollPages(pollPages, parts))
  })
}

type PollPagesParts = PageRoutesParts & { readonly renderPollPage: (view: PollView) => Page }

/** A scope of its own: forms are read here, and faults are answered with a page. */
function addPollPages(pages: HttpApp, given: PageRoutesParts): void {
  const parts = { ...given, renderPollPage: createRenderPollPage() }
  const renderPresentPage = createRenderPresentPage()
  const renderManagePage = createRenderManagePage()
  pages.removeAllContentTypeParsers()
  const asText = { parseAs: 'string', bodyLimit: formBytesMax } as const
  pages.addContentTypeParser<string>('application/x-www-form-urlencoded', asText, (_request, body, read) => {
    read(null, new URLSearchParams(body))
  })
  pages.setErrorHandler((fault, request, reply) => sendFaultPage(fault, request, reply, parts))
  const options = { schema: { hide: true } }
  pages.get('/p/:poll_id', options, async (request: PageRequest, reply) => showPoll(pages, parts, request, reply, null))
  pages.post('/p/:poll_id', options, async (request: PageRequest, reply) => takeForm(pages, parts, request, reply))

  /** A page that a script fills, so it is the same for everybody. */
  function addShell(name: string, render: (poll: Poll, host: string | undefined) => Page): void {
    pages.get(`/p/:poll_id/${name}`, options, async (request: PageRequest, reply) => {
      const { poll_id: pollId } = request.params
      const seen = await parts.seePoll.see(pollId, nothingShown)
      if (isRefused(seen)) return sendRefusedPage(reply, pollId, seen)
      return sendPage(reply, 200, () => render(seen.live.poll, request.headers.host))
    })
  }
  addShell('present', (poll, host) => renderPresentPage(poll, votePageUrl(parts.address, host, poll.id)))
  addShell('manage', (poll, host) => renderManagePage(poll, linkBase(parts.address, host)))
}

async function showPoll(
  app: HttpApp,
  parts: PollPagesParts,
  request: PageRequest,
  reply: FastifyReply,
  taken: Taken | null,
): Promise<FastifyReply> {
  const { seePoll, renderPollPage } = parts
  const pollId = request.params.poll_id
  const shown = showsOf(app, request, parts, taken?.sent.code ?? null)
  const no = taken?.no ?? null
  const own = await seePoll.ownVote(pollId, shown)
  const ownVote = own === null || isRefused(own) ? null : own
  // A code that is wrong, or has not voted, is no reason to show less than to everybody.
  const voterToken = ownVote === null ? null : shown.voterToken
  const seen = await seePoll.see(pollId, { ...shown, voterToken, bearer: null })
  if (isRefused(seen)) return sendRefusedPage(reply, pollId, seen)
  const isAnonymous = seen.live.poll.voterIdentity === 'none'
  const view = {
    ...seen,
    ownVote,
    hasSession: ownVote !== null || (await hasSession(parts, seen.live.poll, shown)),
    code: taken?.sent.code ?? '',
    hasJustVoted: isAnonymous && no === null && hasQuery(request, 'voted'),
    problem: taken === null || no === null ? null : { refused: no, chosen: taken.sent.chosen },
  }
  if (no !== null) sayWhenToComeBack(reply, no)
  return sendPage(reply, no === null ? 200 : PROBLEMS[no.refused].status, () => renderPollPage(view))
}

/** Where polls go by sessions alone: one that has expired is none. */
async function hasSession({ identifyVoter }: PageRoutesParts, poll: Poll, shown: VoterCredentials): Promise<boolean> {
  if (poll.voterIdentity !== 'session') return false
  const voter = await identifyVoter.recognise(poll, shown)
  return voter !== null && !isRefused(voter)
}

async function takeForm(
  app: HttpApp,
  parts: PollPagesParts,
  request: PageRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const pollId = request.params.poll_id
  const sent = readForm(request.body)
  // Its answer is a page of ours, which could give a foreign page no session to go on with.
  const isForeign = isFromForeignPage(request.headers, parts.address)
  if (isForeign) return showPoll(app, parts, request, reply, { no: otherSite, sent })
  const shown = { ...showsOf(app, request, parts, sent.code), requestKey: sent.requestKey }
  const waitForCount = await prepareWaitForCount(parts.seePoll, pollId, shown)
  const { kind, chosen: optionIds, round } = sent
  const accepted = await parts.castVote({ pollId, kind, optionIds, round, shown })
  if (isRefused(accepted)) return showPoll(app, parts, request, reply, { no: accepted, sent })
  if (accepted.newSession !== null) setSessionCookie(reply, accepted.newSession, parts.address)
  await waitForCount()
  // Only with the code does the page know its voter; and sent again with it, the form is the same vote.
  if (sent.code !== null) return showPoll(app, parts, request, reply, { no: null, sent })
  // Seen as another address, so that reading the page again does not send the form again.
  return reply
    .code(303)
    .header('location', `/p/${encodeURIComponent(pollId)}?voted`)
    .header('cache-control', 'no-store')
    .send()
}

/**
 * Of a voter the cookie speaks here: a page is opened by a browser. Also where a link of another site led here: it is shown to the
 * browser's owner, and to no other page. A voting code comes with the form.
 */
function showsOf(
  app: HttpApp,
  request: FastifyRequest,
  { address }: PageRoutesParts,
  code: string | null,
): VoterCredentials {
  const sessionCookie = readSessionCookie(app, request)
  return { voterToken: code, sessionCookie, requestKey: null, ...addressOf(request, address) }
}

const otherSite = refuse('forbidden', 'This vote was sent from another site, so it was not counted. Please vote here.')

const nothingHere = refuse(
  'route_not_found',
  'There is nothing for programs at this address. /docs shows what there is.',
)

function hasQuery(request: FastifyRequest, name: string): boolean {
  return new URLSearchParams(request.url.split('?')[1] ?? '').has(name)
}

function sendRefusedPage(reply: FastifyReply, pollId: string, no: Refused): FastifyReply {
  const { status } = PROBLEMS[no.refused]
  const told = tellFault(no.refused, no.detail)
  if (no.refused === 'poll_not_found')
    return sendPage(reply, status, () => renderMessagePage(say('message.no_poll'), say(...told), null))
  sayWhenToComeBack(reply, no)
  return sendPage(reply, status, () =>
    renderMessagePage(say('message.refused'), say(...told), `/p/${encodeURIComponent(pollId)}`),
  )
}

function sendFaultPage(
  fault: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  { report }: PageRoutesParts,
): FastifyReply {
  // Only routes with this parameter are in this scope.
  const pollId = (request as PageRequest).params.poll_id
  const unavailable = refusalOfFault(fault)
  if (unavailable !== null) return sendRefusedPage(reply, pollId, unavailable)
  const code = fault instanceof Error && 'code' in fault ? fault.code : null
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return sendRefusedPage(reply, pollId, refuse('too_large', 'That was more than this form sends.'))
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return sendRefusedPage(
      reply,
      pollId,
      refuse('unsupported_media_type', 'This address takes the form of this page alone.'),
    )
  }
  // Whoever sent half a form and left sees nothing any more, and it is no fault.
  if (request.raw.errored === fault)
    return sendRefusedPage(reply, pollId, refuse('invalid_body', 'The form did not arrive whole.'))
  report(fault)
  return sendPage(reply, 500, () =>
    renderMessagePage(
      say('message.failed'),
      say('message.noted_as', { id: request.id }),
      `/p/${encodeURIComponent(pollId)}`,
    ),
  )
}
