import { isRefused } from '../../domain/refusal.ts'
import type { SeePoll } from '../watch-poll/see-poll.ts'
import type { LimitBearers } from './limit-bearers.ts'

/** The same, limited where a reader shows a bearer. Whoever reads as everybody does is not counted: the answer is at hand. */
export function limitReaders(seePoll: SeePoll, limitBearers: LimitBearers): SeePoll {
  return {
    ...seePoll,
    async see(pollId, shown) {
      if (shown.bearer === null) return seePoll.see(pollId, shown)
      return limitBearers.ask(shown, pollId, () => seePoll.see(pollId, shown))
    },
    seeKnown(pollId, shown) {
      const seen = seePoll.seeKnown(pollId, shown)
      if (shown.bearer === null || seen === null || isRefused(seen)) return seen
      return limitBearers.take(shown.bearer, pollId) ?? seen
    },
    async audience(poll, shown) {
      if (shown.bearer === null) return seePoll.audience(poll, shown)
      return limitBearers.ask(shown, poll.id, () => seePoll.audience(poll, shown))
    },
  }
}
