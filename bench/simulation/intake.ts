import { BATCH_LIMITS } from '../../src/application/cast-vote/batch-calls.ts'
import { READING_LIMITS } from '../../src/application/cast-vote/late-reading.ts'
import { costFigures } from './assumptions.ts'
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

type IntakeCounts = { appended: number; accepted: number; refused: number; batches: number }

type Waiting = Group & { readonly since: number; readonly answered: (count: number) => void }

type Line = {
  readonly partition: Partition
  waiting: Waiting[]
  calls: number
  /** When each batch that is on its way was sent, the longest ago first. */
  readonly sentAt: number[]
  batchMs: number
}

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
  const isReadLate = createIsReadLate(timeline, core)
  const lines = partitions.map((partition): Line => ({ partition, waiting: [], calls: 0, sentAt: [], batchMs: 0 }))

  function accept({ arrivedAt, count, answered }: Waiting): void {
    counts.accepted += count
    waits.add(timeline.now() - arrivedAt, count)
    answered(count)
  }

  function refuse({ count, answered }: Waiting): void {
    counts.refused += count
    answered(count)
  }

  function enter(line: Line, waiting: Waiting): void {
    const { callsPerBatchMax, batchesInFlightMax, waitMsMax } = BATCH_LIMITS
    const longestMs = Math.max(line.batchMs, timeline.now() - (line.sentAt[0] ?? Number.POSITIVE_INFINITY))
    if (line.calls * longestMs > waitMsMax * callsPerBatchMax * batchesInFlightMax) {
      return refuse(waiting)
    }
    line.waiting.push(waiting)
    line.calls += waiting.count
    send(line)
  }

  function send(line: Line): void {
    if (line.sentAt.length >= BATCH_LIMITS.batchesInFlightMax) return
    for (const expired of takeExpired(line, timeline.now() - BATCH_LIMITS.answerMsMax)) refuse(expired)
    const batch = takeBatch(line)
    const [oldest] = batch
    if (oldest === undefined) return
    const votes = batch.reduce((sum, { count }) => sum + count, 0)
    const sentAt = timeline.now()
    line.sentAt.push(sentAt)
    counts.batches += 1
    let isOver = false
    const end = (answer: (waiting: Waiting) => void): void => {
      if (isOver) return
      isOver = true
      line.sentAt.splice(line.sentAt.indexOf(sentAt), 1)
      line.batchMs = line.sentAt.length + line.calls === 0 ? 0 : timeline.now() - sentAt
      for (const one of batch) answer(one)
      send(line)
    }
    const append = (): void =>
      line.partition.node.append(votes, () => {
        counts.appended += votes
        line.partition.onAppended({ appendedAt: timeline.now(), votes, groups: batch })
        timeline.after(roundTripMs / 2, () => end(accept))
      })
    const { answerMsMax, batchMsMin } = BATCH_LIMITS
    timeline.after(Math.max(answerMsMax - (sentAt - oldest.since), batchMsMin), () => end(refuse))
    // When what had come before is read: so those travel together that are read together.
    core.work(costs.api.batch, () => timeline.after(roundTripMs / 2, append))
  }

  return {
    arrive(count, answered = () => {}) {
      const arrivedAt = timeline.now()
      if (isReadLate()) {
        counts.refused += count
        return core.work(count * costs.api.vote * costFigures.refusedShare, () => answered(count))
      }
      core.work(count * costs.api.vote, () => {
        for (const [index, some] of spread(count, lines.length, chance)) {
          // As many as there are lines.
          enter(lines[index]!, { arrivedAt, since: timeline.now(), count: some, answered })
        }
      })
    },
  }
}

/** As src/application/cast-vote/late-reading.ts has it, but for turns of the event loop, of which there are none here. */
function createIsReadLate(timeline: Timeline, core: Cores): () => boolean {
  const { unreadMsMax, overloadUnreadMsMax, overloadMs } = READING_LIMITS
  let lateAt = Number.NEGATIVE_INFINITY
  return () => {
    const unreadMs = core.waitingMs()
    const isOverload = timeline.now() - lateAt < overloadMs
    if (unreadMs <= (isOverload ? overloadUnreadMsMax : unreadMsMax)) return false
    lateAt = timeline.now()
    return true
  }
}

/** Those that have waited since before then. */
function takeExpired(line: Line, since: number): readonly Waiting[] {
  const first = line.waiting.findIndex((one) => one.since >= since)
  const expired = line.waiting.splice(0, first === -1 ? line.waiting.length : first)
  line.calls -= expired.reduce((sum, { count }) => sum + count, 0)
  return expired
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
