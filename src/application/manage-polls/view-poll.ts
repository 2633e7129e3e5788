import type { Poll } from '../../domain/poll.ts'
import { maySeeResults, type Tally } from '../../domain/tally.ts'
import type { PollStore } from '../../ports/poll-store.ts'
import type { Tallies } from '../../ports/tallies.ts'

/** A poll as its caller may see it: `tally` is null where the results are hidden from this caller. */
export type ManagedPoll = { readonly poll: Poll; readonly tally: Tally | null }

export type ViewPoll = (poll: Poll, isOrganiser: boolean) => Promise<ManagedPoll>

const attemptsMax = 3

/** Puts definition and tally of one revision together. A poll that changes all the time is shown without counts. */
export function createViewPoll(parts: {
  readonly polls: Pick<PollStore, 'find'>
  readonly tallies: Pick<Tallies, 'read'>
}): ViewPoll {
  return async (poll, isOrganiser) => {
    let newest = poll
    for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
      if (!maySeeResults(newest, isOrganiser ? 'organiser' : 'public')) break
      const [tally] = await parts.tallies.read([poll.id])
      if (tally === undefined || tally.revision === newest.revision) return { poll: newest, tally: tally ?? null }
      newest = (await parts.polls.find(poll.id)) ?? newest
    }
    return { poll: newest, tally: null }
  }
}
