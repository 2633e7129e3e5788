import type { TallyMessage } from '../../../contract/messages.ts'
import { type Audience, maySeeResults } from '../../domain/tally.ts'
import type { LivePoll } from '../watch-poll.ts'

/** What a live channel says of the poll to this audience: the whole state, counts only where it may see them. */
export function tallyMessage({ poll, tally }: LivePoll, audience: Audience): TallyMessage {
  const isVisible = maySeeResults(poll, audience)
  return {
    type: 'tally',
    poll_id: poll.id,
    round: tally.round,
    version: isVisible ? tally.version : null,
    revision: tally.revision,
    as_of: isVisible ? new Date(tally.asOf).toISOString() : null,
    status: tally.status,
    options: tally.optionIds.map((id, index) => ({ id, votes: isVisible ? (tally.counts[index] ?? 0) : null })),
    total_votes: isVisible ? tally.totalVotes : null,
    results_final: tally.resultsFinal,
  }
}

/**
 * Names the state as this audience sees it: two states with the same name look the same to it. With hidden results the name
 * changes with the definition and the status alone, or the mere arrival of a message would tell that somebody has voted.
 */
export function messageId({ poll, tally }: LivePoll, audience: Audience): string {
  return maySeeResults(poll, audience) ? `${tally.version}` : `r${tally.revision}`
}

/** Bytes of one state as one audience sees it, made once and handed to everybody in it. */
export type Frames = (live: LivePoll, audience: Audience) => Buffer

/** `encode` gives the form of the transport; it runs once per state and per way of seeing it. */
export function createFrames(encode: (message: TallyMessage, id: string) => Buffer): Frames {
  const visible = new WeakMap<LivePoll, Buffer>()
  const hidden = new WeakMap<LivePoll, Buffer>()
  return (live, audience) => {
    const made = maySeeResults(live.poll, audience) ? visible : hidden
    const kept = made.get(live)
    if (kept !== undefined) return kept
    const frame = encode(tallyMessage(live, audience), messageId(live, audience))
    made.set(live, frame)
    return frame
  }
}
