import pg from 'pg'
import { orUnavailable } from './faults.ts'
import { createSteadyConnection, type Run } from './listen-connection.ts'

export type ChannelListener = {
  readonly onNews: (payload: string) => void
  /** The connection was lost and is back: news may have been missed. */
  readonly onGap: () => void
}

/** The notifications of one database over one connection of this process, whatever the number of channels and listeners. */
export type Listener = {
  /**
   * Calls the listener with all news of the channel from now on, until the returned function is called. A lost connection
   * is taken up again by itself. Rejects with `DependencyUnavailable` where there is no connection now.
   */
  readonly listen: (channel: string, listener: ChannelListener) => Promise<() => Promise<void>>
  readonly stop: () => Promise<void>
}

/** `ready` settles with the LISTEN; `isHeard` once it has succeeded, and from then on the channel outlives connections. */
type Channel = { readonly listeners: Set<ChannelListener>; readonly ready: Promise<void>; isHeard: boolean }

/** Connects with the first `listen`. */
export function createListener(config: pg.ClientConfig): Listener {
  const channels = new Map<string, Channel>()

  const listenAgain = async (run: Run): Promise<void> => {
    const names = [...channels.keys()]
    await Promise.all(names.map((name) => run(`listen ${pg.escapeIdentifier(name)}`)))
    for (const name of names) for (const listener of channels.get(name)?.listeners ?? []) listener.onGap()
  }

  const connection = createSteadyConnection(config, {
    onNews: (name, payload) => {
      for (const listener of channels.get(name)?.listeners ?? []) listener.onNews(payload)
    },
    isWanted: () => [...channels.values()].some((channel) => channel.isHeard),
    resume: listenAgain,
  })

  const command = async (verb: 'listen' | 'unlisten', name: string): Promise<void> =>
    orUnavailable('cache', () => connection.run(`${verb} ${pg.escapeIdentifier(name)}`))

  const openChannel = (name: string): Channel => {
    const channel: Channel = { listeners: new Set(), ready: command('listen', name), isHeard: false }
    channels.set(name, channel)
    return channel
  }

  return {
    listen: async (name, listener) => {
      const channel = channels.get(name) ?? openChannel(name)
      // A copy, so that one listener given twice is called twice and leaves twice.
      const member = { ...listener }
      channel.listeners.add(member)
      /** True where this was the last one. */
      const leave = (): boolean => {
        const isLast = channel.listeners.delete(member) && channel.listeners.size === 0
        if (isLast && channels.get(name) === channel) channels.delete(name)
        return isLast
      }
      try {
        await channel.ready
      } catch (fault) {
        leave()
        throw fault
      }
      channel.isHeard = true
      return async () => {
        // Without a connection there is nothing to take back: the next one listens only to what is still wanted.
        if (!leave() || !connection.isUp()) return
        await command('unlisten', name).catch((fault: unknown) => {
          if (connection.isUp()) throw fault
        })
      }
    },
    stop: async () => {
      channels.clear()
      await connection.stop()
    },
  }
}
