import { createAdminServer } from '../adapters/grpc/server.ts'
import { createAnnouncePoll } from '../application/announce-poll.ts'
import { hashToken } from '../application/authorize.ts'
import { createKeepSchedule } from '../application/keep-schedule.ts'
import { createManagePolls } from '../application/manage-polls.ts'
import { createPollDoors } from '../application/poll-doors.ts'
import { createShowPipeline } from '../application/show-pipeline.ts'
import { createWatchPoll } from '../application/watch-poll.ts'
import { sleep } from '../runtime/stop-signal.ts'
import { type RoleContext, runProcess } from './role.ts'

/** Of the shutdown time: what is left is for the connections behind the calls. */
const graceShare = 0.7

/** The admin role: every change of a poll over gRPC, and what time does to polls. */
export async function runAdmin({ config, adapters, log, signal }: RoleContext, onReady: () => void): Promise<void> {
  const { polls, door, tallies, cache, feed, lease, stream } = adapters
  const adminTokenHash = config.adminToken === null ? null : hashToken(config.adminToken)
  const partitions = config.votePartitions
  const finalPollCacheMs = config.pollRedisTtlSeconds * 1000
  const report = (err: unknown): void => log.warn({ err }, 'something about a poll has to be done again')

  const doors = createPollDoors(door, report)
  const announce = createAnnouncePoll({ polls, doors, tallies, cache, feed, finalPollCacheMs })
  const managePolls = createManagePolls({
    polls,
    door,
    doors,
    tallies,
    announce,
    partitions,
    adminTokenHash,
    sleep,
    report,
  })
  const showPipeline = createShowPipeline({ lease, stream, partitions, adminTokenHash })
  const schedule = createKeepSchedule({ polls, door, doors, tallies, announce, sleep, report })
  const { updateIntervalMs } = config
  const watchPoll = createWatchPoll({ cache, store: polls, tallies, feed, finalPollCacheMs, updateIntervalMs, report })

  const server = createAdminServer({
    polls: managePolls,
    watchPoll,
    showPipeline,
    report: (err, call) => log.error({ err, ...call }, 'a call failed'),
    tls: null,
  })
  const port = await server.listen(config.grpcHost, config.grpcPort)
  log.info({ host: config.grpcHost, port }, 'gRPC answers')
  onReady()

  await schedule.run(signal)
  await server.stop(config.shutdownTimeoutMs * graceShare)
  await watchPoll.stop()
}

if (import.meta.main) await runProcess('admin', runAdmin)
