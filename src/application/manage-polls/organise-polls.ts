import type { AuditPage } from '../../domain/audit.ts'
import type { PollInput, PollPatch } from '../../domain/poll.ts'
import { type Refused, isRefused, refuse } from '../../domain/refusal.ts'
import type { Caller, ChangedPoll, PollAdmin, PollProgress } from '../../ports/poll-admin.ts'
import type { LivePoll, WatchPoll } from '../watch-poll.ts'

/** From here for the inbound adapters too, which do not see the ports. */
export type { Caller, PollProgress }

export type CreatedPoll = { readonly live: LivePoll; readonly manageToken: string }
export type PollPage = { readonly polls: readonly LivePoll[]; readonly nextCursor: string | null }
export type LifeCycleStep = 'open' | 'close' | 'reset'

/** What organisers ask for: the admin role changes, and the answer shows the poll as it is after the change. */
export type OrganisePolls = {
  create(caller: Caller, input: PollInput): Promise<CreatedPoll | Refused>
  update(caller: Caller, pollId: string, patch: PollPatch): Promise<LivePoll | Refused>
  step(caller: Caller, pollId: string, step: LifeCycleStep): Promise<LivePoll | Refused>
  remove(caller: Caller, pollId: string): Promise<Refused | null>
  /** New voting codes, which nobody can show again. */
  createCodes(caller: Caller, pollId: string, count: number): Promise<readonly string[] | Refused>
  list(caller: Caller, cursor: string | null, pageSize: number): Promise<PollPage | Refused>
  progress(caller: Caller, pollId: string): Promise<PollProgress | Refused>
  /** What organisers did to this poll, or everything where that is null; newest first. */
  listAudit(
    caller: Caller,
    pollId: string | null,
    cursor: string | null,
    pageSize: number,
  ): Promise<AuditPage | Refused>
}

export function createOrganisePolls(
  admin: PollAdmin,
  watchPoll: Pick<WatchPoll, 'get' | 'getAtLeast' | 'refresh'>,
): OrganisePolls {
  async function afterChange(changed: ChangedPoll): Promise<LivePoll | Refused> {
    const live = await watchPoll.getAtLeast(changed.pollId, changed.revision)
    return live ?? refuse('poll_not_found', 'The poll has been deleted.')
  }

  return {
    async create(caller, input) {
      const created = await admin.create(caller, input)
      if (isRefused(created)) return created
      const live = await afterChange(created)
      return isRefused(live) ? live : { live, manageToken: created.manageToken }
    },
    async update(caller, pollId, patch) {
      const changed = await admin.update(caller, pollId, patch)
      return isRefused(changed) ? changed : afterChange(changed)
    },
    async step(caller, pollId, step) {
      const changed = await admin[step](caller, pollId)
      return isRefused(changed) ? changed : afterChange(changed)
    },
    async remove(caller, pollId) {
      const removed = await admin.remove(caller, pollId)
      if (isRefused(removed)) return removed
      // This process forgets it at once; the others hear of it.
      await watchPoll.refresh(pollId)
      return null
    },
    createCodes: (caller, pollId, count) => admin.createCodes(caller, pollId, count),
    progress: (caller, pollId) => admin.progress(caller, pollId),
    listAudit: (caller, pollId, cursor, pageSize) => admin.listAudit(caller, pollId, cursor, pageSize),
    async list(caller, cursor, pageSize) {
      const page = await admin.list(caller, cursor, pageSize)
      if (isRefused(page)) return page
      const polls = await Promise.all(page.pollIds.map((pollId) => watchPoll.get(pollId)))
      // One that was deleted between the two reads is not there any more.
      return { polls: polls.filter((live) => live !== null), nextCursor: page.nextCursor }
    },
  }
}
