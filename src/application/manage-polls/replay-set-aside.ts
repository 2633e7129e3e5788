import { isRefused, type Refused, refuse } from '../../domain/refusal.ts'
import type { AuditLog } from '../../ports/audit-log.ts'
import type { Caller } from '../../ports/poll-admin.ts'
import type { PollStore } from '../../ports/poll-store.ts'
import type { ReplayedItem, SetAsideItem, SetAsidePlace, SetAsideVotes } from '../../ports/set-aside.ts'
import { originOf } from '../audit.ts'
import { authorizeScope } from '../authorize.ts'
import { judgeFor, type JudgeBearer } from '../judge-bearer.ts'
import type { AnnouncePoll } from './announce-poll.ts'

/** Which page: of one poll, or (null) of all. */
export type SetAsidePage = { readonly pollId: string | null; readonly cursor: string | null; readonly pageSize: number }

/** What to replay: named items, or one page of a poll's. */
export type ReplayWish =
  | { readonly places: readonly SetAsidePlace[] }
  | (SetAsidePage & { readonly pollId: string; readonly places: null })

type Page<Item> = { readonly items: readonly Item[]; readonly nextCursor: string | null }

/** Votes that were set aside: what whoever runs the service sees of them and can do about them. Both need the scope `admin`. */
export type ReplaySetAside = {
  /** Oldest first; never says who voted. */
  list(caller: Caller, page: SetAsidePage): Promise<Page<SetAsideItem> | Refused>
  /** Tries to record them anew. Asking again does no harm, and answers what counts as the first time. */
  replay(caller: Caller, wish: ReplayWish): Promise<Page<ReplayedItem> | Refused>
}

/** Those of one partition are one transaction, which its owner waits for. */
const itemsPerCallMax = 100

export function createReplaySetAside(parts: {
  readonly setAside: SetAsideVotes
  readonly polls: Pick<PollStore, 'find'>
  readonly announce: AnnouncePoll
  readonly audit: Pick<AuditLog, 'append'>
  readonly judgeBearer: Pick<JudgeBearer, 'judge'>
  /** Told of what failed and will be done again by the sweep. */
  readonly report: (fault: unknown) => void
}): ReplaySetAside {
  const { setAside, polls, announce, audit, judgeBearer, report } = parts
  const judge = ({ bearer }: Caller) => judgeFor(judgeBearer, bearer, (holder) => authorizeScope(holder, 'admin'))

  async function readPage({ pollId, cursor, pageSize }: SetAsidePage): Promise<Page<SetAsideItem> | Refused> {
    const page = await setAside.list(pollId, cursor, Math.min(pageSize, itemsPerCallMax))
    return page ?? refuse('invalid_body', 'This cursor was not given by a page before.')
  }

  /** Also where an earlier replay recorded them: its news may have been lost. */
  async function tellOf(items: readonly ReplayedItem[]): Promise<void> {
    const recorded = items.flatMap(({ pollId, outcome }) => (outcome === 'recorded' && pollId !== null ? [pollId] : []))
    for (const pollId of new Set(recorded)) {
      try {
        const poll = await polls.find(pollId)
        if (poll !== null) await announce(poll)
      } catch (fault) {
        // The ledger has them, and the poll waits to be announced: that must not look like a failed replay.
        report(fault)
      }
    }
  }

  return {
    async list(caller, page) {
      const holder = await judge(caller)
      return isRefused(holder) ? holder : readPage(page)
    },

    async replay(caller, wish) {
      const holder = await judge(caller)
      if (isRefused(holder)) return holder
      if (wish.places !== null && wish.places.length > itemsPerCallMax) {
        const detail = `Name at most ${itemsPerCallMax} items in one call.`
        return refuse('invalid_body', detail, [{ pointer: '/ids', detail }])
      }
      const page = wish.places === null ? await readPage(wish) : { items: wish.places, nextCursor: null }
      if (isRefused(page)) return page
      // Before it is done: then nothing is replayed that nobody asked for.
      await audit.append(
        { ...originOf(holder, caller), action: 'set_aside_replayed' },
        wish.places === null ? wish.pollId : null,
      )
      const items = await setAside.replay(page.items)
      await tellOf(items)
      return { items, nextCursor: page.nextCursor }
    },
  }
}
