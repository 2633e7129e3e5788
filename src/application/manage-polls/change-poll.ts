import type { AuditAction } from '../../domain/audit.ts'
import type { Poll } from '../../domain/poll.ts'
import { refuseUnknown } from '../../domain/poll-life.ts'
import { isRefused, type Refused, refuseForNow } from '../../domain/refusal.ts'
import type { Caller } from '../../ports/poll-admin.ts'
import type { PollStore } from '../../ports/poll-store.ts'
import type { VoteDoor } from '../../ports/vote-door.ts'
import { originOf } from '../audit.ts'
import { authorizePoll, authorizePolls, type Holder, type PollScope } from '../authorize.ts'
import { judgeFor, type JudgeBearer } from '../judge-bearer.ts'
import { isPollId } from '../poll-id.ts'

export type ChangedPollStates = { readonly before: Poll; readonly after: Poll }

export type ChangePoll = {
  /** The poll, tombstones included, where the caller may do this with it. */
  readonly find: (caller: Caller, pollId: string, scope: PollScope) => Promise<Poll | Refused>
  /**
   * Reads, judges by the stream's clock and saves with the note of who did what, anew when somebody else was faster. Same poll, nothing
   * saved and nothing noted. An action of null is done by time, not by the caller.
   */
  readonly change: (
    caller: Caller,
    pollId: string,
    action: AuditAction | null,
    step: (poll: Poll, now: number) => Poll | Refused,
  ) => Promise<ChangedPollStates | Refused>
}

export type ChangePollParts = {
  readonly polls: Pick<PollStore, 'find' | 'save'>
  readonly door: Pick<VoteDoor, 'now'>
  readonly judgeBearer: Pick<JudgeBearer, 'judge'>
}

type Found = { readonly poll: Poll; readonly holder: Holder }

/** Somebody else changed the poll between our reading and saving; more often than this in a row is no accident. */
const saveAttemptsMax = 8

export function createChangePoll({ polls, door, judgeBearer }: ChangePollParts): ChangePoll {
  async function findFor({ bearer }: Caller, pollId: string, scope: PollScope): Promise<Found | Refused> {
    const holder = await judgeFor(judgeBearer, bearer, (shown) => authorizePolls(shown, scope))
    if (isRefused(holder)) return holder
    const poll = isPollId(pollId) ? await polls.find(pollId) : null
    if (poll === null) return refuseUnknown()
    return authorizePoll(holder, poll, scope) ?? { poll, holder }
  }

  return {
    async find(caller, pollId, scope) {
      const found = await findFor(caller, pollId, scope)
      return isRefused(found) ? found : found.poll
    },
    async change(caller, pollId, action, step) {
      for (let attempt = 0; attempt < saveAttemptsMax; attempt += 1) {
        const found = await findFor(caller, pollId, 'polls:write')
        if (isRefused(found)) return found
        const { poll: before, holder } = found
        const after = step(before, await door.now())
        if (isRefused(after)) return after
        const note = action === null ? undefined : { ...originOf(holder, caller), action }
        if (after === before || (await polls.save(after, before.revision, note))) return { before, after }
      }
      return refuseForNow('unavailable', 'Too many are changing this poll at the same time. Please try again.')
    },
  }
}
