// Beside the flow: proves for whoever asks that what is published equals the ledger.
import type { Poll } from '../domain/poll.ts'
import type { PollStore } from '../ports/poll-store.ts'
import type { Recount, Tallies } from '../ports/tallies.ts'

/** A poll with the recounts of all its rounds, the latest first. */
export type RecountedPoll = { readonly poll: Poll; readonly rounds: readonly Recount[] }

export type RecountPolls = {
  /** Null for an unknown or deleted poll. */
  one(pollId: string): Promise<RecountedPoll | null>
  /** Every poll that is not deleted, newest first; those that are made meanwhile are left out. */
  all(): AsyncIterable<RecountedPoll>
}

/** How many of its figures are not as they should be; 0 when all is well. */
export function differencesIn({ differences, unregisteredVotes }: Recount): number {
  return differences.length + (unregisteredVotes > 0 ? 1 : 0)
}

/** So many definitions are in memory at once, however many polls there are. */
const PAGE_SIZE = 100

export function createRecountPolls(parts: {
  readonly polls: Pick<PollStore, 'find' | 'list'>
  readonly tallies: Pick<Tallies, 'recountRounds'>
}): RecountPolls {
  const { polls, tallies } = parts
  const recount = async (poll: Poll): Promise<RecountedPoll> => ({
    poll,
    rounds: await tallies.recountRounds(poll.id),
  })

  return {
    async one(pollId) {
      const poll = await polls.find(pollId)
      return poll === null || poll.status === 'deleted' ? null : recount(poll)
    },
    async *all() {
      let cursor: string | null = null
      do {
        const page: Awaited<ReturnType<PollStore['list']>> = await polls.list(cursor, PAGE_SIZE, null)
        if (page === null) throw new Error('a cursor that a page gave was not taken')
        for (const poll of page.polls) yield await recount(poll)
        cursor = page.nextCursor
      } while (cursor !== null)
    },
  }
}
