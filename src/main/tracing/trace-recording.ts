import type { TallyCache } from '../../ports/tally-cache.ts'
import type { TallyFeed } from '../../ports/tally-feed.ts'
import type { LedgerBatch, Recorded, VoteLedger } from '../../ports/vote-ledger.ts'
import type { EndedSpan, SpanContext } from '../../runtime/span-export.ts'
import { traceParentOf, type Tracing } from './tracing.ts'

/** Polls whose traced commit has no news yet. While news cannot go out there may be any number. */
const waitingPollsMax = 10_000
/** As many as OpenTelemetry's own spans have by default (OTEL_SPAN_LINK_COUNT_LIMIT). */
const linksMax = 128

type RecordingPorts = {
  readonly ledger: VoteLedger
  readonly cache: TallyCache
  readonly feed: TallyFeed
}

/**
 * A commit with traced votes is a span that links each of them, and what is told of their polls next are its children. The span goes along with
 * the tally in the feed, where the api's share of the trace begins.
 */
export function traceRecording<Ports extends RecordingPorts>(ports: Ports, tracing: Tracing): Ports {
  const { ledger, cache, feed } = ports
  const waiting = new Map<string, SpanContext>()

  async function spanning<Result>(
    span: Pick<EndedSpan, 'name' | 'kind' | 'context' | 'parent' | 'links' | 'attributes'>,
    run: () => Promise<Result>,
  ): Promise<Result> {
    const startMs = tracing.now()
    let isFault = true
    try {
      const result = await run()
      isFault = false
      return result
    } finally {
      tracing.end({ ...span, startMs, endMs: tracing.now(), isFault })
    }
  }

  async function record(batch: LedgerBatch): Promise<Recorded | 'fenced'> {
    const links: SpanContext[] = []
    const pollIds = new Set<string>()
    for (const vote of batch.votes) {
      const spans = links.length < linksMax ? tracing.ofVote(vote) : null
      if (spans === null) continue
      links.push(spans.send)
      pollIds.add(vote.pollId)
    }
    if (links.length === 0) return ledger.record(batch)
    const context = tracing.begin(null)
    const recorded = await spanning(
      {
        name: 'process votes',
        kind: 'consumer',
        context,
        parent: null,
        links,
        attributes: {
          'messaging.system': tracing.messagingSystem,
          'messaging.operation.name': 'process',
          'messaging.operation.type': 'process',
          'messaging.destination.name': 'votes',
          'messaging.destination.partition.id': String(batch.from.partition),
          'messaging.batch.message_count': batch.votes.length,
        },
      },
      () => ledger.record(batch),
    )
    if (recorded === 'fenced') return recorded
    if (waiting.size + pollIds.size > waitingPollsMax) waiting.clear()
    for (const pollId of pollIds) waiting.set(pollId, context)
    return recorded
  }

  return {
    ...ports,
    ledger: { ...ledger, record },
    cache: {
      ...cache,
      async putTally(tally) {
        const parent = waiting.get(tally.pollId)
        if (parent === undefined) return cache.putTally(tally)
        const span = { name: 'cache tally', kind: 'internal', parent, links: [] } as const
        const attributes = { 'tallycast.poll_id': tally.pollId }
        return spanning({ ...span, context: tracing.begin(parent), attributes }, () => cache.putTally(tally))
      },
    },
    feed: {
      ...feed,
      async publishTally(tally) {
        const parent = waiting.get(tally.pollId)
        if (parent === undefined) return feed.publishTally(tally)
        const context = tracing.begin(parent)
        const attributes = {
          'messaging.system': tracing.messagingSystem,
          'messaging.operation.name': 'publish',
          'messaging.operation.type': 'send',
          'messaging.destination.name': 'tallies',
          'tallycast.poll_id': tally.pollId,
        }
        await spanning({ name: 'publish tally', kind: 'producer', context, parent, links: [], attributes }, () =>
          feed.publishTally(tally, traceParentOf(context)),
        )
        if (waiting.get(tally.pollId) === parent) waiting.delete(tally.pollId)
      },
    },
  }
}
