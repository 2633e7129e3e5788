import type { TallyMessage } from '../../contract/messages.ts'
import { type ChannelParts, type Connection, openEvents, openSocket } from './channel.ts'
import { listenToPage } from './page-events.ts'
import {
  initialWatch,
  type Lost,
  stepWatch,
  type WatchAction,
  type WatchEvent,
  type WatchStatus,
} from './watch-state.ts'

export type WatchListener = {
  /** The poll's whole state: at once, and whenever it has changed. Never an older version than before. */
  readonly onTally: (tally: TallyMessage) => void
  readonly onStatus?: (status: WatchStatus) => void
}

export type Watch = {
  readonly status: WatchStatus
  /** The newest state; null before the first. */
  readonly tally: TallyMessage | null
  /** Connects anew at once: as somebody who may see more than before, or because a person has lost patience. */
  readonly reconnect: () => void
  /** The listener is not called any more. */
  readonly stop: () => void
}

/**
 * Follows a poll until it is stopped, the poll is final or deleted, or the service refuses. The listener is first called after this has
 * returned.
 */
export function watchPoll(
  parts: ChannelParts,
  pollId: string,
  listener: WatchListener,
  { hasSockets = 'WebSocket' in globalThis, random = Math.random, quietMs = 60_000, openWithinMs = 10_000 } = {},
): Watch {
  const lastId = { value: '' }
  let state = initialWatch(hasSockets)
  let tally: TallyMessage | null = null
  let connection: Connection | null = null
  let timer: ReturnType<typeof setTimeout> | undefined
  let silence: ReturnType<typeof setTimeout> | undefined

  function dispatch(event: WatchEvent): void {
    const before = state.status
    const [next, actions] = stepWatch(state, event, hasSockets, random)
    state = next
    for (const action of actions) perform(action)
    if (state.status === before) return
    if (state.status !== 'live') clearTimeout(silence)
    if (state.status === 'closed') leavePage()
    if (event.type !== 'stop') tell(() => listener.onStatus?.(next.status))
  }

  function perform(action: WatchAction): void {
    switch (action.type) {
      case 'connect': {
        const open = action.channel === 'socket' ? openSocket : openEvents
        const onLost = (lost: Lost): void => dispatch({ type: 'lost', ...lost })
        connection = open(parts, pollId, { onMessage, onLost, lastId, openWithinMs })
        return
      }
      case 'disconnect':
        return connection?.close()
      case 'wait':
        timer = setTimeout(() => dispatch({ type: 'due' }), action.ms)
        return
      case 'stop_waiting':
        return clearTimeout(timer)
    }
  }

  function onMessage(message: TallyMessage): void {
    if (tally === null || !isOlder(message, tally)) {
      tally = message
      tell(() => listener.onTally(message))
    }
    dispatch({ type: 'message', isLast: message.results_final || message.status === 'deleted' })
    listenOn()
  }

  /**
   * A socket whose network has gone without a word looks like one over which nothing is said: a page hears nothing of the service's pings. So after a
   * silence it is compared with what can be read.
   */
  function listenOn(): void {
    clearTimeout(silence)
    if (state.status !== 'live' || state.channel !== 'socket') return
    silence = setTimeout(compare, quietMs * (0.5 + random()))
  }

  function compare(): void {
    const known = tally
    parts.look(pollId).then(
      (read) => {
        if (state.status !== 'live' || tally !== known || known === null) return
        if (isOlder(known, read)) dispatch({ type: 'hurry' })
        else listenOn()
      },
      // Nothing is learnt from that; it is asked again.
      listenOn,
    )
  }

  /** A fault of the listener is its owner's to hear of, and must not end what it listens to. */
  function tell(call: () => void): void {
    try {
      call()
    } catch (fault) {
      queueMicrotask(() => {
        throw fault
      })
    }
  }

  const leavePage = listenToPage(() => dispatch({ type: 'hurry' }))
  queueMicrotask(() => dispatch({ type: 'start' }))
  return {
    get status() {
      return state.status
    },
    get tally() {
      return tally
    },
    reconnect: () => dispatch({ type: 'hurry' }),
    stop: () => dispatch({ type: 'stop' }),
  }
}

type Known = Pick<TallyMessage, 'version' | 'revision'>

/** Where results are hidden there is no version, and the definition's revision orders what comes. */
export function isOlder(message: Known, shown: Known): boolean {
  if (message.version !== null && shown.version !== null) return message.version < shown.version
  return message.revision < shown.revision
}
