import { auditRoutes } from '../adapters/http/audit-route.ts'
import type { BulkVotes } from '../adapters/http/bulk-route.ts'
import { codeRoute } from '../adapters/http/code-route.ts'
import type { EventStreams } from '../adapters/http/events.ts'
import { exportRoutes, type ExportRoutesParts } from '../adapters/http/export-routes.ts'
import { healthRoutes } from '../adapters/http/health-routes.ts'
import { lifeCycleRoutes } from '../adapters/http/life-cycle-routes.ts'
import type { HttpApp } from '../adapters/http/operation.ts'
import { embedRoutes, type EmbedRoutesParts } from '../adapters/http/page/embed-routes.ts'
import { joinRoutes, type JoinRoutesParts } from '../adapters/http/page/join-routes.ts'
import { pageRoutes, type PageRoutesParts } from '../adapters/http/page/page-routes.ts'
import {
  changePollRoutes,
  listPollRoutes,
  readPollRoutes,
  type ReadPollRoutesParts,
} from '../adapters/http/poll-routes.ts'
import { progressRoute } from '../adapters/http/progress-route.ts'
import { receiptRoute } from '../adapters/http/receipt-route.ts'
import { ticketRoute } from '../adapters/http/ticket-route.ts'
import { signedResultRoutes, type SignedResultRoutesParts } from '../adapters/http/signed-result-routes.ts'
import { viewersRoute } from '../adapters/http/viewers-route.ts'
import { sessionRoute, type SessionRouteParts, voteRoutes, type VoteRoutesParts } from '../adapters/http/vote-routes.ts'
import type { ReadReceipt } from '../application/cast-vote/read-receipt.ts'
import type { CountViewers } from '../application/count-viewers.ts'
import type { OrganisePolls } from '../application/manage-polls/organise-polls.ts'
import type { AdmitViewer } from '../application/watch-poll/admit-viewer.ts'

type ApiRoutesParts = EmbedRoutesParts &
  ExportRoutesParts &
  JoinRoutesParts &
  PageRoutesParts &
  ReadPollRoutesParts &
  SessionRouteParts &
  SignedResultRoutesParts &
  VoteRoutesParts & {
    readonly organisePolls: OrganisePolls
    readonly admitViewer: AdmitViewer
    readonly countViewers: Pick<CountViewers, 'count'>
    readonly readReceipt: ReadReceipt
    readonly bulkVotes: Pick<BulkVotes, 'addRoute'>
    readonly eventStreams: Pick<EventStreams, 'addRoute'>
    readonly isReady: () => boolean
  }

/** Every route of the api, in the order in which /docs shows them. */
export function addApiRoutes(routes: HttpApp, parts: ApiRoutesParts): void {
  const { organisePolls, bulkVotes, eventStreams, address } = parts
  changePollRoutes(routes, organisePolls, address)
  listPollRoutes(routes, organisePolls, address)
  auditRoutes(routes, organisePolls, address)
  readPollRoutes(routes, parts)
  progressRoute(routes, organisePolls, address)
  signedResultRoutes(routes, parts)
  exportRoutes(routes, parts)
  lifeCycleRoutes(routes, organisePolls, address)
  codeRoute(routes, organisePolls, address)
  voteRoutes(routes, parts)
  bulkVotes.addRoute(routes)
  receiptRoute(routes, parts.readReceipt)
  ticketRoute(routes, parts.admitViewer, address)
  eventStreams.addRoute(routes)
  viewersRoute(routes, parts.countViewers)
  sessionRoute(routes, parts)
  joinRoutes(routes, parts)
  pageRoutes(routes, parts)
  embedRoutes(routes, parts)
  healthRoutes(routes, parts.isReady)
}
