import type { AddressInfo } from 'node:net'
import { exportRoutes } from '../../src/adapters/http/export-routes.ts'
import type { PieceLimits } from '../../src/adapters/http/send-pieces.ts'
import { signedResultRoutes } from '../../src/adapters/http/signed-result-routes.ts'
import { createHttpServer } from '../../src/adapters/http/server.ts'
import { hashToken } from '../../src/application/authorize.ts'
import { createIdentifyVoter } from '../../src/application/cast-vote/identify-voter.ts'
import { createExportPoll } from '../../src/application/export-poll.ts'
import { noRequestLimits } from '../../src/application/limit-rates/request-limits.ts'
import { createReadSnapshot } from '../../src/application/read-snapshot.ts'
import { createJudgeBearer } from '../../src/application/judge-bearer.ts'
import { createResultKeys, type ResultKeys } from '../../src/application/result-keys.ts'
import { createSignResult } from '../../src/application/sign-result.ts'
import { createSignSnapshot } from '../../src/application/sign-snapshot.ts'
import { createSeePoll } from '../../src/application/watch-poll/see-poll.ts'
import { createWatchPoll } from '../../src/application/watch-poll.ts'
import { createLog } from '../../src/runtime/log.ts'
import { adminToken, type RunningSystem } from './running-system.ts'

export type ExportServer = { readonly url: string; readonly stop: () => Promise<void> }

/** An api that only gives exports, each for so long, and signed results, beside that of a running system; of polls that need no look at who has voted. */
export const startExportServer = async (
  { adapters }: RunningSystem,
  { exportsMax, ...limits }: PieceLimits & { readonly exportsMax: number },
  signing: {
    readonly resultKeys?: ResultKeys
    readonly issuer?: string | null
    readonly waitMsMax?: number
    readonly keptMax?: number
    readonly faultKeptMs?: number
  } = {},
): Promise<ExportServer> => {
  const { cache, polls: store, tallies, feed, snapshots } = adapters
  const report = (): void => undefined
  const { voterPepper, service, session, resultSigning } = await adapters.secrets.read()
  const times = { finalPollCacheMs: 60_000, updateIntervalMs: 20 }
  const watchPoll = createWatchPoll({ cache, store, tallies, feed, report, ...times })
  const identifyVoter = createIdentifyVoter({ voterPepper, sessionSecrets: [session], service })
  const { keys } = adapters
  const judgeBearer = createJudgeBearer({ keys, adminTokenHash: hashToken(adminToken), onUsed: report })
  const seePoll = createSeePoll({ watchPoll, identifyVoter, findVote: async () => null, judgeBearer })
  const exportPoll = createExportPoll({
    readSnapshot: createReadSnapshot(snapshots, 'export', exportsMax),
    seePoll,
    service,
  })
  const { resultKeys = createResultKeys(resultSigning, []), issuer = null, ...bounds } = signing
  const readSnapshot = createReadSnapshot(snapshots, 'sign', 1)
  const signResult = createSignResult({
    readSnapshot,
    seePoll,
    requestLimits: noRequestLimits,
    signSnapshot: createSignSnapshot(resultKeys, issuer),
    report,
    ...bounds,
  })
  const about = { address: { publicUrl: null }, isStopping: () => false, report }
  const app = await createHttpServer({
    log: createLog({ name: 'test', level: 'silent' }),
    version: '0',
    addRoutes: (routes) => {
      exportRoutes(routes, { ...about, exportPoll, limits })
      signedResultRoutes(routes, { ...about, signResult, resultKeys })
    },
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  // A server that listens on an address has one of this form.
  const { port } = app.server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      app.server.closeAllConnections()
      await app.close()
      await watchPoll.stop()
    },
  }
}
