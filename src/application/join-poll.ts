// Leads people who type a code off a screen to its poll.
import { readJoinCode } from '../domain/join-code.ts'
import { networkOf } from '../domain/network.ts'
import { createRecentMap } from '../domain/recent-map.ts'
import { type Refused, refuse } from '../domain/refusal.ts'
import type { PollStore } from '../ports/poll-store.ts'
import type { RequestLimits } from './limit-rates/request-limits.ts'
import type { WatchPoll } from './watch-poll.ts'
import { createSharedRun } from './watch-poll/shared-run.ts'

export type JoinablePoll = { readonly pollId: string; readonly joinCode: string }

/**
 * The poll that has the code, however it is written. `address`: where it is asked from; null where that cannot be told any more.
 *
 * Whoever tries codes counts for the address, each time, before the code is looked at: whether it is good is just what a guess would be told. A code that was
 * good there counts no more. So a hall in which everybody types the one on the screen counts once, and goes on whatever else is tried from its address.
 */
export type JoinPoll = (written: string, address: string | null) => Promise<JoinablePoll | Refused>

type Parts = {
  readonly polls: Pick<PollStore, 'findByJoinCode'>
  readonly watchPoll: Pick<WatchPoll, 'get'>
  readonly requestLimits: Pick<RequestLimits, 'joinCodes'>
  /** Milliseconds that only grow. */
  readonly now?: () => number
}

/** Where a code leads, or that it leads nowhere, so that a hall costs one look at the store. A poll is found within twice this time after it was made. */
const foundLimits = { keptMs: 10_000, keysMax: 10_000 }
/** Which code was good from which address. */
const goodLimits = { keptMs: 10 * 60_000, keysMax: 20_000 }

export function createJoinPoll(parts: Parts): JoinPoll {
  const { polls, watchPoll, requestLimits, now = () => performance.now() } = parts
  const found = createRecentMap<{ readonly pollId: string | null }>(foundLimits)
  const good = createRecentMap<true>(goodLimits)

  async function find(joinCode: string): Promise<string | null> {
    const known = found.get(joinCode, now())
    if (known !== undefined) return known.pollId
    const pollId = await polls.findByJoinCode(joinCode)
    found.put(joinCode, { pollId }, now())
    return pollId
  }

  /** Those who try the same code from the same address at the same moment have tried once. */
  const tryFrom = createSharedRun(async (attempt): Promise<JoinablePoll | Refused> => {
    const [joinCode = '', network = ''] = attempt.split(' ')
    const refused = good.get(attempt, now()) ? null : requestLimits.joinCodes.take(network)
    if (refused !== null) return refused
    const pollId = await find(joinCode)
    // One that was deleted since is known to be gone.
    if (pollId === null || (await watchPoll.get(pollId)) === null) return leadsNowhere
    good.put(attempt, true, now())
    return { pollId, joinCode }
  })

  return async (written, address) => {
    const joinCode = readJoinCode(written)
    // Costs nothing, and says nothing of any poll.
    return joinCode === null ? notACode : tryFrom(`${joinCode} ${networkOf(address ?? '')}`)
  }
}

const notACode = refuse('poll_not_found', 'A join code has six letters and digits, as it stands on the screen.')
const leadsNowhere = refuse('poll_not_found', 'No poll has this join code.')
