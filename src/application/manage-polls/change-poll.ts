import type { AuditAction } from '../../domain/audit.ts'
import type { Poll } from '../../domain/poll.ts'
import { isRefused, type Refused, refuseForNow } from '../../domain/refusal.ts'
import type { Caller } from '../../ports/poll-admin.ts'
import type { PollStore } from '../../ports/poll-store.ts'
import type { VoteDoor } from '../../ports/vote-door.ts'
import { originOf } from '../audit.ts'
import type { PollScope } from '../authorize.ts'
import { createFindPoll, type FindPollParts } from './find-poll.ts'

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

export type ChangePollParts = FindPollParts & {
  readonly polls: Pick<PollStore, 'save'>
  readonly door: Pick<VoteDoor, 'now'>
}

/** Somebody else changed the poll between our reading and saving; more often than this in a row is no accident. */
const saveAttemptsMax = 8

export function createChangePoll(parts: ChangePollParts): ChangePoll {
  const { polls, door } = parts
  const findPoll = createFindPoll(parts)

  return {
    async find(caller, pollId, scope) {
      const found = await findPoll(caller, pollId, scope)
      return isRefused(found) ? found : found.poll
    },
    async change(caller, pollId, action, step) {
      for (let attempt = 0; attempt < saveAttemptsMax; attempt += 1) {
        const found = await findPoll(caller, pollId, 'polls:write')
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
