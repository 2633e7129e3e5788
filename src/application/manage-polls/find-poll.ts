import type { Poll } from '../../domain/poll.ts'
import { refuseUnknown } from '../../domain/poll-life.ts'
import { isRefused, type Refused } from '../../domain/refusal.ts'
import type { Caller } from '../../ports/poll-admin.ts'
import type { PollStore } from '../../ports/poll-store.ts'
import { authorizePoll, authorizePolls, type Holder, type PollScope } from '../authorize.ts'
import { judgeFor, type JudgeBearer } from '../judge-bearer.ts'
import { isPollId } from '../poll-id.ts'

/** The poll, tombstones included, and whom the caller stands for, where the caller may do this with it. */
export type FindPoll = (
  caller: Caller,
  pollId: string,
  scope: PollScope,
) => Promise<{ readonly poll: Poll; readonly holder: Holder } | Refused>

export type FindPollParts = {
  readonly polls: Pick<PollStore, 'find'>
  readonly judgeBearer: Pick<JudgeBearer, 'judge'>
}

export function createFindPoll({ polls, judgeBearer }: FindPollParts): FindPoll {
  return async ({ bearer }, pollId, scope) => {
    const holder = await judgeFor(judgeBearer, bearer, (shown) => authorizePolls(shown, scope))
    if (isRefused(holder)) return holder
    const poll = isPollId(pollId) ? await polls.find(pollId) : null
    if (poll === null) return refuseUnknown()
    return authorizePoll(holder, poll, scope) ?? { poll, holder }
  }
}
