import { jitteredMs } from './pause.ts'

/** Where a watch is: `closed` is for good, because it was stopped, the poll is gone or final, or the service refuses. */
export type WatchStatus = 'connecting' | 'live' | 'waiting' | 'closed'

/** Which way the news comes. */
export type Channel = 'socket' | 'events'

export type WatchState = {
  readonly status: WatchStatus
  readonly channel: Channel
  /** Attempts since a connection last proved good. */
  readonly attempts: number
  /** Connections in a row that ended before anything came. */
  readonly failures: number
}

/** How a connection ended. */
export type Lost = {
  readonly hasOpened: boolean
  readonly lastedMs: number
  /** There is no use in coming back. */
  readonly isFinal: boolean
  /** When the service wants to be asked again, at the earliest; 0 where it does not say. */
  readonly retryMs: number
}

export type WatchEvent =
  | { readonly type: 'start' }
  | { readonly type: 'message'; readonly isLast: boolean }
  | ({ readonly type: 'lost' } & Lost)
  /** The pause is over. */
  | { readonly type: 'due' }
  /** The network is back, the page is looked at again, or somebody asks for a new connection. */
  | { readonly type: 'hurry' }
  | { readonly type: 'stop' }

export type WatchAction =
  | { readonly type: 'connect'; readonly channel: Channel }
  | { readonly type: 'disconnect' }
  | { readonly type: 'wait'; readonly ms: number }
  | { readonly type: 'stop_waiting' }

/** Whoever asks for more patience is asked again after this long all the same. */
const askedMostMs = 5 * 60_000
const pauses = { firstMs: 500, longestMs: 20_000 }
/** A connection that lasted this long was a good one. */
const steadyMs = 5_000
/** So often in a row a socket may end before anything came over it; then events are tried, which pass where sockets do not. */
const failuresMax = 2

export function initialWatch(hasSockets: boolean): WatchState {
  return { status: 'waiting', channel: hasSockets ? 'socket' : 'events', attempts: 0, failures: 0 }
}

/**
 * What a watch does next, as a pure function of what happened: nothing here waits, draws or connects by itself. `random` gives 0 to 1.
 *
 * It comes back after every loss until it is told that this is no use. Where sockets never open it changes to events and back, so a
 * network that lets only one of them through is found out after a few attempts.
 */
export function stepWatch(
  state: WatchState,
  event: WatchEvent,
  hasSockets: boolean,
  random: () => number,
): readonly [WatchState, readonly WatchAction[]] {
  if (state.status === 'closed') return [state, []]
  switch (event.type) {
    case 'start':
    case 'due':
      return state.status === 'waiting' ? connect(state) : [state, []]
    case 'message':
      if (state.status !== 'connecting' && state.status !== 'live') return [state, []]
      return event.isLast
        ? [{ ...state, status: 'closed' }, [{ type: 'disconnect' }]]
        : [{ ...state, status: 'live' }, []]
    case 'lost':
      return state.status === 'waiting' ? [state, []] : lose(state, event, hasSockets, random)
    case 'hurry': {
      const [next, actions] = connect({ ...state, attempts: 0 })
      return [next, [{ type: state.status === 'waiting' ? 'stop_waiting' : 'disconnect' }, ...actions]]
    }
    case 'stop':
      return [{ ...state, status: 'closed' }, [{ type: state.status === 'waiting' ? 'stop_waiting' : 'disconnect' }]]
  }
}

function connect(state: WatchState): readonly [WatchState, readonly WatchAction[]] {
  return [{ ...state, status: 'connecting' }, [{ type: 'connect', channel: state.channel }]]
}

function lose(
  state: WatchState,
  { hasOpened, lastedMs, isFinal, retryMs }: Lost,
  hasSockets: boolean,
  random: () => number,
): readonly [WatchState, readonly WatchAction[]] {
  if (isFinal) return [{ ...state, status: 'closed' }, []]
  const failures = hasOpened ? 0 : state.failures + 1
  const isBlocked = failures >= failuresMax
  const other = state.channel === 'socket' || !hasSockets ? 'events' : 'socket'
  const attempts = hasOpened && lastedMs >= steadyMs ? 0 : state.attempts
  const ms = Math.max(Math.min(retryMs, askedMostMs), jitteredMs(attempts, pauses, random))
  return [
    {
      status: 'waiting',
      channel: isBlocked ? other : state.channel,
      attempts: attempts + 1,
      failures: isBlocked ? 0 : failures,
    },
    [{ type: 'wait', ms }],
  ]
}
