import { sessionCookie } from '../adapters/http/credentials.ts'
import { createBulkVotes } from '../adapters/http/bulk-route.ts'
import { createEventStreams } from '../adapters/http/events.ts'
import { closeHttpServer, createHttpServer } from '../adapters/http/server.ts'
import type { PublicAddress } from '../adapters/browsers/foreign-page.ts'
import { createViewerSockets, type ViewerSocketsParts } from '../adapters/ws/viewer-sockets.ts'
import { createRestoreSoon } from '../application/cast-vote/find-vote.ts'
import { createNameVoters } from '../application/cast-vote/name-voters.ts'
import { createReadReceipt } from '../application/cast-vote/read-receipt.ts'
import { createRestoreDoor } from '../application/cast-vote/restore-door.ts'
import { createVoteIds } from '../application/cast-vote/vote-id.ts'
import { createStreamTime } from '../application/stream-time.ts'
import { createWatchPoll, type WatchPoll } from '../application/watch-poll.ts'
import type { Config } from '../runtime/config.ts'
import { createFaultLog } from '../runtime/fault-log.ts'
import { lanUrlOf } from '../runtime/lan-url.ts'
import { measureViewers } from '../runtime/metrics.ts'
import { sleep } from '../runtime/stop-signal.ts'
import { runApiProcesses } from './api-processes.ts'
import { addApiRoutes } from './api-routes.ts'
import { createBearers } from './bearers.ts'
import { listenForHttp } from './http-port.ts'
import { connectOrganisers } from './organisers.ts'
import { createRateLimits } from './rate-limits.ts'
import { createReaders } from './readers.ts'
import { type RoleContext, type RunRole, runProcess } from './role.ts'
import { refuseWeakStream, watchStreamDurability } from './stream-durability.ts'
import { createTakeVotes } from './take-votes.ts'
import { traceViewers } from './tracing/trace-viewers.ts'
import { version } from './version.ts'
import { createVoterIdentity } from './voter-identity.ts'

/** A voter waits this long for a missing door; then it is told to come back, and the restoration goes on. */
const restoreWaitMsMax = 300
const measureEveryMs = 1000
/** Sockets that are being closed, or sent away, are there besides those of viewers. */
const socketsPerViewer = 1.1
/** Of the shutdown time: what is left is for the connections behind the requests. */
const drainShare = 0.5
const lingerShare = 0.05

/** The api: HTTP, WebSocket and server-sent events. Reads PostgreSQL only when a cache is cold, somebody takes an export or comes with a join code, and writes there nothing but when API keys were last used. */
export async function runApi(context: RoleContext, onReady: () => void): Promise<void> {
  const { config, adapters, log, registry, signal } = context
  const { polls, ledger, lease, door, restoration } = adapters
  const faults = createFaultLog(log)
  const report = (err: unknown): void => faults({ err }, 'something failed and is got round')
  await refuseWeakStream(adapters)

  const secrets = await adapters.secrets.read()
  const { judgeBearer, noteKeyUse } = createBearers(context, report)
  const rateLimits = createRateLimits(context, secrets.service, report)
  const { limitBearers, requestLimits } = rateLimits

  const watchPoll = watchPolls(context, report)
  const time = await createStreamTime(door, { sleep, report })
  const voterIdentity = createVoterIdentity(config, secrets, requestLimits, time.now)
  const { identifyVoter } = voterIdentity
  const voteIds = createVoteIds(secrets.service)
  const restoreDoor = createRestoreDoor({ restoration, door, ledger, lease, polls, signal })
  const restoreSoon = createRestoreSoon(restoreDoor, restoreWaitMsMax, report)
  const many = { nameVoters: createNameVoters(secrets.voterPepper), sealMany: voteIds.sealMany, judgeBearer }
  const takeVotes = await createTakeVotes(context, { watchPoll, identifyVoter, restoreSoon, voteIds, ...many }, report)
  const { castVote, castInBulk, refuseNow } = takeVotes
  const address = publicAddressOf(config)
  const bulkVotes = createBulkVotes({ castInBulk, limitBearers, address })
  const asked = { watchPoll, identifyVoter, restoreSoon, judgeBearer, limitBearers }
  const readers = createReaders(context, { ...asked, requestLimits, secrets, now: time.now, report })
  const { seePoll, admitViewer } = readers
  const organisers = connectOrganisers(config, watchPoll, rateLimits)
  const { viewers, givenUp } = measureViewers(registry, config.viewersMax)
  const { sockets, eventStreams } = createLiveChannels(config, { admitViewer, address, report, givenUp })

  let isServing = false
  const isStopping = (): boolean => signal.aborted
  const app = await createHttpServer({
    log,
    version,
    address,
    connectionsMax: config.connectionsMax,
    viewerPingMs: config.viewerPingMs,
    isStopping,
    keepsOwnTime: (socket) => bulkVotes.isReading(socket),
    refuseVotesNow: refuseNow,
    shortWays: { castVote, seePoll },
    addRoutes: (routes) => {
      const isReady = (): boolean => isServing && !signal.aborted
      const readReceipt = createReadReceipt(voteIds, watchPoll, ledger)
      const steps = { ...voterIdentity, ...readers, ...organisers, castVote, voteIds, readReceipt }
      const { embedOrigins } = config
      addApiRoutes(routes, { ...steps, embedOrigins, bulkVotes, eventStreams, address, isReady, isStopping, report })
    },
  })
  sockets.attach(app.server)
  await listenForHttp(app, config, registry)
  isServing = true
  onReady()

  const watching = Promise.all([
    takeVotes.run(signal),
    readers.countViewers.run(signal),
    voterIdentity.run(report, signal),
    watchStreamDurability(context),
    time.keep(signal),
    noteKeyUse.run(signal),
  ])
  await keepMeasuring(() => viewers(watchPoll.viewerCount()), signal)

  await drain(config, [
    (withinMs) => sockets.stop(withinMs),
    (withinMs) => eventStreams.stop(withinMs),
    (withinMs) => bulkVotes.stop(withinMs),
    (withinMs) => closeHttpServer(app, withinMs),
  ])
  await Promise.all([takeVotes.idle(), rateLimits.idle(), watching])
  organisers.disconnect()
  await watchPoll.stop()
}

function publicAddressOf(config: Config): PublicAddress {
  const { publicUrl, trustedProxies } = config
  return { publicUrl, trustedProxies, lanUrl: lanUrlOf(config) }
}

async function keepMeasuring(measure: () => void, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    measure()
    await sleep(measureEveryMs, signal)
  }
}

/** Requests that are on their way on connections that are open are still answered; closing at once would cut them off. */
async function drain(
  { shutdownTimeoutMs }: Config,
  channels: readonly ((withinMs: number) => Promise<void>)[],
): Promise<void> {
  await sleep(shutdownTimeoutMs * lingerShare)
  await Promise.all(channels.map(async (stop) => stop(shutdownTimeoutMs * drainShare)))
}

function watchPolls({ config, adapters, tracing }: RoleContext, report: (fault: unknown) => void): WatchPoll {
  const { polls: store, tallies, cache, feed } = adapters
  const { updateIntervalMs, pollRedisTtlSeconds } = config
  const finalPollCacheMs = pollRedisTtlSeconds * 1000
  const options = { cache, store, tallies, finalPollCacheMs, updateIntervalMs, report }
  if (tracing === null) return createWatchPoll({ ...options, feed })
  const traced = traceViewers(tracing, updateIntervalMs)
  return traced.watchPoll(createWatchPoll({ ...options, feed: traced.feed(feed) }))
}

/** The two ways in which viewers hear of a poll. */
function createLiveChannels(config: Config, parts: Omit<ViewerSocketsParts, 'sessionCookieName' | 'limits'>) {
  const { viewersMax, viewerBufferBytesMax: unsentBytesMax, viewerPingMs } = config
  const sockets = createViewerSockets({
    ...parts,
    sessionCookieName: sessionCookie,
    limits: { socketsMax: Math.ceil(viewersMax * socketsPerViewer), unsentBytesMax, pingEveryMs: viewerPingMs },
  })
  return {
    sockets,
    eventStreams: createEventStreams({
      admitViewer: parts.admitViewer,
      address: parts.address,
      limits: { unsentBytesMax, commentEveryMs: viewerPingMs },
    }),
  }
}

/** As the environment wants it: in this process, or in several that share its port. */
export const runApis: RunRole = async (context, onReady) =>
  context.config.apiProcesses === 1 ? runApi(context, onReady) : runApiProcesses(context, onReady)

if (import.meta.main) await runProcess('api', runApis)
