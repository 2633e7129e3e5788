import type { AuditPage } from '../domain/audit.ts'
import type { PollInput, PollPatch } from '../domain/poll.ts'
import type { Refused } from '../domain/refusal.ts'

/**
 * Who asks: the bearer as it came (null without one), to be judged by the admin role alone; and the address that it came from, as the
 * process saw it that stands before the others.
 */
export type Caller = { readonly bearer: string | null; readonly requestId: string; readonly address: string | null }

/** Names the poll as it is after the change: any cache is asked for this revision or a later one. */
export type ChangedPoll = { readonly pollId: string; readonly revision: number }

/**
 * The admin role as the api sees it. Every call MUST forward bearer, request id and address, MUST end within its deadline, and rejects
 * with `DependencyUnavailable` where the outcome is unknown.
 */
export type PollAdmin = {
  create(caller: Caller, input: PollInput): Promise<(ChangedPoll & { readonly manageToken: string }) | Refused>
  update(caller: Caller, pollId: string, patch: PollPatch): Promise<ChangedPoll | Refused>
  open(caller: Caller, pollId: string): Promise<ChangedPoll | Refused>
  /** Once this has answered, no vote of the round is accepted. */
  close(caller: Caller, pollId: string): Promise<ChangedPoll | Refused>
  reset(caller: Caller, pollId: string): Promise<ChangedPoll | Refused>
  remove(caller: Caller, pollId: string): Promise<ChangedPoll | Refused>
  /** New voting codes, which nobody can show again. */
  createCodes(caller: Caller, pollId: string, count: number): Promise<readonly string[] | Refused>
  listAudit(caller: Caller, cursor: string | null, pageSize: number): Promise<AuditPage | Refused>
  list(
    caller: Caller,
    cursor: string | null,
    pageSize: number,
  ): Promise<{ readonly pollIds: readonly string[]; readonly nextCursor: string | null } | Refused>
}
