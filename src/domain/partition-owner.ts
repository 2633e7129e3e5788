import { type Checkpoint, compareEntryIds, type EntryId, STREAM_START } from './position.ts'

/**
 * What a worker does for one partition, as a pure function of what happened: nothing here waits, reads a clock or talks to
 * anything, so that a model checker can play every order of answers, crashes and takeovers.
 *
 * The naive way reads a message, writes it, acknowledges it. It fails when two workers believe that the partition is theirs, when
 * the worker dies between writing and acknowledging, and when the log comes back shorter than what was already recorded.
 * Here the only truth is the checkpoint beside the ledger: it is acquired with a lease, every commit moves it from the exact
 * place where this owner last saw it, and whoever finds it elsewhere stops at once and begins again by acquiring.
 * A read counts only when the entry that it began behind is still in the stream afterwards: else the log was lost or fell
 * back, and the next epoch begins at the first entry that is left. Reading goes on while a commit is under way.
 *
 * `Entry` is whatever the stream carries; the only thing that matters here is its id.
 */
export type OwnerState<Entry extends { readonly id: EntryId }> = {
  /** Grows whenever ownership is in doubt; answers to questions of an earlier term are ignored. */
  readonly term: number
  readonly phase: 'waiting' | 'acquiring' | 'owning' | 'raising'
  readonly checkpoint: Checkpoint | null
  /** Everything up to here was read and verified. */
  readonly readUpTo: EntryId
  /** Read and verified, not yet being recorded; at most `entriesMax` before another read begins. */
  readonly gathered: readonly Entry[]
  readonly isReading: boolean
  readonly isRecording: boolean
}

export type OwnerEvent<Entry> =
  | { readonly type: 'start' }
  | { readonly type: 'acquired'; readonly term: number; readonly checkpoint: Checkpoint | null }
  | { readonly type: 'read'; readonly term: number; readonly entries: readonly Entry[]; readonly inspected: Inspection }
  | { readonly type: 'recorded'; readonly term: number; readonly checkpoint: Checkpoint }
  | { readonly type: 'raised'; readonly term: number; readonly checkpoint: Checkpoint | null }
  /** Nothing may have been recorded for a while, but news went out: let an empty commit remember it. */
  | { readonly type: 'news_announced'; readonly term: number }
  /** The lease ran out, a commit was fenced, or a question could not be answered: begin again. */
  | { readonly type: 'lost'; readonly term: number }

/** The stream's end and whether the entry that the read began behind is there, looked up after the read. */
export type Inspection = { readonly end: EntryId; readonly hasEntry: boolean }

export type OwnerAction<Entry> =
  | { readonly type: 'acquire'; readonly term: number }
  | { readonly type: 'read'; readonly term: number; readonly after: EntryId }
  | {
      readonly type: 'record'
      readonly term: number
      readonly from: Checkpoint
      readonly to: EntryId
      readonly entries: readonly Entry[]
    }
  | { readonly type: 'raise_epoch'; readonly term: number; readonly checkpoint: Checkpoint }
  /** Not the owner (any more): wait a little, then `start`. */
  | { readonly type: 'rest' }

export type OwnerLimits = {
  /** Entries that may be gathered before reading pauses. */
  readonly entriesMax: number
}

export function initialOwner<Entry extends { readonly id: EntryId }>(): OwnerState<Entry> {
  return {
    term: 0,
    phase: 'waiting',
    checkpoint: null,
    readUpTo: STREAM_START,
    gathered: [],
    isReading: false,
    isRecording: false,
  }
}

export function stepOwner<Entry extends { readonly id: EntryId }>(
  state: OwnerState<Entry>,
  event: OwnerEvent<Entry>,
  limits: OwnerLimits,
): [OwnerState<Entry>, readonly OwnerAction<Entry>[]] {
  if (event.type === 'start') {
    if (state.phase !== 'waiting') return [state, []]
    return [{ ...state, phase: 'acquiring' }, [{ type: 'acquire', term: state.term }]]
  }
  if (event.term !== state.term) return [state, []]
  switch (event.type) {
    case 'acquired':
    case 'raised':
      return event.checkpoint === null ? giveUp(state) : goOn(owning(state, event.checkpoint), limits)
    case 'read':
      return takeRead(state, event, limits)
    case 'recorded':
      return goOn({ ...state, checkpoint: event.checkpoint, isRecording: false }, limits)
    case 'news_announced':
      return commitNothing(state)
    case 'lost':
      return giveUp(state)
  }
}

function takeRead<Entry extends { readonly id: EntryId }>(
  state: OwnerState<Entry>,
  event: { readonly entries: readonly Entry[]; readonly inspected: Inspection },
  limits: OwnerLimits,
): [OwnerState<Entry>, readonly OwnerAction<Entry>[]] {
  const { end, hasEntry } = event.inspected
  const isStart = state.readUpTo === STREAM_START
  if (!isStart && (!hasEntry || compareEntryIds(end, state.readUpTo) < 0)) return loseLog(state)
  const last = event.entries.at(-1)
  const gathered = last ? [...state.gathered, ...event.entries] : state.gathered
  return goOn({ ...state, gathered, readUpTo: last?.id ?? state.readUpTo, isReading: false }, limits)
}

/** What was gathered is read again in the next epoch; a commit under way decides by itself whether it still counts. */
function loseLog<Entry extends { readonly id: EntryId }>(
  state: OwnerState<Entry>,
): [OwnerState<Entry>, readonly OwnerAction<Entry>[]] {
  if (state.checkpoint === null || state.isRecording) return giveUp(state)
  const term = state.term + 1
  return [
    { ...initialOwner<Entry>(), term, phase: 'raising', checkpoint: state.checkpoint },
    [{ type: 'raise_epoch', term, checkpoint: state.checkpoint }],
  ]
}

function owning<Entry extends { readonly id: EntryId }>(
  state: OwnerState<Entry>,
  checkpoint: Checkpoint,
): OwnerState<Entry> {
  return { ...initialOwner<Entry>(), term: state.term, phase: 'owning', checkpoint, readUpTo: checkpoint.recorded }
}

function goOn<Entry extends { readonly id: EntryId }>(
  state: OwnerState<Entry>,
  limits: OwnerLimits,
): [OwnerState<Entry>, readonly OwnerAction<Entry>[]] {
  const actions: OwnerAction<Entry>[] = []
  let next = state
  if (!next.isRecording && next.gathered.length > 0 && next.checkpoint !== null) {
    const { term, checkpoint: from, readUpTo: to, gathered: entries } = next
    actions.push({ type: 'record', term, from, to, entries })
    next = { ...next, gathered: [], isRecording: true }
  }
  if (!next.isReading && next.gathered.length < limits.entriesMax) {
    actions.push({ type: 'read', term: next.term, after: next.readUpTo })
    next = { ...next, isReading: true }
  }
  return [next, actions]
}

function commitNothing<Entry extends { readonly id: EntryId }>(
  state: OwnerState<Entry>,
): [OwnerState<Entry>, readonly OwnerAction<Entry>[]] {
  const { term, checkpoint: from, isRecording } = state
  // A commit under way or to come carries the news as well.
  if (from === null || isRecording || state.phase !== 'owning') return [state, []]
  return [{ ...state, isRecording: true }, [{ type: 'record', term, from, to: from.recorded, entries: [] }]]
}

function giveUp<Entry extends { readonly id: EntryId }>(
  state: OwnerState<Entry>,
): [OwnerState<Entry>, readonly OwnerAction<Entry>[]] {
  return [{ ...initialOwner<Entry>(), term: state.term + 1 }, [{ type: 'rest' }]]
}
