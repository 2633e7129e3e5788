import type { Poll } from '../../domain/poll.ts'
import { isRefused, type Refused, refuse, refuseForNow } from '../../domain/refusal.ts'
import { checkSelection } from '../../domain/selection.ts'
import type { Selection, VoteKind, VoterKey } from '../../domain/vote.ts'
import type { DoorAnswer, DoorCall, VoteDoor } from '../../ports/vote-door.ts'
import { type Clock, pause } from '../clock.ts'
import type { WatchPoll } from '../watch-poll.ts'
import { hasEnded, pollChanging, pollClosed, refusalsOfDoor, refuseByDefinition, refuseHost } from './refuse-vote.ts'
import type { SealMany, VoteReference } from './seal-many.ts'

export type BulkLimits = {
  /** Calls of one script. */
  readonly callsPerBatchMax: number
  /** How long votes wait, and their host with them, while the stream is away, full, or its door is being restored. */
  readonly patienceMs: number
  /** The pause before they are tried again: at first, and at most. */
  readonly pauseMs: { readonly first: number; readonly most: number }
}

/** A vote on its way to the door. `answer` is called once. */
export type BulkCall = {
  readonly voter: VoterKey
  readonly kind: VoteKind
  readonly optionIds: readonly number[]
  readonly requestKey: string | null
  readonly answer: (answer: string | Refused) => void
}

export type BulkLaneParts = {
  readonly watchPoll: Pick<WatchPoll, 'get' | 'refresh'>
  readonly append: VoteDoor['append']
  /** Brings a missing door back, or begins to. */
  readonly restoreSoon: (partition: number, pollId: string) => Promise<void>
  readonly sealMany: SealMany
  readonly clock: Clock
  readonly limits: BulkLimits
  readonly report: (fault: unknown) => void
}

/** The way of one host's votes to the door of one partition: one batch at a time, so that a voter's votes stay in order. */
export type BulkLane = { readonly push: (calls: readonly BulkCall[]) => void }

type NotYet = 'failed' | 'overloaded' | 'definition_stale' | 'door_missing'

/** `again`: those that have no answer yet. `isHeard`: the door judged others of them. */
type Asked = { readonly again: readonly BulkCall[]; readonly why: NotYet; readonly isHeard: boolean }

const unavailable = refuseForNow('unavailable', 'The vote could not be taken right now. Please try again.')

const refusalsOfNotYet: Readonly<Record<NotYet, Refused>> = {
  failed: unavailable,
  overloaded: refusalsOfDoor.overloaded,
  definition_stale: pollChanging,
  door_missing: pollChanging,
}

/**
 * While a batch is on its way the next gathers. What the door cannot judge now waits at the head of the lane and is tried again, and
 * everything behind it waits too: the host is slowed down rather than refused. A batch that failed may have been appended all the same; to
 * the door its repetition is known and counts once. When the patience is over, those that wait are refused, and each batch that
 * follows is tried once, until one goes through. Once the signal has aborted there is no patience.
 */
export function createBulkLane(
  { watchPoll, append, restoreSoon, sealMany, clock, limits, report }: BulkLaneParts,
  pollId: string,
  partition: number,
  signal: AbortSignal,
): BulkLane {
  const select = createSelect()
  const waiting: BulkCall[] = []
  let isRunning = false
  let troubledSince: number | null = null

  /** Those of the calls that the definition lets through to the door; the others are answered. */
  function callDoor(poll: Poll | null, calls: readonly BulkCall[]): readonly [BulkCall[], DoorCall[]] {
    const asked: BulkCall[] = []
    const doorCalls: DoorCall[] = []
    for (const call of calls) {
      const selection = poll === null ? pollNotFound : judge(poll, call)
      if (poll === null || isRefused(selection)) {
        call.answer(isRefused(selection) ? selection : pollNotFound)
        continue
      }
      const { voter, kind, requestKey } = call
      asked.push(call)
      doorCalls.push({ pollId, round: poll.round, revision: poll.revision, kind, voter, selection, requestKey })
    }
    return [asked, doorCalls]
  }

  function judge(poll: Poll, { kind, requestKey, optionIds }: BulkCall): Selection | Refused {
    const refused = refuseHost(poll) ?? refuseByDefinition(poll, kind, requestKey !== null)
    if (refused !== null) return refused
    return kind === 'retract' ? [] : select(poll, optionIds)
  }

  /** Answers what has its answer, and returns what has not. */
  function take(
    poll: Poll,
    asked: readonly BulkCall[],
    doorCalls: readonly DoorCall[],
    answers: readonly DoorAnswer[],
  ): Asked {
    const accepted: BulkCall[] = []
    const votes: VoteReference[] = []
    const again: BulkCall[] = []
    let why: NotYet = 'failed'
    for (const [n, call] of asked.entries()) {
      const said = answers[n]
      if (said === undefined) {
        // It belongs to a door that broke its promise; its host must not wait for ever.
        again.push(call)
      } else if (said.answer === 'accepted') {
        accepted.push(call)
        // There is a call of the door for each that was asked.
        const { round, voter } = doorCalls[n]!
        votes.push({ pollId, round, voter, position: said.position })
      } else if (!isNotYet(said.answer)) {
        call.answer(refusalsOfDoor[said.answer])
      } else if (said.answer !== 'overloaded' && hasEnded(poll)) {
        // The poll takes no votes any more, so neither a newer definition nor a restored door could let this one in.
        call.answer(pollClosed)
      } else {
        again.push(call)
        why = said.answer
      }
    }
    const ids = sealMany(votes)
    for (const [n, call] of accepted.entries()) call.answer(ids[n] ?? unavailable)
    return { again, why, isHeard: again.length < asked.length }
  }

  async function ask(calls: readonly BulkCall[]): Promise<Asked> {
    try {
      const live = await watchPoll.get(pollId)
      const [asked, doorCalls] = callDoor(live?.poll ?? null, calls)
      if (live === null || asked.length === 0) return { again: [], why: 'failed', isHeard: false }
      try {
        return take(live.poll, asked, doorCalls, await append(partition, doorCalls))
      } catch (fault) {
        report(fault)
        return { again: asked, why: 'failed', isHeard: false }
      }
    } catch (fault) {
      report(fault)
      return { again: calls, why: 'failed', isHeard: false }
    }
  }

  /** What may help before those that could not be judged are tried again. */
  async function prepare(why: NotYet, attempt: number): Promise<void> {
    try {
      if (why === 'door_missing') await restoreSoon(partition, pollId)
      if (why === 'door_missing' || why === 'definition_stale') await watchPoll.refresh(pollId)
    } catch (fault) {
      report(fault)
    }
    // The first newer definition, or restored door, lets them in.
    const isMended = attempt === 0 && why !== 'failed' && why !== 'overloaded'
    if (!isMended) await pause(clock, Math.min(limits.pauseMs.first * 2 ** attempt, limits.pauseMs.most), signal)
  }

  async function answerAll(batch: readonly BulkCall[]): Promise<void> {
    let rest = batch
    for (let attempt = 0; ; attempt += 1) {
      const { again, why, isHeard } = await ask(rest)
      if (isHeard) troubledSince = null
      if (again.length === 0) return
      troubledSince ??= clock.now()
      const isOver = signal.aborted || clock.now() - troubledSince >= limits.patienceMs
      await prepare(why, attempt)
      if (isOver) {
        for (const call of again) call.answer(refusalsOfNotYet[why])
        return
      }
      rest = again
    }
  }

  /**
   * The next batch, with no voter twice: what the door postpones is asked for again, and a later vote of the same voter must not
   * have been judged before it.
   */
  function takeBatch(): readonly BulkCall[] {
    const voters = new Set<VoterKey>()
    for (const { voter } of waiting) {
      if (voters.size === limits.callsPerBatchMax || voters.has(voter)) break
      voters.add(voter)
    }
    return waiting.splice(0, voters.size)
  }

  async function run(): Promise<void> {
    while (waiting.length > 0) await answerAll(takeBatch())
    isRunning = false
  }

  return {
    push(calls) {
      for (const call of calls) waiting.push(call)
      if (isRunning || waiting.length === 0) return
      isRunning = true
      run().catch(report)
    },
  }
}

const pollNotFound = refuse('poll_not_found', 'There is no such poll.')

function isNotYet(answer: DoorAnswer['answer']): answer is Exclude<NotYet, 'failed'> {
  return answer === 'overloaded' || answer === 'definition_stale' || answer === 'door_missing'
}

/** Judges by the definition. Most votes choose one option, and of those there are few. */
function createSelect(): (poll: Poll, optionIds: readonly number[]) => Selection | Refused {
  const known = new Map<number, Selection>()
  let knownOf: Poll | null = null
  return (poll, optionIds) => {
    if (poll !== knownOf) known.clear()
    knownOf = poll
    const [only] = optionIds
    if (only === undefined || optionIds.length > 1) return checkSelection(poll, optionIds)
    const found = known.get(only)
    if (found !== undefined) return found
    const selection = checkSelection(poll, optionIds)
    if (!isRefused(selection)) known.set(only, selection)
    return selection
  }
}
