import type { Redis } from 'ioredis'
import { readRedirect } from './cluster/redirects.ts'
import type { RedisCluster } from './servers.ts'
import { type ChannelListener, type Channels, createChannels, type Subscribing } from './tally-feed-channels.ts'

const toShards: Subscribing = {
  messages: 'smessage',
  subscribe: (redis, name) => redis.ssubscribe(name),
  // A server that has lost the slot has dropped the subscription with it.
  unsubscribe: async (redis, name) => {
    try {
      await redis.sunsubscribe(name)
    } catch (error) {
      if (readRedirect(error) === null) throw error
    }
  },
}

type Subscription = {
  readonly name: string
  readonly listener: ChannelListener
  /** Where it stands, and how it is given up there; null before the first. */
  place: { readonly server: Redis; readonly leave: () => Promise<void> } | null
  isLeft: boolean
  /** The last step that was begun for it; the next begins after it. */
  steps: Promise<void>
}

/**
 * Channels of a cluster: each is subscribed at the server that has its slot, over one connection per server, and elsewhere as soon as the
 * slot is there. What could not be taken up there is tried again after each look at the cluster; its listener hears of the gap.
 */
export function createClusterChannels(subscriber: RedisCluster, report: (fault: unknown) => void): Channels {
  const channelsOf = new Map<Redis, Channels>()
  const subscriptions = new Set<Subscription>()
  const astray = new Set<Subscription>()

  function channelsAt(server: Redis): Channels {
    const channels = channelsOf.get(server) ?? createChannels(server, report, toShards)
    channelsOf.set(server, channels)
    return channels
  }

  /** Leaves the former place only once it stands at the new one: what comes twice does no harm. */
  async function settle(subscription: Subscription): Promise<void> {
    const { name, listener, place: former } = subscription
    if (subscription.isLeft) return
    const place = await subscriber.at(name, async (server) => {
      if (server === former?.server) return former
      return { server, leave: await channelsAt(server).listen(name, listener) }
    })
    subscription.place = place
    if (former !== null && place !== former) {
      await former.leave()
      listener.onGap()
    }
  }

  function step(subscription: Subscription): Promise<void> {
    const next = subscription.steps.then(() => settle(subscription))
    subscription.steps = next.catch(() => undefined)
    return next
  }

  async function follow(subscription: Subscription): Promise<void> {
    astray.delete(subscription)
    try {
      await step(subscription)
    } catch (error) {
      if (!subscription.isLeft) astray.add(subscription)
      report(error)
    }
  }

  subscriber.onLook((hasChanged) => {
    for (const subscription of hasChanged ? subscriptions : astray) follow(subscription).catch(report)
    forgetGone()
  })

  function forgetGone(): void {
    for (const [server, channels] of channelsOf) {
      if (server.status !== 'end') continue
      channels.stop()
      channelsOf.delete(server)
    }
  }

  return {
    async listen(name, listener) {
      const subscription: Subscription = {
        name,
        listener,
        place: null,
        isLeft: false,
        steps: Promise.resolve(),
      }
      subscriptions.add(subscription)
      const leave = async (): Promise<void> => {
        if (subscription.isLeft) return
        subscription.isLeft = true
        subscriptions.delete(subscription)
        astray.delete(subscription)
        // A step that is under way may yet take it elsewhere.
        await subscription.steps
        await subscription.place?.leave()
      }
      try {
        await step(subscription)
      } catch (error) {
        await leave()
        throw error
      }
      return leave
    },
    stop() {
      for (const channels of channelsOf.values()) channels.stop()
    },
  }
}
