import { BATCH_LIMITS, createBatchCalls } from '../application/cast-vote/batch-calls.ts'
import { type CastInBulkParts, createCastInBulk } from '../application/cast-vote/cast-in-bulk.ts'
import { createIsReadLate, READING_LIMITS } from '../application/cast-vote/late-reading.ts'
import { createCheckedAppend } from '../application/cast-vote/check-log.ts'
import { createWatchLog, WATCH_LIMITS } from '../application/cast-vote/watch-log.ts'
import { type CastVoteParts, createCastVote, type VoteRequest } from '../application/cast-vote.ts'
import { systemClock } from '../application/clock.ts'
import { isRefused } from '../domain/refusal.ts'
import { measureVotes } from '../runtime/metrics.ts'
import { createReadingClock } from '../runtime/reading-clock.ts'
import { sleep } from '../runtime/stop-signal.ts'
import type { RoleContext } from './role.ts'
import { traceVotes } from './tracing/trace-votes.ts'

/**
 * Step 1 as an api runs it: the line in front of the stream, the look whether its log is whole after an interruption, somebody who
 * looks whether it keeps what it accepted, and the count of what came of the votes. `run` looks until the signal aborts.
 */
export async function createTakeVotes(
  { config, adapters, registry, log, tracing }: RoleContext,
  parts: Omit<CastVoteParts, 'batchCalls'> & Omit<CastInBulkParts, 'append' | 'report' | 'onAnswered'>,
  report: (fault: unknown) => void,
) {
  const metrics = measureVotes(registry)
  // Also those of polls that were made when another number was configured.
  const partitions = Math.max(config.votePartitions, await adapters.polls.partitionsMax())
  const append = createCheckedAppend(adapters, report)
  const watchLog = createWatchLog(
    append,
    adapters.stream,
    adapters.ledger,
    {
      sleep,
      onLost: (partition, votes) => {
        metrics.lost(votes)
        log.error({ partition, votes }, 'accepted votes are gone: the stream lost them before they were recorded')
      },
      report,
    },
    { ...WATCH_LIMITS, retentionMs: config.streamRetentionMs },
  )
  const batchCalls = createBatchCalls(watchLog.append, {
    limits: { ...BATCH_LIMITS, waitingCallsMax: config.waitingVotesMax },
    partitions,
    isReadLate: createIsReadLate(createReadingClock(), systemClock, {
      ...READING_LIMITS,
      unreadMsMax: config.voteUnreadMsMax,
    }),
    report,
  })
  const traced = tracing === null ? null : traceVotes(tracing)
  const castAnyVote = createCastVote({ ...parts, batchCalls: traced?.calls(batchCalls) ?? batchCalls })
  const castVote = traced?.castVote(castAnyVote) ?? castAnyVote
  const castInBulk = createCastInBulk({
    ...parts,
    append: traced?.append(watchLog.append) ?? watchLog.append,
    report,
    onAnswered: (answers) => {
      for (const [code, several] of Map.groupBy(answers, (answer) => (isRefused(answer) ? answer.refused : ''))) {
        if (code === '') metrics.accepted(several.length)
        else metrics.refused(code, several.length)
      }
    },
  })
  return {
    castInBulk,
    castVote: async (request: VoteRequest) => {
      const result = await castVote(request)
      if (isRefused(result)) {
        metrics.refused(result.refused)
        log.debug({ pollId: request.pollId, refused: result.refused }, 'a vote was refused')
      } else {
        metrics.accepted(1)
        const { voteId, partition, position } = result
        log.debug({ pollId: request.pollId, voteId, partition, position }, 'a vote was accepted')
      }
      return result
    },
    refuseNow: () => {
      const refused = batchCalls.refuseNow()
      if (refused !== null) metrics.refused(refused.refused)
      return refused
    },
    idle: () => batchCalls.idle(),
    run: (signal: AbortSignal) => watchLog.run(signal),
  }
}
