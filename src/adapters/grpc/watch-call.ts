import type { handleServerStreamingCall, ServerWritableStream } from '@grpc/grpc-js'
import type { ManagePolls } from '../../application/manage-polls.ts'
import { isPollId } from '../../application/poll-id.ts'
import type { LivePoll, WatchPoll } from '../../application/watch-poll.ts'
import type { Poll } from '../../domain/poll.ts'
import { refuseUnknown } from '../../domain/poll-life.ts'
import { refuseForNow } from '../../domain/refusal.ts'
import { maySeeResults } from '../../domain/tally.ts'
import type { Caller } from '../../ports/poll-admin.ts'
import { faultStatus, readCaller, type ReportFault, sendRequestId, stoppingStatus } from './calls.ts'
import type { Poll as PollMessage } from './gen/tallycast/admin/v1/Poll.ts'
import type { WatchPollRequest__Output } from './gen/tallycast/admin/v1/WatchPollRequest.ts'
import { pollMessage } from './replies.ts'
import { refusalStatus } from './refusal-status.ts'

type WatchCall = ServerWritableStream<WatchPollRequest__Output, PollMessage>

export type WatchCallParts = {
  readonly polls: Pick<ManagePolls, 'organiserCheck'>
  readonly watchPoll: Pick<WatchPoll, 'watch'>
  readonly report: ReportFault
  /** Ends all streams, so that the server can stop. */
  readonly stopping: AbortSignal
}

const watchersMax = 1000

/** The handler of WatchPoll: the poll now, then whenever it has changed, until it is final, deleted or nobody listens. */
export function createWatchCall(
  parts: WatchCallParts,
): handleServerStreamingCall<WatchPollRequest__Output, PollMessage> {
  let watchers = 0

  return (call) => {
    const caller = readCaller(call)
    sendRequestId(call, caller)
    if (watchers >= watchersMax) {
      call.emit('error', refusalStatus(refuseForNow('overloaded', 'Too many are watching. Please come back later.')))
      return
    }
    watchers += 1
    follow(call, caller, parts).then(
      () => {
        watchers -= 1
      },
      (fault: unknown) => {
        watchers -= 1
        parts.report(fault, { method: 'WatchPoll', requestId: caller.requestId })
        call.emit('error', faultStatus(fault, caller.requestId))
      },
    )
  }
}

/** Resolves when the stream has ended. */
async function follow(call: WatchCall, caller: Caller, { polls, watchPoll, stopping }: WatchCallParts): Promise<void> {
  const ended = Promise.withResolvers<void>()
  const send = createSender(call, await polls.organiserCheck(caller))
  const finish = (): void => {
    call.end()
    ended.resolve()
  }
  const stop = (): void => {
    call.emit('error', stoppingStatus())
    ended.resolve()
  }
  let latest: LivePoll | null = null
  const show = (live: LivePoll): void => {
    latest = live
    send(live)
    if (live.tally.resultsFinal) finish()
  }
  const viewer = {
    onUpdate: show,
    onDeleted: () => {
      if (latest !== null) call.write(pollMessage({ poll: { ...latest.poll, status: 'deleted' }, tally: null }))
      finish()
    },
  }

  call.on('cancelled', ended.resolve)
  const { pollId } = call.request
  const watched = isPollId(pollId) ? await watchPoll.watch(pollId, viewer) : null
  if (watched === null) {
    call.emit('error', refusalStatus(refuseUnknown()))
    return
  }
  stopping.addEventListener('abort', stop, { once: true })
  if (stopping.aborted) stop()
  else show(watched.live)
  await ended.promise
  watched.stop()
  stopping.removeEventListener('abort', stop)
}

/**
 * Writes what this caller may see. While the client is slow it is sent nothing, and afterwards the newest state alone; the
 * final one is never skipped. With hidden results a change of the counts is not sent at all, because its time would tell that somebody has voted.
 */
function createSender(call: WatchCall, isOrganiser: (poll: Poll) => boolean): (live: LivePoll) => void {
  let isFull = false
  let skipped: LivePoll | null = null
  let hiddenRevision = -1

  const send = (live: LivePoll): void => {
    if (isFull && !live.tally.resultsFinal) {
      skipped = live
      return
    }
    const isShown = maySeeResults(live.poll, isOrganiser(live.poll) ? 'organiser' : 'public')
    if (!isShown && hiddenRevision === live.poll.revision) return
    hiddenRevision = isShown ? -1 : live.poll.revision
    isFull = !call.write(pollMessage({ poll: live.poll, tally: isShown ? live.tally : null }))
  }
  call.on('drain', () => {
    isFull = false
    const newest = skipped
    skipped = null
    if (newest !== null && !call.writableEnded) send(newest)
  })
  return send
}
