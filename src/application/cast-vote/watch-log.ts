import { type EntryId, entryOf, type Position } from '../../domain/position.ts'
import type { VoterKey } from '../../domain/vote.ts'
import type { VoteDoor } from '../../ports/vote-door.ts'
import type { VoteLedger } from '../../ports/vote-ledger.ts'
import type { VoteStream } from '../../ports/vote-stream.ts'

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

type Accepted = {
  readonly pollId: string
  readonly round: number
  readonly voter: VoterKey
  readonly position: Position
}

/** `seen` of the votes stood in the log at the last look. */
type Memory = { votes: Accepted[]; seen: number }

const lookEveryMs = 1_000
/** What was read before the log lost it may still be on its way to the ledger. */
const settleMs = 2_000
/** Of a partition. What lies further back has been recorded, or `tallycast_oldest_unrecorded_seconds` tells. */
const votesKept = 20_000
/** Also while a look takes long; what comes then is not remembered, and a loss is told too low. */
const votesMax = 100_000
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
 */
export function createWatchLog(
  append: VoteDoor['append'],
  stream: Pick<VoteStream, 'missing'>,
  ledger: Pick<VoteLedger, 'find' | 'isSetAside'>,
  hooks: WatchLogHooks,
): WatchLog {
  const memories = new Map<number, Memory>()

  function remember(partition: number, accepted: readonly Accepted[]): void {
    const memory = memories.get(partition) ?? { votes: [], seen: 0 }
    memories.set(partition, memory)
    if (memory.votes.length < votesMax) memory.votes.push(...accepted)
  }

  async function isRecorded(partition: number, { pollId, round, voter, position }: Accepted): Promise<boolean> {
    const row = await ledger.find(pollId, round, voter)
    return (row !== null && row.position >= position) || ledger.isSetAside(partition, position)
  }

  async function countUnrecorded(partition: number, votes: readonly Accepted[]): Promise<number> {
    let count = 0
    for (let from = 0; from < votes.length; from += findsAtOnce) {
      const finds = votes.slice(from, from + findsAtOnce).map((vote) => isRecorded(partition, vote))
      count += (await Promise.all(finds)).filter((isFound) => !isFound).length
    }
    return count
  }

  async function look(partition: number, memory: Memory, signal: AbortSignal): Promise<void> {
    const count = memory.votes.length
    const unsure = memory.votes.slice(Math.max(0, memory.seen - 1), count)
    if ((await stream.missing(partition, entriesOf(unsure))).length === 0) {
      memory.votes.splice(0, Math.max(0, count - votesKept))
      memory.seen = Math.min(count, votesKept)
      return
    }
    await hooks.sleep(settleMs, signal)
    const votes = memory.votes.slice(0, count)
    const missing = new Set(await stream.missing(partition, entriesOf(votes)))
    const gone = votes.filter(({ position }) => missing.has(entryOf(position)))
    // A repeated request was answered with the place of the first one, so it is the same vote.
    const lost = await countUnrecorded(partition, [...new Map(gone.map((vote) => [vote.position, vote])).values()])
    memory.votes = memory.votes.filter((vote, at) => at >= count || !missing.has(entryOf(vote.position)))
    memory.seen = votes.length - gone.length
    if (lost > 0) hooks.onLost(partition, lost)
  }

  return {
    async append(partition, calls) {
      const answers = await append(partition, calls)
      const accepted: Accepted[] = []
      for (const [index, answer] of answers.entries()) {
        const call = calls[index]
        if (call === undefined || answer.answer !== 'accepted') continue
        const { pollId, round, voter } = call
        accepted.push({ pollId, round, voter, position: answer.position })
      }
      remember(partition, accepted)
      return answers
    },
    async run(signal) {
      while (!signal.aborted) {
        await hooks.sleep(lookEveryMs, signal)
        for (const [partition, memory] of memories) {
          if (signal.aborted) return
          // What could not be looked at is looked at the next time.
          await look(partition, memory, signal).catch(hooks.report)
        }
      }
    },
  }
}

function entriesOf(votes: readonly Accepted[]): readonly EntryId[] {
  return [...new Set(votes.map(({ position }) => entryOf(position)))]
}
