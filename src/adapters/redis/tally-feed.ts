import type { Tally } from '../../domain/tally.ts'
import type { PollChange, TallyFeed } from '../../ports/tally-feed.ts'
import type { RedisConnections } from './connect.ts'
import { orUnavailable } from './faults.ts'
import type { Keys } from './keys.ts'
import { createChannels } from './tally-feed-channels.ts'

/** News over Redis Pub/Sub. `report` hears of messages that nobody can read, and of attempts to subscribe that failed. */
export function createTallyFeed(
  { publisher, subscriber }: Pick<RedisConnections, 'publisher' | 'subscriber'>,
  keys: Keys,
  report: (fault: unknown) => void,
): TallyFeed & { readonly stop: () => void } {
  const channels = createChannels(subscriber, report)
  const publish = (channel: string, message: unknown): Promise<void> =>
    orUnavailable('cache', async () => {
      await publisher.publish(channel, JSON.stringify(message))
    })
  return {
    publishTally: (tally) => publish(keys.pollUpdates(tally.pollId), tally),
    publishPollChange: (change) => publish(keys.pollChanges, change),
    // The casts are of what the two methods above sent.
    subscribe: (pollId, { onTally, onGap }) =>
      channels.listen(keys.pollUpdates(pollId), { onMessage: (tally) => onTally(tally as Tally), onGap }),
    subscribePollChanges: ({ onChange, onGap }) =>
      channels.listen(keys.pollChanges, { onMessage: (change) => onChange(change as PollChange), onGap }),
    stop: () => channels.stop(),
  }
}
