import type { AuditPage } from '../domain/audit.ts'
import type { PollInput, PollPatch } from '../domain/poll.ts'
import type { Refused } from '../domain/refusal.ts'

/**
 * Who asks: the bearer as it came (null without one), to be judged by the admin role alone; and the address that it came from, as the
 * process saw it that stands before the others.
 */
export type Caller = { readonly bearer: string | null; readonly requestId: string; readonly address: string | null }

/** How far the accepted votes of a poll's round are recorded. */
export type PollProgress = {
  readonly pollId: string
  readonly round: number
  /** What `recordedVotes` will be once nothing is on its way any more. */
  readonly acceptedVotes: number
  readonly recordedVotes: number
  /** First votes, changes and retracts. Behind some thousands that wait this and what follows from it may be too low. */
  readonly waitingVotes: number
  /** 0 where none waits. */
  readonly oldestWaitingMs: number
}

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
  progress(caller: Caller, pollId: string): Promise<PollProgress | Refused>
  /** What was done to this poll, or everything where that is null. */
  listAudit(
    caller: Caller,
    pollId: string | null,
    cursor: string | null,
    pageSize: number,
  ): Promise<AuditPage | Refused>
  list(
    caller: Caller,
    cursor: string | null,
    pageSize: number,
  ): Promise<{ readonly pollIds: readonly string[]; readonly nextCursor: string | null } | Refused>
}
