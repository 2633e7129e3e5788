import type { AddressInfo } from 'node:net'
import { type BulkLimits, createBulkVotes } from '../../src/adapters/http/bulk-route.ts'
import { createHttpServer } from '../../src/adapters/http/server.ts'
import { hashToken } from '../../src/application/authorize.ts'
import { createLimitBearers } from '../../src/application/limit-rates/limit-bearers.ts'
import { noRequestLimits } from '../../src/application/limit-rates/request-limits.ts'
import { createJudgeBearer } from '../../src/application/judge-bearer.ts'
import type { BulkLimits as LaneLimits } from '../../src/application/cast-vote/bulk-lane.ts'
import { BULK_LIMITS, createCastInBulk } from '../../src/application/cast-vote/cast-in-bulk.ts'
import { createRestoreSoon } from '../../src/application/cast-vote/find-vote.ts'
import { createNameVoters } from '../../src/application/cast-vote/name-voters.ts'
import { createRestoreDoor } from '../../src/application/cast-vote/restore-door.ts'
import { createSealMany } from '../../src/application/cast-vote/seal-many.ts'
import { createWatchPoll } from '../../src/application/watch-poll.ts'
import { createLog } from '../../src/runtime/log.ts'
import { adminToken, type RunningSystem } from './running-system.ts'

export type BulkServer = {
  readonly url: string
  /** Reads no more, as an api that stops. */
  readonly stopReading: () => Promise<void>
  readonly stop: () => Promise<void>
}

/** An api that only takes bulk votes, beside those of a running system and with other limits. */
export const startBulkServer = async (
  { adapters }: RunningSystem,
  limits: Partial<BulkLimits>,
  laneLimits: Partial<LaneLimits> = {},
): Promise<BulkServer> => {
  const { cache, polls: store, tallies, feed, door, restoration, ledger, lease, polls } = adapters
  const report = (): void => undefined
  const ending = new AbortController()
  const secrets = await adapters.secrets.read()
  const watchPoll = createWatchPoll({
    cache,
    store,
    tallies,
    feed,
    finalPollCacheMs: 60_000,
    updateIntervalMs: 20,
    report,
  })
  const restoreDoor = createRestoreDoor({ restoration, door, ledger, lease, polls, signal: ending.signal })
  const castInBulk = createCastInBulk({
    watchPoll,
    append: async (partition, calls) => door.append(partition, calls),
    restoreSoon: createRestoreSoon(restoreDoor, 300, report),
    sealMany: createSealMany(secrets.service),
    nameVoters: createNameVoters(secrets.voterPepper),
    judgeBearer: createJudgeBearer({
      keys: adapters.keys,
      adminTokenHash: hashToken(adminToken),
      onUsed: report,
      limits: { keptMs: 0 },
    }),
    limits: { ...BULK_LIMITS, ...laneLimits },
    onAnswered: () => undefined,
    report,
  })
  const limitBearers = createLimitBearers(noRequestLimits)
  const bulkVotes = createBulkVotes({ castInBulk, limitBearers, address: { publicUrl: null }, limits })
  const app = await createHttpServer({
    log: createLog({ name: 'test', level: 'silent' }),
    version: '0',
    keepsOwnTime: (socket) => bulkVotes.isReading(socket),
    addRoutes: (routes) => bulkVotes.addRoute(routes),
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  // A server that listens on an address has one of this form.
  const { port } = app.server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    stopReading: () => bulkVotes.stop(5_000),
    async stop() {
      ending.abort()
      app.server.closeAllConnections()
      await app.close()
      await watchPoll.stop()
    },
  }
}
