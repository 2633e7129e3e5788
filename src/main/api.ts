import { readFileSync } from 'node:fs'
import type { HttpApp } from '../adapters/http/operation.ts'
import { auditRoute } from '../adapters/http/audit-route.ts'
import { connectPollAdmin } from '../adapters/grpc/poll-admin.ts'
import { sessionCookie } from '../adapters/http/credentials.ts'
import { type BulkVotes, createBulkVotes } from '../adapters/http/bulk-route.ts'
import { createEventStreams } from '../adapters/http/events.ts'
import { healthRoutes } from '../adapters/http/health-routes.ts'
import { lifeCycleRoutes } from '../adapters/http/life-cycle-routes.ts'
import { pageRoutes } from '../adapters/http/page/page-routes.ts'
import { changePollRoutes, listPollRoutes, readPollRoutes } from '../adapters/http/poll-routes.ts'
import { receiptRoute } from '../adapters/http/receipt-route.ts'
import { closeHttpServer, createHttpServer } from '../adapters/http/server.ts'
import { ticketRoute } from '../adapters/http/ticket-route.ts'
import { sessionRoute, voteRoutes } from '../adapters/http/vote-routes.ts'
import { createViewerSockets, type ViewerSocketsParts } from '../adapters/ws/viewer-sockets.ts'
import { createAdmitViewer } from '../application/watch-poll/admit-viewer.ts'
import { createFindVote, createRestoreSoon } from '../application/cast-vote/find-vote.ts'
import { createIdentifyVoter } from '../application/cast-vote/identify-voter.ts'
import { createNameVoters } from '../application/cast-vote/name-voters.ts'
import { createOrganisePolls } from '../application/manage-polls/organise-polls.ts'
import { createReadReceipt } from '../application/cast-vote/read-receipt.ts'
import { createRestoreDoor } from '../application/cast-vote/restore-door.ts'
import { createSeePoll } from '../application/watch-poll/see-poll.ts'
import { createTickets } from '../application/watch-poll/ticket.ts'
import { createVoteIds } from '../application/cast-vote/vote-id.ts'
import { createStreamTime } from '../application/stream-time.ts'
import { createWatchPoll, type WatchPoll } from '../application/watch-poll.ts'
import type { Config } from '../runtime/config.ts'
import { createFaultLog } from '../runtime/fault-log.ts'
import { measureViewers } from '../runtime/metrics.ts'
import { SetupProblem } from '../runtime/setup-problem.ts'
import { sleep } from '../runtime/stop-signal.ts'
import { createBearers } from './bearers.ts'
import { type RoleContext, runProcess } from './role.ts'
import { refuseWeakStream, watchStreamDurability } from './stream-durability.ts'
import { createTakeVotes } from './take-votes.ts'

const adminDeadlineMs = 10_000
/** A voter waits this long for a missing door; then it is told to come back, and the restoration goes on. */
const restoreWaitMsMax = 300
const measureEveryMs = 1000
/** Sockets that are being closed, or sent away, are there besides those of viewers. */
const socketsPerViewer = 1.1
/** Of the shutdown time: what is left is for the connections behind the requests. */
const drainShare = 0.5
const lingerShare = 0.05

/** The api: HTTP, WebSocket and server-sent events. Reads PostgreSQL only when a cache is cold, and writes nothing to it. */
export async function runApi(context: RoleContext, onReady: () => void): Promise<void> {
  const { config, adapters, log, registry, signal } = context
  const { polls, tallies, ledger, lease, door, restoration, cache, feed } = adapters
  const faults = createFaultLog(log)
  const report = (err: unknown): void => faults({ err }, 'something failed and is got round')
  await refuseWeakStream(adapters)

  const { voterPepper, service, session } = await adapters.secrets.read()
  const { judgeBearer, noteKeyUse } = createBearers(context, report)

  const finalPollCacheMs = config.pollRedisTtlSeconds * 1000
  const { updateIntervalMs } = config
  const watchPoll = createWatchPoll({ cache, store: polls, tallies, feed, finalPollCacheMs, updateIntervalMs, report })
  const time = await createStreamTime(door, { sleep, report })
  const sessionSecrets = sessionSecretsOf(config, session)
  const identifyVoter = createIdentifyVoter({ voterPepper, sessionSecrets, service }, time.now)
  const voteIds = createVoteIds(service)
  const restoreDoor = createRestoreDoor({ restoration, door, ledger, lease, polls, signal })
  const restoreSoon = createRestoreSoon(restoreDoor, restoreWaitMsMax, report)
  const many = { nameVoters: createNameVoters(voterPepper), sealMany: voteIds.sealMany, judgeBearer }
  const takeVotes = await createTakeVotes(context, { watchPoll, identifyVoter, restoreSoon, voteIds, ...many }, report)
  const { castVote, castInBulk, refuseNow } = takeVotes
  const bulkVotes = createBulkVotes({ castInBulk })
  const findVote = createFindVote(door, restoreSoon, ledger)
  const seePoll = createSeePoll({ watchPoll, identifyVoter, findVote, judgeBearer })
  const admin = connectPollAdmin({ address: config.adminGrpcUrl, deadlineMs: adminDeadlineMs })
  const organisePolls = createOrganisePolls(admin, watchPoll)
  const tickets = createTickets(service, time.now)
  const admitViewer = createAdmitViewer({ watchPoll, seePoll, identifyVoter, tickets, viewersMax: config.viewersMax })
  const viewers = measureViewers(registry)
  const { sockets, eventStreams } = createLiveChannels(config, { admitViewer, report, givenUp: viewers.givenUp })

  let isServing = false
  const isStopping = (): boolean => signal.aborted
  const address = { publicUrl: config.publicUrl }
  const app = await createHttpServer({
    log,
    version,
    connectionsMax: config.connectionsMax,
    viewerPingMs: config.viewerPingMs,
    isStopping,
    keepsOwnTime: (socket) => bulkVotes.isReading(socket),
    refuseVotesNow: refuseNow,
    shortWays: { castVote, seePoll, address },
    addRoutes: (routes: HttpApp) => {
      changePollRoutes(routes, organisePolls)
      listPollRoutes(routes, organisePolls)
      auditRoute(routes, organisePolls)
      readPollRoutes(routes, { seePoll, isStopping })
      lifeCycleRoutes(routes, organisePolls)
      voteRoutes(routes, { castVote, seePoll, voteIds, address })
      bulkVotes.addRoute(routes)
      receiptRoute(routes, createReadReceipt(voteIds, watchPoll, ledger))
      ticketRoute(routes, admitViewer, address)
      eventStreams.addRoute(routes)
      sessionRoute(routes, { identifyVoter, address })
      pageRoutes(routes, { castVote, seePoll, address, report })
      healthRoutes(routes, () => isServing && !signal.aborted)
    },
  })
  sockets.attach(app.server)
  await listen(app, config.host, config.port)
  isServing = true
  onReady()

  const watching = Promise.all([
    takeVotes.run(signal),
    watchStreamDurability(context),
    time.keep(signal),
    noteKeyUse.run(signal),
  ])
  await countViewers(viewers, watchPoll, signal)

  await drain(config, { sockets, eventStreams, bulkVotes, app })
  await Promise.all([takeVotes.idle(), watching])
  admin.disconnect()
  await watchPoll.stop()
}

/** Until the signal aborts. */
async function countViewers(
  metrics: Pick<ReturnType<typeof measureViewers>, 'viewers'>,
  watchPoll: Pick<WatchPoll, 'viewerCount'>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    metrics.viewers(watchPoll.viewerCount())
    await sleep(measureEveryMs, signal)
  }
}

/** Requests that are on their way on connections that are open are still answered; closing at once would cut them off. */
async function drain(
  { shutdownTimeoutMs }: Config,
  {
    sockets,
    eventStreams,
    bulkVotes,
    app,
  }: ReturnType<typeof createLiveChannels> & { bulkVotes: BulkVotes; app: HttpApp },
): Promise<void> {
  await sleep(shutdownTimeoutMs * lingerShare)
  const drainMs = shutdownTimeoutMs * drainShare
  await Promise.all([
    sockets.stop(drainMs),
    eventStreams.stop(drainMs),
    bulkVotes.stop(drainMs),
    closeHttpServer(app, drainMs),
  ])
}

/** Those that the environment gives, the newest first; else the one that was made at migration. */
function sessionSecretsOf({ sessionSecrets: given }: Config, own: Uint8Array): readonly Uint8Array[] {
  return given.length === 0 ? [own] : given.map((secret) => Buffer.from(secret))
}

/** The two ways in which viewers hear of a poll. */
function createLiveChannels(config: Config, parts: Pick<ViewerSocketsParts, 'admitViewer' | 'report' | 'givenUp'>) {
  const { viewersMax, viewerBufferBytesMax: unsentBytesMax, viewerPingMs } = config
  const sockets = createViewerSockets({
    ...parts,
    sessionCookieName: sessionCookie,
    publicOrigin: originOf(config.publicUrl),
    limits: { socketsMax: Math.ceil(viewersMax * socketsPerViewer), unsentBytesMax, pingEveryMs: viewerPingMs },
  })
  return {
    sockets,
    eventStreams: createEventStreams({
      admitViewer: parts.admitViewer,
      limits: { unsentBytesMax, commentEveryMs: viewerPingMs },
    }),
  }
}

// Our own package.json, which has a version.
const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string
}

function originOf(publicUrl: string | null): string | null {
  return publicUrl === null ? null : new URL(publicUrl).origin
}

async function listen(app: HttpApp, host: string, port: number): Promise<void> {
  try {
    await app.listen({ host, port })
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : ''
    if (code === 'EADDRINUSE') {
      throw new SetupProblem(
        `port ${port} is taken by another program`,
        'stop that program, or set PORT to a free port',
        { cause },
      )
    }
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EACCES') {
      throw new SetupProblem(
        `cannot listen on port ${port} of ${host} (${code})`,
        'set HOST to an address of this machine, and PORT to a port of 1024 or higher',
        { cause },
      )
    }
    throw cause
  }
}

if (import.meta.main) await runProcess('api', runApi)
