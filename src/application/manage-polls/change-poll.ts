import type { Poll } from '../../domain/poll.ts'
import { refuseUnknown } from '../../domain/poll-life.ts'
import { isRefused, type Refused, refuseForNow } from '../../domain/refusal.ts'
import type { Caller } from '../../ports/poll-admin.ts'
import type { PollStore } from '../../ports/poll-store.ts'
import type { VoteDoor } from '../../ports/vote-door.ts'
import { authorizePoll, authorizePolls, type PollScope } from '../authorize.ts'
import { judgeFor, type JudgeBearer } from '../judge-bearer.ts'
import { isPollId } from '../poll-id.ts'

export type ChangedPollStates = { readonly before: Poll; readonly after: Poll }

export type ChangePoll = {
  /** The poll, tombstones included, where the caller may do this with it. */
  readonly find: (caller: Caller, pollId: string, scope: PollScope) => Promise<Poll | Refused>
  /** Reads, judges by the stream's clock and saves, anew when somebody else was faster. Same poll, nothing saved. */
  readonly change: (
    caller: Caller,
    pollId: string,
    step: (poll: Poll, now: number) => Poll | Refused,
  ) => Promise<ChangedPollStates | Refused>
}

export type ChangePollParts = {
  readonly polls: Pick<PollStore, 'find' | 'save'>
  readonly door: Pick<VoteDoor, 'now'>
  readonly judgeBearer: Pick<JudgeBearer, 'judge'>
}

/** Somebody else changed the poll between our reading and saving; more often than this in a row is no accident. */
const saveAttemptsMax = 8

export function createChangePoll({ polls, door, judgeBearer }: ChangePollParts): ChangePoll {
  async function find({ bearer }: Caller, pollId: string, scope: PollScope): Promise<Poll | Refused> {
    const holder = await judgeFor(judgeBearer, bearer, (shown) => authorizePolls(shown, scope))
    if (isRefused(holder)) return holder
    const poll = isPollId(pollId) ? await polls.find(pollId) : null
    if (poll === null) return refuseUnknown()
    return authorizePoll(holder, poll, scope) ?? poll
  }

  return {
    find,
    async change(caller, pollId, step) {
      for (let attempt = 0; attempt < saveAttemptsMax; attempt += 1) {
        const before = await find(caller, pollId, 'polls:write')
        if (isRefused(before)) return before
        const after = step(before, await door.now())
        if (isRefused(after)) return after
        if (after === before || (await polls.save(after, before.revision))) return { before, after }
      }
      return refuseForNow('unavailable', 'Too many are changing this poll at the same time. Please try again.')
    },
  }
}
