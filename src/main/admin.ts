import { once } from 'node:events'
import { type AdminServer, createAdminServer } from '../adapters/grpc/server.ts'
import { createAnnouncePoll } from '../application/manage-polls/announce-poll.ts'
import { createReadAudit } from '../application/audit.ts'
import { createKeepSchedule } from '../application/keep-schedule.ts'
import { createManageKeys } from '../application/manage-keys.ts'
import { createKeepKeys } from '../application/manage-keys/keep-keys.ts'
import { createManagePolls } from '../application/manage-polls.ts'
import { createMakeCodes } from '../application/manage-polls/make-codes.ts'
import { createPollDoors } from '../application/manage-polls/poll-doors.ts'
import { createRemoveOldDoors } from '../application/manage-polls/remove-old-doors.ts'
import { createReplaySetAside } from '../application/manage-polls/replay-set-aside.ts'
import { createShowPipeline } from '../application/manage-polls/show-pipeline.ts'
import { createShowProgress } from '../application/manage-polls/show-progress.ts'
import { createWatchPoll } from '../application/watch-poll.ts'
import type { Config } from '../runtime/config.ts'
import { createFaultLog } from '../runtime/fault-log.ts'
import type { Log } from '../runtime/log.ts'
import { SetupProblem } from '../runtime/setup-problem.ts'
import { sleep } from '../runtime/stop-signal.ts'
import { createBearers } from './bearers.ts'
import { servedTls } from './grpc-tls.ts'
import { type RoleContext, runProcess } from './role.ts'
import { watchOwners } from './watch-owners.ts'

/** Of the shutdown time: what is left is for the connections behind the calls. */
const graceShare = 0.7

/** The admin role: every change of a poll over gRPC, and what time does to polls. */
export async function runAdmin(context: RoleContext, onReady: () => void): Promise<void> {
  const { config, log, signal } = context
  const {
    managePolls,
    makeCodes,
    showPipeline,
    showProgress,
    replaySetAside,
    manageKeys,
    readAudit,
    noteKeyUse,
    watchPoll,
    schedule,
    removeOldDoors,
  } = createAdminSteps(context)
  const server = createAdminServer({
    polls: managePolls,
    makeCodes,
    watchPoll,
    showPipeline,
    showProgress,
    replaySetAside,
    manageKeys,
    readAudit,
    report: (err, call) => log.error({ err, ...call }, 'a call failed'),
    tls: servedTls(config),
  })
  await listen(server, config, log)
  onReady()

  await Promise.all([
    schedule.run(signal),
    removeOldDoors.run(signal),
    noteKeyUse.run(signal),
    watchOwners(context),
    stopWithSignal(),
  ])

  async function stopWithSignal(): Promise<void> {
    if (!signal.aborted) await once(signal, 'abort')
    await server.stop(config.shutdownTimeoutMs * graceShare)
    await watchPoll.stop()
  }
}

/** What the role does, apart from how it is asked. */
export function createAdminSteps({ config, adapters, log }: Pick<RoleContext, 'config' | 'adapters' | 'log'>) {
  const { polls, door, tallies, cache, feed, lease, stream, setAside, keys, audit, register, secrets } = adapters
  const finalPollCacheMs = config.pollRedisTtlSeconds * 1000
  const { votePartitions: partitions, pollCreation, updateIntervalMs } = config
  const faults = createFaultLog(log)
  const report = (err: unknown): void => faults({ err }, 'something about a poll has to be done again')

  // Every call reads the poll anyway, so a key is looked up each time, and one that was revoked here is refused at once.
  const { judgeBearer, noteKeyUse } = createBearers({ config, adapters }, report, { keptMs: 0 })
  const doors = createPollDoors(door, report)
  const announce = createAnnouncePoll({ polls, doors, tallies, cache, feed, finalPollCacheMs })
  const shared = { polls, door, doors, tallies, announce, sleep, report }
  return {
    managePolls: createManagePolls({ ...shared, partitions, pollCreation, judgeBearer }),
    makeCodes: createMakeCodes({ polls, register, secrets, judgeBearer }),
    manageKeys: createManageKeys({ judgeBearer, keepKeys: createKeepKeys(keys) }),
    readAudit: createReadAudit({ audit, polls, secrets, judgeBearer }),
    noteKeyUse,
    replaySetAside: createReplaySetAside({ setAside, polls, announce, audit, judgeBearer, report }),
    showPipeline: createShowPipeline({ lease, stream, partitions, judgeBearer }),
    showProgress: createShowProgress({ polls, tallies, lease, stream, door, judgeBearer }),
    schedule: createKeepSchedule(shared),
    removeOldDoors: createRemoveOldDoors({ polls, doors, keptMs: finalPollCacheMs, sleep, report }),
    watchPoll: createWatchPoll({ cache, store: polls, tallies, feed, finalPollCacheMs, updateIntervalMs, report }),
  }
}

async function listen(server: AdminServer, { grpcHost, grpcPort }: Config, log: Log): Promise<void> {
  try {
    const port = await server.listen(grpcHost, grpcPort)
    log.info({ host: grpcHost, port }, 'gRPC answers')
  } catch (cause) {
    throw new SetupProblem(
      `cannot listen for gRPC on port ${grpcPort} of ${grpcHost}: it is taken, or is no address of this machine`,
      'stop the program that has the port, or set GRPC_PORT to a free one and GRPC_HOST to an address of this machine',
      { cause },
    )
  }
}

if (import.meta.main) await runProcess('admin', runAdmin)
