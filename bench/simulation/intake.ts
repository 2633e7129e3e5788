import { BATCH_LIMITS } from '../../src/application/cast-vote/batch-calls.ts'
import type { Chance } from './chance.ts'
import type { Cores } from './cores.ts'
import type { RedisNode } from './redis-node.ts'
import type { Timeline } from './timeline.ts'
import type { UnitCosts } from './unit-costs.ts'
import type { Waits } from './waits.ts'

/** Votes that arrived together and travel together. */
export type Group = { readonly arrivedAt: number; readonly count: number }

export type Entry = { readonly appendedAt: number; readonly votes: number; readonly groups: readonly Group[] }

/** Where a partition's log is kept, and who is told of what is appended. */
export type Partition = { readonly node: RedisNode; readonly onAppended: (entry: Entry) => void }

export type Intake = {
  /** So many votes arrive now. `answered` is called with how many of them were, some at a time. */
  readonly arrive: (count: number, answered?: (count: number) => void) => void
}

type IntakeCounts = { accepted: number; refused: number; batches: number }

type Waiting = Group & { readonly answered: (count: number) => void }

type Line = {
  readonly partition: Partition
  waiting: Waiting[]
  calls: number
  /** When each batch that is on its way was sent, the longest ago first. */
  readonly sentAt: number[]
  batchMs: number
}

/** As the api does: what lay unread for longer is refused, at a quarter of what a vote costs. */
const unreadMsMax = 500
const refusedShare = 0.25

/** An api process: votes through its core into a line for each partition, of which two batches are under way at most. */
export function createIntake(
  timeline: Timeline,
  core: Cores,
  parts: {
    readonly costs: Pick<UnitCosts, 'api'>
    readonly partitions: readonly Partition[]
    readonly roundTripMs: number
    readonly chance: Chance
    readonly waits: Pick<Waits, 'add'>
    readonly counts: IntakeCounts
  },
): Intake {
  const { costs, partitions, roundTripMs, chance, waits, counts } = parts
  const lines = partitions.map((partition): Line => ({ partition, waiting: [], calls: 0, sentAt: [], batchMs: 0 }))

  function enter(line: Line, waiting: Waiting): void {
    const { callsPerBatchMax, batchesInFlightMax, waitMsMax } = BATCH_LIMITS
    const longestMs = Math.max(line.batchMs, timeline.now() - (line.sentAt[0] ?? Number.POSITIVE_INFINITY))
    if (line.calls * longestMs > waitMsMax * callsPerBatchMax * batchesInFlightMax) {
      counts.refused += waiting.count
      return waiting.answered(waiting.count)
    }
    line.waiting.push(waiting)
    line.calls += waiting.count
    send(line)
  }

  function send(line: Line): void {
    if (line.calls === 0 || line.sentAt.length >= BATCH_LIMITS.batchesInFlightMax) return
    const batch = takeBatch(line)
    const votes = batch.reduce((sum, { count }) => sum + count, 0)
    const sentAt = timeline.now()
    line.sentAt.push(sentAt)
    counts.batches += 1
    const answer = (): void => {
      line.sentAt.splice(line.sentAt.indexOf(sentAt), 1)
      line.batchMs = line.sentAt.length + line.calls === 0 ? 0 : timeline.now() - sentAt
      // Whoever has waited longer was told to come back, and is let in then as the same voter.
      if (timeline.now() - sentAt > BATCH_LIMITS.answerMsMax) counts.refused += votes
      counts.accepted += votes
      for (const { arrivedAt, count, answered } of batch) {
        waits.add(timeline.now() - arrivedAt, count)
        answered(count)
      }
      send(line)
    }
    const append = (): void =>
      line.partition.node.append(votes, () => {
        line.partition.onAppended({ appendedAt: timeline.now(), votes, groups: batch })
        timeline.after(roundTripMs / 2, answer)
      })
    // When what had come before is read: so those travel together that are read together.
    core.work(costs.api.batch, () => timeline.after(roundTripMs / 2, append))
  }

  return {
    arrive(count, answered = () => {}) {
      const arrivedAt = timeline.now()
      if (core.waitingMs() > unreadMsMax) {
        counts.refused += count
        return core.work(count * costs.api.vote * refusedShare, () => answered(count))
      }
      core.work(count * costs.api.vote, () => {
        for (const [index, some] of spread(count, lines.length, chance)) {
          // As many as there are lines.
          enter(lines[index]!, { arrivedAt, count: some, answered })
        }
      })
    },
  }
}

/** As many calls as a batch takes; of a group that does not fit whole the rest stays. */
function takeBatch(line: Line): readonly Waiting[] {
  const batch: Waiting[] = []
  let room = BATCH_LIMITS.callsPerBatchMax
  let taken = 0
  for (const group of line.waiting) {
    if (group.count > room) break
    batch.push(group)
    room -= group.count
    taken += 1
  }
  const [next] = line.waiting.slice(taken, taken + 1)
  const rest: Waiting[] = line.waiting.slice(taken + 1)
  if (next !== undefined && room > 0) batch.push({ ...next, count: room })
  line.waiting = next === undefined ? rest : [{ ...next, count: next.count - (room > 0 ? room : 0) }, ...rest]
  line.calls -= batch.reduce((sum, { count }) => sum + count, 0)
  return batch
}

/** Each vote falls to a partition by its voter's key: by chance. */
function spread(count: number, places: number, chance: Chance): ReadonlyMap<number, number> {
  const counts = new Map<number, number>()
  for (let vote = 0; vote < count; vote += 1) {
    const place = Math.floor(chance.next() * places)
    counts.set(place, (counts.get(place) ?? 0) + 1)
  }
  return counts
}
