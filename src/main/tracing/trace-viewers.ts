import type { Viewer, WatchPoll } from '../../application/watch-poll.ts'
import type { Tally } from '../../domain/tally.ts'
import type { TallyFeed } from '../../ports/tally-feed.ts'
import type { SpanContext } from '../../runtime/span-export.ts'
import { readTraceParent, type Tracing } from './tracing.ts'

/** After the update interval, in which others wait for their turn: by then the round of a poll's viewers is over. */
const roundMsMax = 1_000
/** Of traced news of all polls whose viewers are being told. */
const underWayMax = 10_000

type Telling = {
  readonly parent: SpanContext
  readonly version: number
  readonly startMs: number
  toldMs: number
  viewers: number
}

/**
 * The last step: news of a traced commit reaches this process, and its viewers are told. The span ends when the last of them was, also where a
 * newer state reached them instead; without viewers there is none. `after` is a timer that keeps nothing alive.
 */
export function traceViewers(
  tracing: Tracing,
  updateIntervalMs: number,
  after = (ms: number, run: () => void): void => void setTimeout(run, ms).unref(),
) {
  const underWay = new Map<string, Set<Telling>>()
  let count = 0

  function begin({ pollId, version }: Tally, parent: SpanContext): void {
    if (count >= underWayMax) return
    const telling = { parent, version, startMs: tracing.now(), toldMs: 0, viewers: 0 }
    const ofPoll = underWay.get(pollId) ?? new Set()
    underWay.set(pollId, ofPoll.add(telling))
    count += 1
    after(updateIntervalMs + roundMsMax, () => {
      count -= 1
      ofPoll.delete(telling)
      if (ofPoll.size === 0) underWay.delete(pollId)
      if (telling.viewers > 0) end(pollId, telling)
    })
  }

  function end(pollId: string, { parent, version, startMs, toldMs, viewers }: Telling): void {
    tracing.end({
      name: 'tell viewers',
      kind: 'consumer',
      context: tracing.begin(parent),
      parent,
      links: [],
      startMs,
      endMs: toldMs,
      isFault: false,
      attributes: {
        'messaging.system': tracing.messagingSystem,
        'messaging.operation.name': 'process',
        'messaging.operation.type': 'process',
        'messaging.destination.name': 'tallies',
        'tallycast.poll_id': pollId,
        'tallycast.version': version,
        'tallycast.viewers': viewers,
      },
    })
  }

  function watched(pollId: string, viewer: Viewer): Viewer {
    const told = new WeakSet<Telling>()
    return {
      onUpdate(live) {
        viewer.onUpdate(live)
        for (const telling of underWay.get(pollId) ?? []) {
          if (live.tally.version < telling.version || told.has(telling)) continue
          told.add(telling)
          telling.toldMs = tracing.now()
          telling.viewers += 1
        }
      },
      onDeleted: () => viewer.onDeleted(),
    }
  }

  return {
    feed: <Feed extends Pick<TallyFeed, 'subscribe'>>(feed: Feed): Feed => ({
      ...feed,
      subscribe: (pollId, { onTally, onGap }) =>
        feed.subscribe(pollId, {
          onTally(tally, traceparent) {
            const parent = readTraceParent(traceparent)
            if (parent !== null) begin(tally, parent)
            onTally(tally)
          },
          onGap,
        }),
    }),
    watchPoll: (watchPoll: WatchPoll): WatchPoll => ({
      ...watchPoll,
      watch: (pollId, viewer) => watchPoll.watch(pollId, watched(pollId, viewer)),
    }),
  }
}
