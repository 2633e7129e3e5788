import { setTimeout as sleep } from 'node:timers/promises'
import type { Redis } from 'ioredis'

/** Listeners of channels. `listen` resolves when the server has the subscription, and with how to leave. */
export type Channels = {
  readonly listen: (name: string, listener: ChannelListener) => Promise<() => Promise<void>>
  readonly stop: () => void
}

/** How a subscription is asked for and given up, and what the client calls a message of it. */
export type Subscribing = {
  readonly messages: 'message' | 'smessage'
  readonly subscribe: (redis: Redis, name: string) => Promise<unknown>
  readonly unsubscribe: (redis: Redis, name: string) => Promise<unknown>
}

const toChannels: Subscribing = {
  messages: 'message',
  subscribe: (redis, name) => redis.subscribe(name),
  unsubscribe: (redis, name) => redis.unsubscribe(name),
}

export type ChannelListener = { readonly onMessage: (message: unknown) => void; readonly onGap: () => void }

type Channel = {
  readonly listeners: Set<ChannelListener>
  /** Whether the server has our subscription, as far as we know. */
  isSubscribed: boolean
  /** The last step that was begun for this channel; the next begins after it. */
  steps: Promise<void>
}

/** How often a quiet connection is asked whether it is still there. */
const heartbeatMs = 5_000
/** How long a server that is giving slots away is left alone before it is asked again for the channels that it took. */
const betweenRenewalsMs = 250

/**
 * One subscription per channel, for any number of listeners.
 *
 * A subscription that is asked for while the former one is being given up (or the other way round) is the hard part: sent as
 * they come, the late UNSUBSCRIBE silences the new listener. So nothing is sent for what somebody asked, but for what is
 * wanted when the turn of the channel comes: steps of one channel run one after the other, and each compares what the
 * listeners want with what the server has.
 */
export function createChannels(
  subscriber: Redis,
  report: (fault: unknown) => void,
  { messages, subscribe, unsubscribe }: Subscribing = toChannels,
): Channels {
  const channels = new Map<string, Channel>()
  // After each, subscriptions may be gone; what was answered before and is heard late must not be taken for one that is there.
  let losses = 0
  let hasMoved = false
  let isRenewing = false

  async function settle(name: string, channel: Channel): Promise<void> {
    const isWanted = channel.listeners.size > 0
    const lossesBefore = losses
    if (isWanted && !channel.isSubscribed) {
      await subscribe(subscriber, name)
      channel.isSubscribed = losses === lossesBefore
    } else if (!isWanted && channel.isSubscribed) {
      await unsubscribe(subscriber, name)
      channel.isSubscribed = false
    }
    if (channel.listeners.size === 0 && !channel.isSubscribed) channels.delete(name)
  }

  function step(name: string, channel: Channel): Promise<void> {
    const next = channel.steps.then(() => settle(name, channel))
    channel.steps = next.catch(() => undefined)
    return next
  }

  async function subscribeAgain(): Promise<void> {
    const wanted = [...channels].filter(([, { listeners, isSubscribed }]) => listeners.size > 0 && !isSubscribed)
    await Promise.all(
      wanted.map(async ([name, channel]) => {
        await step(name, channel)
        for (const listener of channel.listeners) listener.onGap()
      }),
    )
  }

  /** All at once, and seldom: asked for at each word of it, every channel that is refused would have all others asked for again. */
  async function renew(): Promise<void> {
    isRenewing = true
    while (hasMoved && subscriber.status !== 'end') {
      hasMoved = false
      const held = listHeld(subscriber)
      for (const [name, channel] of channels) channel.isSubscribed &&= held.has(name)
      // Those of slots that it no longer has are refused, and taken up elsewhere.
      await subscribeAgain().catch(report)
      await sleep(betweenRenewalsMs, undefined, { ref: false })
    }
    isRenewing = false
  }

  const onReady = (): void => {
    subscribeAgain().catch((error: unknown) => {
      report(error)
      // Half subscribed would be silent for ever: begin again with a new connection.
      subscriber.disconnect(true)
    })
  }
  const onClose = (): void => {
    losses += 1
    for (const channel of channels.values()) channel.isSubscribed = false
  }
  /** The server of a cluster has taken a subscription from us or refused one. */
  const onMoved = (): void => {
    hasMoved = true
    losses += 1
    if (!isRenewing) renew().catch(report)
  }
  const onMessage = (name: string, text: string): void => {
    const listeners = channels.get(name)?.listeners
    if (listeners === undefined) return
    const message = parseMessage(text, report)
    if (message !== null) for (const listener of listeners) listener.onMessage(message)
  }
  // A connection that died without a word brings no news and no error; asking is the only way to learn of it.
  const heartbeat = setInterval(() => {
    if (subscriber.status !== 'ready') return
    subscriber.ping().catch((error: unknown) => {
      report(error)
      subscriber.disconnect(true)
    })
  }, heartbeatMs)
  heartbeat.unref()
  subscriber.on('ready', onReady)
  subscriber.on('close', onClose)
  subscriber.on('moved', onMoved)
  subscriber.on(messages, onMessage)

  return {
    async listen(name: string, listener: ChannelListener): Promise<() => Promise<void>> {
      // A copy of its own, so that the same listener given twice counts as two.
      const own = { ...listener }
      const channel = channels.get(name) ?? { listeners: new Set(), isSubscribed: false, steps: Promise.resolve() }
      channels.set(name, channel)
      channel.listeners.add(own)
      const leave = async (): Promise<void> => {
        if (!channel.listeners.delete(own)) return
        // Where it fails the connection is gone, and the subscription with it.
        await step(name, channel).catch(report)
      }
      try {
        await step(name, channel)
      } catch (error) {
        await leave()
        throw error
      }
      return leave
    },
    stop(): void {
      clearInterval(heartbeat)
      subscriber.off('ready', onReady)
      subscriber.off('close', onClose)
      subscriber.off('moved', onMoved)
      subscriber.off(messages, onMessage)
    },
  }
}

/** The client does not say which subscription was taken; but it knows those that it has. */
function listHeld({ condition }: Redis): ReadonlySet<string> {
  const subscriptions = condition?.subscriber
  return new Set(subscriptions ? subscriptions.channels('ssubscribe') : [])
}

function parseMessage(text: string, report: (fault: unknown) => void): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    report(new Error('a message on a channel of ours is not JSON', { cause }))
    return null
  }
}
