// Every change of a poll, from its creation on: the store first, then doors, caches and viewers.
import { hasScope } from '../domain/api-key.ts'
import type { Poll, PollInput, PollPatch } from '../domain/poll.ts'
import { definePoll, editPoll } from '../domain/poll-definition.ts'
import { beginClosing, deletePoll, openPoll, refuseUnknown, resetPoll } from '../domain/poll-life.ts'
import { isRefused, type Refused, refuse } from '../domain/refusal.ts'
import type { Caller } from '../ports/poll-admin.ts'
import type { PollStore } from '../ports/poll-store.ts'
import type { Recount, Tallies } from '../ports/tallies.ts'
import type { VoteDoor } from '../ports/vote-door.ts'
import type { AnnouncePoll } from './manage-polls/announce-poll.ts'
import { originOf } from './audit.ts'
import { authorizePoll, authorizeScope, createManageToken, hashToken } from './authorize.ts'
import { judgeFor, type JudgeBearer } from './judge-bearer.ts'
import { type ChangedPollStates, type ChangePoll, createChangePoll } from './manage-polls/change-poll.ts'
import { judgeCreator, type PollCreation } from './manage-polls/judge-creator.ts'
import { createClosePoll } from './manage-polls/close-poll.ts'
import { createJoinCode } from './manage-polls/create-join-code.ts'
import type { PollDoors } from './manage-polls/poll-doors.ts'
import { createPollId, isPollId } from './poll-id.ts'
import { createViewPoll, type ManagedPoll, type ViewPoll } from './manage-polls/view-poll.ts'

export type ManagedPollPage = { readonly polls: readonly ManagedPoll[]; readonly nextCursor: string | null }

export type ManagePolls = {
  /**
   * For everybody, or keys with the scope `polls:write` alone, as `pollCreation` says. A poll that is made with a key is managed by it
   * too. The manage token is shown this once.
   */
  create(caller: Caller, input: PollInput): Promise<(ManagedPoll & { readonly manageToken: string }) | Refused>
  update(caller: Caller, pollId: string, patch: PollPatch, signal: AbortSignal): Promise<ManagedPoll | Refused>
  /** Open to anybody; a bearer that fits shows what only the organiser sees. */
  get(caller: Caller, pollId: string): Promise<ManagedPoll | Refused>
  /** Newest first: those that the caller's key created; with the scope `admin` all. */
  list(caller: Caller, cursor: string | null, pageSize: number): Promise<ManagedPollPage | Refused>
  open(caller: Caller, pollId: string): Promise<ManagedPoll | Refused>
  /** Once this has answered with the poll, no vote of the round is accepted. `unavailable` when the signal aborted before. */
  close(caller: Caller, pollId: string, signal: AbortSignal): Promise<ManagedPoll | Refused>
  reset(caller: Caller, pollId: string): Promise<ManagedPoll | Refused>
  remove(caller: Caller, pollId: string): Promise<ManagedPoll | Refused>
  recount(caller: Caller, pollId: string): Promise<Recount | Refused>
  /** Says of a poll whether the caller sees it as its organiser does. */
  organiserCheck(caller: Caller): Promise<(poll: Poll) => boolean>
}

export type ManagePollsParts = {
  readonly polls: PollStore
  readonly door: Pick<VoteDoor, 'now'>
  readonly doors: PollDoors
  readonly tallies: Pick<Tallies, 'read' | 'finalise' | 'recount'>
  readonly announce: AnnouncePoll
  /** Of a new poll, which keeps the number for its whole life. */
  readonly partitions: number
  /** Who may create polls. */
  readonly pollCreation: PollCreation
  readonly judgeBearer: Pick<JudgeBearer, 'judge'>
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
  /** Told of what failed and will be done again by the sweep. */
  readonly report: (fault: unknown) => void
}

/** What all calls share: telling, changing and showing. */
type Tools = ManagePollsParts &
  ChangePoll & {
    readonly view: ViewPoll
    /**
     * The store has it already: a failure here is repeated by the sweep, and must not look like a failed change. `shut`: the
     * poll has to be closed, which the sweep does too.
     */
    readonly tell: AnnouncePoll
    readonly end: (poll: Poll, signal: AbortSignal) => Promise<ManagedPoll | Refused>
  }

/** Ids never collide; with ten million polls one join code in twenty is taken. */
const nameAttemptsMax = 8

export function createManagePolls(parts: ManagePollsParts): ManagePolls {
  const view = createViewPoll(parts)
  const closePoll = createClosePoll(parts)

  async function tell(poll: Poll): ReturnType<AnnouncePoll> {
    try {
      return await parts.announce(poll)
    } catch (fault) {
      parts.report(fault)
      return 'done'
    }
  }

  /** Also for a poll that was closing already: whoever began may have died before the last door was shut. */
  async function end(poll: Poll, signal: AbortSignal): Promise<ManagedPoll | Refused> {
    const refused = poll.status === 'closed' ? null : await closePoll(poll, signal)
    if (refused !== null) return refused
    const ended = (await parts.polls.find(poll.id)) ?? poll
    await tell(ended)
    return view(ended, true)
  }

  const tools = { ...parts, ...createChangePoll(parts), view, tell, end }
  return { ...definitions(tools), ...lifeCycle(tools), ...readings(tools) }
}

function definitions(tools: Tools): Pick<ManagePolls, 'create' | 'update'> {
  const { polls, door, doors, view, change, tell, end, judgeBearer, pollCreation } = tools

  /** The doors judge `closesAt` by themselves. One that was moved too late has passed before every door knew it. */
  async function isOvertaken({ before, after }: ChangedPollStates): Promise<boolean> {
    if (after.status !== 'open' || before.closesAt === null || before.closesAt === after.closesAt) return false
    return (await door.now()) >= before.closesAt
  }

  async function endOvertaken(caller: Caller, poll: Poll, signal: AbortSignal): Promise<Refused> {
    // Somebody may have reset it meanwhile: the next round must stay as it is.
    const step = (now: Poll): Poll | Refused => (now.round === poll.round ? beginClosing(now) : now)
    const changed = await change(caller, poll.id, null, step)
    if (!isRefused(changed) && changed.after.round === poll.round) await end(changed.after, signal)
    return refuse('poll_closed', 'The poll reached its closes_at before it could be moved, and closes.')
  }

  return {
    async create(caller, input) {
      const creator = await judgeCreator(judgeBearer, pollCreation, caller.bearer)
      if (isRefused(creator)) return creator
      const origin = originOf(creator.holder, caller)
      const manageToken = createManageToken()
      const now = await door.now()
      for (let attempt = 0; attempt < nameAttemptsMax; attempt += 1) {
        const made = {
          id: createPollId(),
          joinCode: createJoinCode(),
          now,
          partitions: tools.partitions,
          manageTokenHash: hashToken(manageToken),
          createdByKey: origin.actorKey,
        }
        const poll = definePoll(input, made)
        if (isRefused(poll)) return poll
        if (!(await polls.create(poll, { ...origin, action: 'poll_created' }))) continue
        if (poll.status === 'open') await doors.open(poll)
        await tell(poll)
        return { ...(await view(poll, true)), manageToken }
      }
      throw new Error(`${nameAttemptsMax} random ids and join codes in a row are taken`)
    },

    async update(caller, pollId, patch, signal) {
      const changed = await change(caller, pollId, 'poll_edited', (poll, now) => editPoll(poll, patch, now))
      if (isRefused(changed)) return changed
      const { before, after } = changed
      const told = after === before ? 'done' : await tell(after)
      if (told === 'shut' || (await isOvertaken(changed))) return endOvertaken(caller, after, signal)
      return view(after, true)
    },
  }
}

function lifeCycle({
  doors,
  view,
  change,
  tell,
  end,
}: Tools): Pick<ManagePolls, 'open' | 'close' | 'reset' | 'remove'> {
  return {
    async open(caller, pollId) {
      const changed = await change(caller, pollId, 'poll_opened', openPoll)
      if (isRefused(changed)) return changed
      if (changed.after !== changed.before) {
        await doors.open(changed.after)
        await tell(changed.after)
      }
      return view(changed.after, true)
    },

    async close(caller, pollId, signal) {
      const changed = await change(caller, pollId, 'poll_closed', beginClosing)
      return isRefused(changed) ? changed : end(changed.after, signal)
    },

    async reset(caller, pollId) {
      const changed = await change(caller, pollId, 'poll_reset', resetPoll)
      if (isRefused(changed)) return changed
      await tell(changed.after)
      return view(changed.after, true)
    },

    async remove(caller, pollId) {
      const changed = await change(caller, pollId, 'poll_deleted', deletePoll)
      if (isRefused(changed)) return changed
      await tell(changed.after)
      return { poll: changed.after, tally: null }
    },
  }
}

function readings({
  polls,
  tallies,
  view,
  find,
  judgeBearer,
}: Tools): Pick<ManagePolls, 'get' | 'list' | 'recount' | 'organiserCheck'> {
  async function organiserCheck({ bearer }: Caller): Promise<(poll: Poll) => boolean> {
    const holder = await judgeBearer.judge(bearer)
    return (poll) => !isRefused(holder) && authorizePoll(holder, poll, 'polls:read') === null
  }

  return {
    organiserCheck,

    async get(caller, pollId) {
      const poll = isPollId(pollId) ? await polls.find(pollId) : null
      if (poll === null || poll.status === 'deleted') return refuseUnknown()
      return view(poll, (await organiserCheck(caller))(poll))
    },

    async list({ bearer }, cursor, pageSize) {
      const holder = await judgeFor(judgeBearer, bearer, (shown) => authorizeScope(shown, 'polls:read'))
      if (isRefused(holder)) return holder
      const seesAll = holder.is !== 'key' || hasScope(holder.key, 'admin')
      const page = await polls.list(cursor, pageSize, seesAll ? null : holder.key.prefix)
      if (page === null) return refuse('invalid_body', 'This cursor was not given by a page before.')
      const read = await tallies.read(page.polls.map((poll) => poll.id))
      const tallyOf = new Map(read.map((tally) => [tally.pollId, tally]))
      const shown = page.polls.map((poll): ManagedPoll => {
        const tally = tallyOf.get(poll.id)
        // A reset may have come between the two readings; the counts of another round are not this poll's.
        return { poll, tally: tally?.round === poll.round ? tally : null }
      })
      return { polls: shown, nextCursor: page.nextCursor }
    },

    async recount(caller, pollId) {
      const poll = await find(caller, pollId, 'polls:read')
      if (isRefused(poll)) return poll
      return (poll.status === 'deleted' ? null : await tallies.recount(pollId)) ?? refuseUnknown()
    },
  }
}
