import { type Checkpoint, compareEntryIds, STREAM_START } from '../../domain/position.ts'
import type { PartitionLease } from '../../ports/partition-lease.ts'
import { DependencyUnavailable } from '../../ports/unavailable.ts'
import type { VoteDoor } from '../../ports/vote-door.ts'
import type { VoteStream } from '../../ports/vote-stream.ts'

export type CheckLogParts = {
  readonly door: Pick<VoteDoor, 'append' | 'interruptions'>
  readonly stream: Pick<VoteStream, 'inspect' | 'raiseEpoch'>
  readonly lease: Pick<PartitionLease, 'read'>
}

/** `shorter`: the log ends before what is recorded. `unknown`: the ledger did not say how far that is. */
type Outcome = 'whole' | 'shorter' | 'unknown'

type Check = {
  readonly interruptions: number
  readonly outcome: Promise<Outcome>
  isUnknown: boolean
  validUntil: number
}

/** A voter waits for this, so a ledger that is silent is not waited for longer, and asked again only now and then, behind the votes. */
const ledgerWithinMs = 500
const unknownForMs = 1_000

/**
 * The door's append, which lets nobody in while the log ends before what is recorded.
 *
 * Background: a stream that was restarted, or whose replica took over, may come back with a shorter log, and its doors have forgotten
 * the same voters. The owner of the partition notices and begins a new epoch; but until then those voters could vote a second
 * time (which is set aside later, behind an answer that said "accepted"), and where the clock fell back too, a change would get
 * a lower position than the vote that it replaces, and never count.
 *
 * So the first batch of a partition, and the first after each interruption, waits until the log is seen to reach to the
 * checkpoint. Where it does not, callers are told to come back until the owner has begun the new epoch; the doors of the old
 * one are missing from then on. While the ledger is away nobody can tell; then votes go on being taken, as ever, and the next looks
 * are taken beside them.
 */
export function createCheckedAppend(
  { door, stream, lease }: CheckLogParts,
  report: (fault: unknown) => void,
): VoteDoor['append'] {
  const checks = new Map<number, Check>()

  async function compare(partition: number): Promise<Outcome> {
    const checkpoint = await readWithin(lease.read(partition), report)
    if (checkpoint === null) return 'unknown'
    const { epoch, recorded } = checkpoint
    const { end, hasEntry } = await stream.inspect(partition, recorded)
    if (compareEntryIds(end, recorded) < 0 || (!hasEntry && recorded !== STREAM_START)) return 'shorter'
    // The owner tells it a moment after it has begun it; a door of the old epoch must not let anybody in between.
    await stream.raiseEpoch(partition, epoch)
    return 'whole'
  }

  /** Batches that come at the same time share one look. Where it told nothing, they do not wait for the next one. */
  async function check(partition: number, interruptions: number): Promise<Outcome> {
    const last = checks.get(partition)
    if (last?.interruptions !== interruptions) return look(partition, interruptions)
    if (performance.now() < last.validUntil) return last.outcome
    if (!last.isUnknown) return look(partition, interruptions)
    last.validUntil = Infinity
    lookBeside(partition, last).catch(report)
    return last.outcome
  }

  /** What it hears takes the place of what was unknown; what fails is asked again. */
  async function lookBeside(partition: number, unknown: Check): Promise<void> {
    let outcome: Outcome = 'unknown'
    try {
      outcome = await compare(partition)
    } finally {
      unknown.validUntil = performance.now() + unknownForMs
    }
    if (outcome === 'unknown' || checks.get(partition) !== unknown) return
    const validUntil = outcome === 'whole' ? Infinity : 0
    checks.set(partition, { ...unknown, outcome: Promise.resolve(outcome), isUnknown: false, validUntil })
  }

  async function look(partition: number, interruptions: number): Promise<Outcome> {
    const next: Check = { interruptions, outcome: compare(partition), isUnknown: false, validUntil: Infinity }
    checks.set(partition, next)
    let outcome: Outcome | null = null
    try {
      outcome = await next.outcome
      return outcome
    } finally {
      next.isUnknown = outcome === 'unknown'
      if (outcome !== 'whole') next.validUntil = outcome === 'unknown' ? performance.now() + unknownForMs : 0
    }
  }

  return async (partition, calls) => {
    const interruptions = door.interruptions(partition)
    const outcome = await check(partition, interruptions)
    if (outcome === 'shorter' || interruptions !== door.interruptions(partition)) {
      throw new DependencyUnavailable('stream', `the log of partition ${partition} may end before what is recorded`)
    }
    return door.append(partition, calls)
  }
}

async function readWithin(reading: Promise<Checkpoint>, report: (fault: unknown) => void): Promise<Checkpoint | null> {
  const { promise: timeUp, resolve } = Promise.withResolvers<null>()
  // Where this process was too busy to look, the answer may lie there already: it is read before the time counts as up.
  const timer = setTimeout(() => setImmediate(resolve, null), ledgerWithinMs)
  const reported = reading.catch((fault: unknown) => {
    report(fault)
    return null
  })
  const checkpoint = await Promise.race([reported, timeUp])
  clearTimeout(timer)
  return checkpoint
}
