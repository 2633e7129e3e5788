import type { BatchCalls } from '../../application/cast-vote/batch-calls.ts'
import type { CastVote } from '../../application/cast-vote.ts'
import { isRefused } from '../../domain/refusal.ts'
import type { Position } from '../../domain/position.ts'
import type { VoteKind } from '../../domain/vote.ts'
import type { VoteDoor } from '../../ports/vote-door.ts'
import type { SpanContext } from '../../runtime/span-export.ts'
import { readTraceParent, type Tracing, type VoteSpans } from './tracing.ts'

const methods: Readonly<Record<VoteKind, string>> = { cast: 'POST', change: 'PUT', retract: 'DELETE' }
const route = '/polls/:poll_id/vote'

/**
 * A vote on its way into the log: a span for its request, and in it one for the way to its door and the answer. Whoever asked is linked and
 * is not the parent, as OpenTelemetry has it for what is open to everybody: strangers do not decide what is traced here.
 */
export function traceVotes(tracing: Tracing) {
  /** Of votes that were let in and whose requests are yet to be answered. A repetition has the place of the first, which has been told of. */
  const fresh = new Map<string, VoteSpans>()
  return {
    calls: ({ call }: Pick<BatchCalls, 'call'>): Pick<BatchCalls, 'call'> => ({
      async call(partition, one) {
        const startMs = tracing.now()
        const answer = await call(partition, one)
        if (isRefused(answer) || answer.answer !== 'accepted' || answer.isRepeated) return answer
        const { position } = answer
        const spans = tracing.ofVote({ voter: one.voter, position })
        if (spans === null) return answer
        fresh.set(placeOf(partition, position), spans)
        endSend(tracing, partition, spans, spans.request, startMs)
        return answer
      },
    }),
    castVote:
      (castVote: CastVote): CastVote =>
      async (request) => {
        const startMs = tracing.now()
        const result = await castVote(request)
        if (isRefused(result)) return result
        const place = placeOf(result.partition, result.position)
        const spans = fresh.get(place)
        if (spans === undefined) return result
        fresh.delete(place)
        const method = methods[request.kind]
        const caller = readTraceParent(request.traceParent)
        tracing.end({
          name: `${method} ${route}`,
          kind: 'server',
          context: spans.request,
          parent: null,
          links: caller === null ? [] : [caller],
          startMs,
          endMs: tracing.now(),
          isFault: false,
          attributes: {
            'http.request.method': method,
            'http.route': route,
            'http.response.status_code': 202,
            'tallycast.poll_id': request.pollId,
            'tallycast.vote_id': result.voteId,
          },
        })
        return result
      },
    /** Votes in bulk have no request of their own. */
    append:
      (append: VoteDoor['append']): VoteDoor['append'] =>
      async (partition, calls) => {
        const startMs = tracing.now()
        const answers = await append(partition, calls)
        for (const [index, { voter }] of calls.entries()) {
          const answer = answers[index]
          if (answer?.answer !== 'accepted' || answer.isRepeated) continue
          const spans = tracing.ofVote({ voter, position: answer.position })
          if (spans !== null) endSend(tracing, partition, spans, null, startMs)
        }
        return answers
      },
  }
}

/** A position is one in its partition alone. */
function placeOf(partition: number, position: Position): string {
  return `${partition} ${position}`
}

function endSend(
  tracing: Tracing,
  partition: number,
  { send }: VoteSpans,
  parent: SpanContext | null,
  startMs: number,
): void {
  tracing.end({
    name: 'send votes',
    kind: 'producer',
    context: send,
    parent,
    links: [],
    startMs,
    endMs: tracing.now(),
    isFault: false,
    attributes: {
      'messaging.system': tracing.messagingSystem,
      'messaging.operation.name': 'send',
      'messaging.operation.type': 'send',
      'messaging.destination.name': 'votes',
      'messaging.destination.partition.id': String(partition),
    },
  })
}
