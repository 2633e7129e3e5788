import type { AddressInfo } from 'node:net'
import { createEventStreams } from '../../src/adapters/http/events.ts'
import { sessionCookie } from '../../src/adapters/http/credentials.ts'
import { pageRoutes } from '../../src/adapters/http/page/page-routes.ts'
import { readPollRoutes } from '../../src/adapters/http/poll-routes.ts'
import { receiptRoute } from '../../src/adapters/http/receipt-route.ts'
import { ticketRoute } from '../../src/adapters/http/ticket-route.ts'
import { createHttpServer } from '../../src/adapters/http/server.ts'
import { sessionRoute, voteRoutes } from '../../src/adapters/http/vote-routes.ts'
import { createVoteDoor } from '../../src/adapters/postgres/vote-door.ts'
import { createVoteLedger } from '../../src/adapters/postgres/vote-ledger.ts'
import { createViewerSockets } from '../../src/adapters/ws/viewer-sockets.ts'
import { createBatchCalls } from '../../src/application/cast-vote/batch-calls.ts'
import { createCastVote } from '../../src/application/cast-vote.ts'
import { createReadReceipt } from '../../src/application/cast-vote/read-receipt.ts'
import { createVoteIds } from '../../src/application/cast-vote/vote-id.ts'
import type { Poll } from '../../src/domain/poll.ts'
import { createLog } from '../../src/runtime/log.ts'
import { createLiveDoor, type LiveDoor } from './live-door.ts'
import type { LiveSide } from './live-side.ts'

/** Everything that a voter's browser talks to, on a port of its own. */
export type LiveSite = {
  readonly origin: string
  readonly door: LiveDoor
  readonly faults: readonly unknown[]
  /** Lets votes in. */
  readonly open: (poll: Poll) => Promise<void>
  readonly socketCount: () => number
  readonly streamCount: () => number
  readonly stop: () => Promise<void>
}

export const startLiveSite = async (
  side: LiveSide,
  options: { readonly hasSockets?: boolean; readonly port?: number } = {},
): Promise<LiveSite> => {
  const faults: unknown[] = []
  const report = (fault: unknown): void => void faults.push(fault)
  const watchPoll = side.watch({ updateIntervalMs: 20 })
  const door = createLiveDoor(side, watchPoll)
  const { identifyVoter, seePoll, admitViewer } = door
  const voteIds = createVoteIds(Buffer.alloc(32, 7))
  const votes = createVoteDoor(side.database.pool)
  const batchCalls = createBatchCalls((partition, calls) => votes.append(partition, calls), { report })
  const castVote = createCastVote({ watchPoll, identifyVoter, batchCalls, restoreSoon: async () => {}, voteIds })
  const address = { publicUrl: null }
  const streams = createEventStreams({ admitViewer, address })
  const app = await createHttpServer({
    log: createLog({ name: 'test', level: 'silent' }),
    version: '0',
    refuseVotesNow: () => batchCalls.refuseNow(),
    address,
    shortWays: { castVote, seePoll },
    addRoutes: (routes) => {
      readPollRoutes(routes, { seePoll, address, isStopping: () => false })
      receiptRoute(routes, createReadReceipt(voteIds, watchPoll, createVoteLedger(side.database.pool)))
      voteRoutes(routes, { castVote, seePoll, voteIds, address })
      ticketRoute(routes, admitViewer, address)
      streams.addRoute(routes)
      sessionRoute(routes, { identifyVoter, address })
      pageRoutes(routes, { castVote, identifyVoter, seePoll, address, report })
    },
  })
  const sockets = createViewerSockets({
    admitViewer,
    report,
    givenUp: () => {},
    sessionCookieName: sessionCookie,
    address,
  })
  if (options.hasSockets !== false) sockets.attach(app.server)
  await app.listen({ host: '127.0.0.1', port: options.port ?? 0 })
  return {
    // A server that listens on an address has one of this form.
    origin: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`,
    door,
    faults,
    open: (poll) => door.open(poll),
    socketCount: () => sockets.viewerCount(),
    streamCount: () => streams.viewerCount(),
    async stop() {
      await Promise.all([sockets.stop(200), streams.stop(200)])
      app.server.closeAllConnections()
      await app.close()
      await watchPoll.stop()
    },
  }
}
