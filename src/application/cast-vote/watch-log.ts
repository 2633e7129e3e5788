import { type EntryId, entryOf, type Position } from '../../domain/position.ts'
import type { DoorAnswer, DoorCall, VoteDoor } from '../../ports/vote-door.ts'
import type { VoteLedger } from '../../ports/vote-ledger.ts'
import type { VoteStream } from '../../ports/vote-stream.ts'
import { type Clock, systemClock } from '../clock.ts'

export type WatchLogLimits = {
  /** How long recorded votes stay in the log at least, in milliseconds: what has been there longer may have been trimmed. */
  readonly retentionMs: number
  /** Of all partitions together: where it holds more, it forgets those that it has seen in the log. */
  readonly votesKept: number
  /** Of all together, seen or not: what comes while it holds so many is not remembered, and a loss is told too low. */
  readonly votesMax: number
}

/** Some 30 MB at most. */
export const WATCH_LIMITS = { votesKept: 20_000, votesMax: 100_000 }

export type WatchLogHooks = {
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
  /** So many votes were answered as accepted, and are neither in the log nor recorded nor set aside. */
  readonly onLost: (partition: number, votes: number) => void
  readonly report: (fault: unknown) => void
}

export type WatchLog = {
  /** As it was given; what it accepts is remembered. */
  readonly append: VoteDoor['append']
  /** Looks at the log until the signal aborts. Never rejects. */
  readonly run: (signal: AbortSignal) => Promise<void>
}

/** Votes that stand in one entry, the last one's place, and when they were asked for: what is new in the log is no older. */
type Entry = {
  readonly id: EntryId
  readonly last: Position
  readonly askedAt: number
  readonly votes: readonly PlacedCall[]
}

type PlacedCall = readonly [Position, DoorCall]

/** Of a partition, in the order of the answers. The first `seen` stood in the log at the last look; up to `forgotten` nobody looks. */
type Memory = { entries: Entry[]; seen: number; forgotten: Position }

const lookEveryMs = 1_000
/** What was read before the log lost it may still be on its way to the ledger. */
const settleMs = 2_000
/** What was seen is remembered so long. What lies further back has been recorded, or `tallycast_oldest_unrecorded_seconds` tells. */
const seenMs = 60_000
const findsAtOnce = 32

/**
 * Notices accepted votes that the log has lost.
 *
 * Background: a log that ends before what was recorded is noticed by whoever reads on. One that loses its end before anybody has read
 * that (a crash under `everysec`, a failover, a damaged disk) simply ends earlier: nothing in it tells that there was more, and
 * votes would be gone without a word. Only who got the answers knows. So each process remembers what it was told is accepted,
 * and looks for it once a second: for all that is new, because behind a loss the log goes on growing, and for the newest that it
 * has seen there, because a log loses its end. Where something is missing, all that is remembered is looked for; what is neither
 * in the log nor in the ledger is lost.
 *
 * Recorded votes are trimmed when their retention is over, and must not look like that: the ledger would be asked for all of them.
 * So nothing is looked for that has half of it behind it. With a retention of a few seconds that is the newest votes only, and
 * with none nothing at all: what was trimmed cannot be told from what was lost.
 */
export function createWatchLog(
  append: VoteDoor['append'],
  stream: Pick<VoteStream, 'missing'>,
  ledger: Pick<VoteLedger, 'find' | 'isSetAside'>,
  hooks: WatchLogHooks,
  limits: WatchLogLimits,
  clock: Pick<Clock, 'now'> = systemClock,
): WatchLog {
  const memories = new Map<number, Memory>()
  const untrimmedMs = limits.retentionMs / 2
  let votesHeld = 0

  function remember(memory: Memory, askedAt: number, votes: readonly PlacedCall[]): void {
    const last = votes.at(-1)?.[0]
    if (last === undefined || votesHeld >= limits.votesMax) return
    memory.entries.push({ id: entryOf(last), last, askedAt, votes })
    votesHeld += votes.length
  }

  function rememberAccepted(
    partition: number,
    askedAt: number,
    calls: readonly DoorCall[],
    answers: readonly DoorAnswer[],
  ): void {
    const { appended, repeated } = acceptedOf(calls, answers)
    const forgotten = memories.get(partition)?.forgotten ?? appended[0]?.[0]
    if (forgotten === undefined) return
    const memory = memories.get(partition) ?? { entries: [], seen: 0, forgotten }
    memories.set(partition, memory)
    remember(memory, askedAt, appended)
    // Who repeats a request may do so because the first answer was lost, or years after it.
    for (const [position, call] of repeated) {
      if (position > forgotten) remember(memory, askedAt, [[position, call]])
    }
  }

  function forget(memory: Memory): void {
    const votesKept = limits.votesKept / memories.size
    let votes = memory.entries.reduce((sum, entry) => sum + entry.votes.length, 0)
    let count = 0
    for (const entry of memory.entries) {
      const ageMs = clock.now() - entry.askedAt
      const isSpare = count < memory.seen && (ageMs >= seenMs || votes > votesKept)
      if (ageMs < untrimmedMs && !isSpare) break
      if (entry.last > memory.forgotten) memory.forgotten = entry.last
      votes -= entry.votes.length
      votesHeld -= entry.votes.length
      count += 1
    }
    memory.entries.splice(0, count)
    memory.seen = Math.max(0, memory.seen - count)
  }

  async function isRecorded(partition: number, position: Position, call: DoorCall): Promise<boolean> {
    const row = await ledger.find(call.pollId, call.round, call.voter)
    return (row !== null && row.position >= position) || ledger.isSetAside(partition, position)
  }

  async function countUnrecorded(partition: number, entries: readonly Entry[], signal: AbortSignal): Promise<number> {
    // A repeated request was answered with the place of the first one, so it is the same vote.
    const votes = [...new Map(entries.flatMap((entry) => entry.votes))]
    let count = 0
    for (let from = 0; from < votes.length && !signal.aborted; from += findsAtOnce) {
      const slice = votes.slice(from, from + findsAtOnce)
      const finds = slice.map(([position, call]) => isRecorded(partition, position, call))
      count += (await Promise.all(finds)).filter((isFound) => !isFound).length
    }
    return count
  }

  /** One wait for all of them: a server that fails takes many partitions, and what was seen there is not remembered for long. */
  async function lookAtAll(signal: AbortSignal): Promise<void> {
    const incomplete: { readonly partition: number; readonly memory: Memory; readonly count: number }[] = []
    for (const [partition, memory] of memories) {
      if (signal.aborted) return
      // What could not be looked at is looked at the next time.
      const isComplete = await look(partition, memory).catch(hooks.report)
      if (isComplete === false) incomplete.push({ partition, memory, count: memory.entries.length })
    }
    if (incomplete.length === 0) return
    await hooks.sleep(settleMs, signal)
    for (const { partition, memory, count } of incomplete) {
      if (signal.aborted) return
      await countLost(partition, memory, count, signal).catch(hooks.report)
    }
  }

  async function look(partition: number, memory: Memory): Promise<boolean> {
    forget(memory)
    const count = memory.entries.length
    if (await isAnyMissing(partition, memory)) return false
    memory.seen = count
    return true
  }

  /** Of the first so many that it remembers. */
  async function countLost(partition: number, memory: Memory, count: number, signal: AbortSignal): Promise<void> {
    const entries = memory.entries.slice(0, count)
    const missing = new Set(await stream.missing(partition, idsOf(entries)))
    const gone = entries.filter(({ id }) => missing.has(id))
    const lost = await countUnrecorded(partition, gone, signal)
    // Whoever stops has not looked for all, nor waited.
    if (signal.aborted) return
    memory.entries = memory.entries.filter(({ id }, at) => at >= count || !missing.has(id))
    memory.seen = count - gone.length
    votesHeld -= gone.reduce((sum, { votes }) => sum + votes.length, 0)
    if (lost > 0) hooks.onLost(partition, lost)
  }

  /** Looks for all that is new, and for the newest that was seen. */
  async function isAnyMissing(partition: number, { entries, seen }: Memory): Promise<boolean> {
    const unsure = [...newestOf(entries.slice(0, seen)), ...entries.slice(seen)]
    return unsure.length > 0 && (await stream.missing(partition, idsOf(unsure))).length > 0
  }

  return {
    async append(partition, calls) {
      const askedAt = clock.now()
      const answers = await append(partition, calls)
      rememberAccepted(partition, askedAt, calls, answers)
      return answers
    },
    async run(signal) {
      while (!signal.aborted) {
        await hooks.sleep(lookEveryMs, signal)
        await lookAtAll(signal)
      }
    },
  }
}

/** Those that are accepted, by their place: what was appended now, all of it as one entry, and what the log has had before. */
function acceptedOf(calls: readonly DoorCall[], answers: readonly DoorAnswer[]) {
  const appended: PlacedCall[] = []
  const repeated = new Map<Position, DoorCall>()
  for (const [index, answer] of answers.entries()) {
    const call = calls[index]
    if (call === undefined || answer.answer !== 'accepted') continue
    if (answer.isRepeated) repeated.set(answer.position, call)
    else appended.push([answer.position, call])
  }
  return { appended, repeated }
}

/** The one that stands last in the log; none of none. Answers, and repetitions, come in another order. */
function newestOf(entries: readonly Entry[]): readonly Entry[] {
  const [first] = entries
  if (first === undefined) return []
  return [entries.reduce((newest, entry) => (entry.last > newest.last ? entry : newest), first)]
}

function idsOf(entries: readonly Entry[]): readonly EntryId[] {
  return [...new Set(entries.map(({ id }) => id))]
}
