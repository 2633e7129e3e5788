// A whole pipeline without clock, network or database: doors, streams, ledger and any number of workers, each answer
// delivered when the test says so. What runs in the workers is the product's own core; the rest is a model of the ports.
import { ledgerBatch, ledgerCommits } from '../../src/application/record-votes/ledger-batch.ts'
import {
  initialOwner,
  type OwnerAction,
  type OwnerEvent,
  type OwnerState,
  stepOwner,
} from '../../src/domain/partition-owner.ts'
import { type Checkpoint, compareEntryIds, type EntryId, type Position, positionOf } from '../../src/domain/position.ts'
import {
  isSameSelection,
  judgeVote,
  type LedgerVote,
  type PositionedVote,
  type Vote,
  type VoteKind,
  type VoterKey,
} from '../../src/domain/vote.ts'
import type { LedgerBatch } from '../../src/ports/vote-ledger.ts'
import type { StreamEntry } from '../../src/ports/vote-stream.ts'

const POLL = 'p'
const ROUND = 1
const ENTRIES_MAX = 3
const HEALING_ROUNDS_MAX = 20
const HEALING_STEPS_MAX = 500

type Door = { isShut: boolean; epoch: number; voters: Map<VoterKey, LedgerVote> }
type Partition = {
  entries: StreamEntry[]
  end: EntryId
  epoch: number
  door: Door | null
  owner: string | null
  isLeaseLive: boolean
  checkpoint: Checkpoint
  isMarkerRecorded: boolean
}
type Answer = OwnerEvent<StreamEntry>
type Question = Exclude<OwnerAction<StreamEntry>, { type: 'rest' }>
/** A question on its way: asked, then (for a read) half answered, then answered, then delivered. */
type Pending = { question: Question; found?: readonly StreamEntry[]; answer?: Answer }
type Owner = { name: string; partition: number; state: OwnerState<StreamEntry>; pending: Pending[] }

export class SimulatedPipeline {
  readonly partitions: Partition[]
  readonly ledger = new Map<VoterKey, LedgerVote>()
  /** What the ledger would show if every vote were recorded by itself, one after the other. */
  readonly ledgerOneByOne = new Map<VoterKey, LedgerVote>()
  readonly setAside = new Set<Position>()
  /** Votes that were answered as accepted, in order; and every selection that a voter ever asked for. */
  readonly accepted: { partition: number; vote: Vote; position: Position }[] = []
  readonly counts = new Map<number, number>()
  isLossy = false
  takeovers = 0
  fencedCommits = 0
  epochsRaised = 0
  /** Whose vote came behind a recorded close marker, and would have changed a row. */
  readonly lateVoters = new Set<VoterKey>()
  readonly #owners: Owner[]
  #ghosts: Pending[] = []
  #ghostNames = new Map<Pending, Owner>()
  #nextId = 1

  constructor(partitions: number, workers: number) {
    this.partitions = Array.from({ length: partitions }, (_, partition) => ({
      entries: [],
      end: '0-0',
      epoch: 1,
      door: { isShut: false, epoch: 1, voters: new Map() },
      owner: null,
      isLeaseLive: false,
      checkpoint: { partition, epoch: 1, recorded: '0-0' },
      isMarkerRecorded: false,
    }))
    this.#owners = Array.from({ length: partitions * workers }, (_, index) => ({
      name: `worker-${index % workers}`,
      partition: Math.floor(index / workers),
      state: initialOwner(),
      pending: [],
    }))
  }

  #at(partition: number): Partition {
    const found = this.partitions[partition]
    if (found === undefined) throw new Error(`no partition ${partition}`)
    return found
  }

  vote(partition: number, voterNumber: number, kind: VoteKind, optionId: number): void {
    const here = this.#at(partition)
    if (here.door === null || here.door.epoch !== here.epoch) this.#restoreDoor(here)
    const { door } = here
    if (door === null || door.epoch !== here.epoch || door.isShut) return
    const voter = voterNumber.toString(16).padStart(32, '0') as VoterKey
    const selection = kind === 'retract' ? [] : [optionId]
    const known = door.voters.get(voter)
    if (kind === 'cast' ? known !== undefined && known.selection.length > 0 : known === undefined) return
    if (known !== undefined && isSameSelection(known.selection, selection)) return
    const vote: Vote = { pollId: POLL, round: ROUND, voter, kind, selection }
    const id = this.#append(here, { type: 'votes', votes: [vote] })
    const position = positionOf(here.epoch, id, 0)
    door.voters.set(voter, { selection, position })
    this.accepted.push({ partition, vote, position })
  }

  close(partition: number): void {
    const here = this.#at(partition)
    const wasOpen = here.door === null || !here.door.isShut
    here.door = { isShut: true, epoch: here.epoch, voters: here.door?.voters ?? new Map() }
    if (wasOpen) this.#append(here, { type: 'close', pollId: POLL, round: ROUND })
  }

  #append(here: Partition, content: StreamEntry['content']): EntryId {
    const id: EntryId = `${this.#nextId++}-0`
    here.entries.push({ id, epoch: here.epoch, appendedAt: 0, content })
    here.end = id
    return id
  }

  /** Redis comes back without its last entries, doors as they were then. Ids go on from the clock. */
  fallBack(partition: number, entries: number): void {
    const here = this.#at(partition)
    const kept = here.entries.slice(0, Math.max(0, here.entries.length - entries))
    if (kept.length === here.entries.length) return
    this.isLossy = true
    const lost = new Set(here.entries.slice(kept.length))
    here.entries = kept
    here.end = kept.at(-1)?.id ?? '0-0'
    const voters = new Map<VoterKey, LedgerVote>()
    for (const { content, epoch, id } of kept) {
      if (content.type !== 'votes') continue
      for (const vote of content.votes)
        voters.set(vote.voter, { selection: vote.selection, position: positionOf(epoch, id, 0) })
    }
    const isShut = [...kept].some((entry) => entry.content.type === 'close')
    if (here.door !== null) here.door = { isShut, epoch: here.door.epoch, voters }
    for (const pending of this.#allPending()) {
      if (pending.found?.some((entry) => lost.has(entry))) this.isLossy = true
    }
  }

  /** Redis comes back empty. */
  flush(partition: number): void {
    const here = this.#at(partition)
    if (here.entries.length === 0) return
    this.isLossy = true
    Object.assign(here, { entries: [], end: '0-0', epoch: 0, door: null })
  }

  #restoreDoor(here: Partition): void {
    const { checkpoint } = here
    if (compareEntryIds(checkpoint.recorded, here.end) < 0 || checkpoint.epoch < here.epoch) return
    here.epoch = checkpoint.epoch
    const voters = new Map([...this.ledger].filter(([voter]) => this.#partitionOfVoter(voter) === checkpoint.partition))
    here.door = { isShut: here.isMarkerRecorded, epoch: here.epoch, voters }
  }

  #partitionOfVoter(voter: VoterKey): number {
    return Number.parseInt(voter, 16) % this.partitions.length
  }

  expireLease(partition: number): void {
    this.#at(partition).isLeaseLive = false
  }

  start(ownerIndex: number): void {
    const owner = this.#owner(ownerIndex)
    if (owner.state.phase === 'waiting') this.#dispatch(owner, { type: 'start' })
  }

  /** The process dies; what it has already asked of Redis and PostgreSQL may still happen. */
  crash(ownerIndex: number): void {
    const owner = this.#owner(ownerIndex)
    for (const pending of owner.pending) {
      this.#ghosts.push(pending)
      this.#ghostNames.set(pending, { ...owner, pending: [] })
    }
    owner.pending = []
    owner.state = { ...initialOwner(), term: owner.state.term + 1 }
  }

  /** Moves one question of one worker a step further. */
  advance(ownerIndex: number, which: number): boolean {
    const owner = this.#owner(ownerIndex)
    const pending = owner.pending[which % Math.max(1, owner.pending.length)]
    if (pending === undefined) return false
    if (pending.answer === undefined) {
      this.#answer(owner, pending)
      return true
    }
    owner.pending = owner.pending.filter((other) => other !== pending)
    this.#dispatch(owner, pending.answer)
    return true
  }

  advanceGhost(which: number): void {
    const ghost = this.#ghosts[which % Math.max(1, this.#ghosts.length)]
    const owner = ghost && this.#ghostNames.get(ghost)
    if (ghost === undefined || owner === undefined) return
    if (ghost.answer === undefined) this.#answer(owner, ghost)
    else this.#ghosts = this.#ghosts.filter((other) => other !== ghost)
  }

  /** Nothing fails any more: everybody works until the streams are recorded. Throws where that does not come. */
  heal(): void {
    for (let round = 0; round < HEALING_ROUNDS_MAX; round++) {
      for (const [index, owner] of this.#owners.entries()) {
        if (owner.state.phase === 'waiting') this.start(index)
        // As a worker does when its news went out: an owner that stands elsewhere than it believes learns it by this.
        this.#dispatch(owner, { type: 'news_announced', term: owner.state.term })
        for (let step = 0; step < HEALING_STEPS_MAX && owner.pending.length > 0 && this.#isWorthwhile(owner); step++) {
          this.advance(index, 0)
        }
      }
      if (this.partitions.every((here) => compareEntryIds(here.checkpoint.recorded, here.end) === 0)) return
      for (const here of this.partitions) here.isLeaseLive = false
    }
    throw new Error('the streams are not recorded when everybody has had time')
  }

  /** An idle owner would read for ever: stop when it has read to the end, and recorded. */
  #isWorthwhile(owner: Owner): boolean {
    const here = this.#at(owner.partition)
    const isIdle = owner.pending.every(({ question, answer }) => question.type === 'read' && answer === undefined)
    return !isIdle || owner.state.phase !== 'owning' || compareEntryIds(owner.state.readUpTo, here.end) !== 0
  }

  #owner(index: number): Owner {
    const owner = this.#owners[index % this.#owners.length]
    if (owner === undefined) throw new Error('no workers')
    return owner
  }

  #allPending(): Pending[] {
    return [...this.#owners.flatMap((owner) => owner.pending), ...this.#ghosts]
  }

  #dispatch(owner: Owner, event: Answer): void {
    const [state, actions] = stepOwner(owner.state, event, { entriesMax: ENTRIES_MAX })
    owner.state = state
    for (const action of actions) if (action.type !== 'rest') owner.pending.push({ question: action })
  }

  #answer(owner: Owner, pending: Pending): void {
    const here = this.#at(owner.partition)
    const { question } = pending
    const { term } = question
    switch (question.type) {
      case 'acquire':
        pending.answer = { type: 'acquired', term, checkpoint: this.#acquire(owner.name, here) }
        break
      case 'read':
        if (pending.found === undefined) {
          pending.found = here.entries
            .filter((entry) => compareEntryIds(entry.id, question.after) > 0)
            .slice(0, ENTRIES_MAX)
          break
        }
        pending.answer = {
          type: 'read',
          term,
          entries: pending.found,
          inspected: { end: here.end, hasEntry: here.entries.some((entry) => entry.id === question.after) },
        }
        break
      case 'record':
        pending.answer = this.#record(owner.name, here, question)
        break
      case 'raise_epoch':
        pending.answer = { type: 'raised', term, checkpoint: this.#raiseEpoch(owner.name, here, question.checkpoint) }
        break
    }
  }

  #acquire(name: string, here: Partition): Checkpoint | null {
    if (here.isLeaseLive && here.owner !== name) return null
    if (here.owner !== name) this.takeovers += 1
    here.owner = name
    here.isLeaseLive = true
    this.#agreeOnEpoch(here)
    return here.checkpoint
  }

  /** The stream is told the checkpoint's epoch; where it knows a higher one, the checkpoint begins that. */
  #agreeOnEpoch(here: Partition): void {
    here.epoch = Math.max(here.epoch, here.checkpoint.epoch)
    if (here.epoch === here.checkpoint.epoch) return
    here.checkpoint = { ...here.checkpoint, epoch: here.epoch, recorded: '0-0' }
    this.epochsRaised += 1
  }

  /** PostgreSQL comes back with a checkpoint of the first epoch; its lease has run out. */
  restoreCheckpoint(partition: number): void {
    const here = this.#at(partition)
    if (here.checkpoint.epoch === 1) return
    here.checkpoint = { partition, epoch: 1, recorded: '0-0' }
    here.owner = null
  }

  #raiseEpoch(name: string, here: Partition, known: Checkpoint): Checkpoint | null {
    if (!isFenceOpen(name, here, known)) return null
    here.checkpoint = { ...known, epoch: known.epoch + 1, recorded: '0-0' }
    this.epochsRaised += 1
    this.#agreeOnEpoch(here)
    return here.checkpoint
  }

  #record(name: string, here: Partition, action: Extract<Question, { type: 'record' }>): Answer {
    if (!isFenceOpen(name, here, action.from)) {
      this.fencedCommits += 1
      return { type: 'lost', term: action.term }
    }
    let isClosed = here.isMarkerRecorded
    for (const commit of ledgerCommits(action.entries, action.to)) {
      this.#commit(here, ledgerBatch(name, action.from, commit, 0))
    }
    for (const { id, epoch, content } of action.entries) {
      if (content.type === 'close') isClosed = true
      if (content.type !== 'votes') continue
      for (const [index, vote] of content.votes.entries()) {
        recordOne(this.ledgerOneByOne, { ...vote, position: positionOf(epoch, id, index) }, isClosed)
      }
    }
    here.checkpoint = { ...action.from, recorded: action.to }
    return { type: 'recorded', term: action.term, checkpoint: here.checkpoint }
  }

  #commit(here: Partition, batch: LedgerBatch): void {
    for (const vote of batch.votes) {
      const earlier = this.ledger.get(vote.voter)
      const verdict = recordOne(this.ledger, vote, here.isMarkerRecorded)
      if (verdict === 'closed') this.lateVoters.add(vote.voter)
      if (verdict === 'closed' || verdict === 'set_aside') this.setAside.add(vote.position)
      if (verdict !== 'write') continue
      for (const optionId of earlier?.selection ?? []) this.#count(optionId, -1)
      for (const optionId of vote.selection) this.#count(optionId, 1)
    }
    for (const { position } of batch.setAside) this.setAside.add(position)
    if (batch.markers.length > 0) here.isMarkerRecorded = true
  }

  #count(optionId: number, change: number): void {
    this.counts.set(optionId, (this.counts.get(optionId) ?? 0) + change)
  }
}

function recordOne(
  rows: Map<VoterKey, LedgerVote>,
  vote: PositionedVote,
  isClosed: boolean,
): ReturnType<typeof judgeVote> | 'closed' {
  const verdict = judgeVote(rows.get(vote.voter), vote)
  if (verdict === 'write' && isClosed) return 'closed'
  if (verdict === 'write') rows.set(vote.voter, { selection: vote.selection, position: vote.position })
  return verdict
}

function isFenceOpen(name: string, here: Partition, known: Checkpoint): boolean {
  return here.owner === name && here.checkpoint.epoch === known.epoch && here.checkpoint.recorded === known.recorded
}
