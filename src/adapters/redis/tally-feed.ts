import { Redis } from 'ioredis'
import type { PollChange, TallyFeed } from '../../ports/tally-feed.ts'
import { packTally, tellTally, type TallyNews } from '../tally-news.ts'
import type { RedisConnections } from './connect.ts'
import type { Servers } from './servers.ts'
import { orUnavailable } from './faults.ts'
import type { Keys } from './keys.ts'
import { type ChannelListener, createChannels } from './tally-feed-channels.ts'
import { createClusterChannels } from './tally-feed-cluster.ts'

/** News over Redis Pub/Sub, in a cluster over the sharded one. `report` hears of messages that nobody can read, and of attempts to subscribe that failed. */
export function createTallyFeed(
  { publisher, subscriber }: Pick<RedisConnections<Servers>, 'publisher' | 'subscriber'>,
  keys: Keys,
  report: (fault: unknown) => void,
): TallyFeed & { readonly stop: () => void } {
  const channels =
    subscriber instanceof Redis ? createChannels(subscriber, report) : createClusterChannels(subscriber, report)
  const publish = (channel: string, message: unknown): Promise<void> =>
    orUnavailable('cache', async () => {
      const text = JSON.stringify(message)
      if (publisher instanceof Redis) await publisher.publish(channel, text)
      else await publisher.at(channel, (redis) => redis.spublish(channel, text))
    })
  const listen = (name: string, listener: ChannelListener): Promise<() => Promise<void>> =>
    orUnavailable('cache', () => channels.listen(name, listener))
  return {
    publishTally: (tally, traceparent) => publish(keys.pollUpdates(tally.pollId), packTally(tally, traceparent)),
    publishPollChange: (change) => publish(keys.pollChanges, change),
    // The casts are of what the two methods above sent.
    subscribe: (pollId, { onTally, onGap }) =>
      listen(keys.pollUpdates(pollId), { onMessage: (news) => tellTally(news as TallyNews, onTally), onGap }),
    subscribePollChanges: ({ onChange, onGap }) =>
      listen(keys.pollChanges, { onMessage: (change) => onChange(change as PollChange), onGap }),
    stop: () => channels.stop(),
  }
}
