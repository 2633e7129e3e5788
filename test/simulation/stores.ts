// What Redis and PostgreSQL hold of one poll, and what each of their scripts and transactions does to it in one step: doors and
// streams, ledger and leases, the poll itself, the cache. Plain data and plain rules, to hold the product's processes against.
import type { Poll } from '../../src/domain/poll.ts'
import { type Checkpoint, compareEntryIds, type EntryId, type Position, positionOf } from '../../src/domain/position.ts'
import type { Tally } from '../../src/domain/tally.ts'
import {
  isSameSelection,
  judgeVote,
  type LedgerVote,
  type PositionedVote,
  partitionOf,
  type Selection,
  type Vote,
  type VoterKey,
} from '../../src/domain/vote.ts'
import type { Restoration } from '../../src/ports/door-restoration.ts'
import { ContentUnrecordable } from '../../src/ports/unrecordable.ts'
import type { DoorAnswer, DoorCall, DoorState, VoterAtDoor } from '../../src/ports/vote-door.ts'
import type { LedgerBatch, Recorded } from '../../src/ports/vote-ledger.ts'
import type { EntryContent, StreamEntry } from '../../src/ports/vote-stream.ts'

/** A vote for it can be in the stream, and no ledger can hold it. */
export const POISON_OPTION = 99
const SNAPSHOTS_KEPT = 8

type Request = { readonly key: string; readonly call: DoorCall; readonly position: Position }
type KnownVoter = LedgerVote & { readonly requests: readonly Request[] }
type Door = {
  readonly round: number
  /** `sealed`: shut while it was missing, so that its voters are not known here. */
  state: 'open' | 'shut' | 'sealed'
  revision: number
  epoch: number
  voters: Map<VoterKey, KnownVoter>
}
type Restoring = { readonly token: string; round: number | null; readonly voters: Map<VoterKey, KnownVoter> }

/** What Redis has of a partition. */
type Stream = {
  readonly entries: readonly StreamEntry[]
  readonly end: EntryId
  /** 0 where it was never told, or lost it. */
  readonly epoch: number
  readonly door: Door | null
  readonly restoring: Restoring | null
}
/** What PostgreSQL has of a partition. */
type RoundTally = {
  counts: Map<number, number>
  totalVotes: number
  version: number
  isClosed: boolean
  recordedAt: number
}
type Ledger = {
  owner: string | null
  isLeaseLive: boolean
  checkpoint: Checkpoint
  recordedAt: number
  announcedUntil: number
  readonly tallies: Map<number, RoundTally>
}
export type Partition = { stream: Stream; readonly earlier: Stream[]; readonly ledger: Ledger }

/** What the test is told of, to compare with. */
export type Witness = {
  onAccepted(vote: Vote, position: Position): void
  onRepeated(): void
  onTakenOver(): void
  onFenced(): void
  onEpochRaised(): void
  onRestored(): void
  /** The entries of a commit, as they were read, before they are recorded. */
  onCommit(partition: number, entries: readonly StreamEntry[]): void
  onSetAside(position: Position, vote: PositionedVote | null): void
}

export class SimulatedStores {
  readonly partitions: readonly Partition[]
  /** By round and voter. */
  readonly rows = new Map<string, LedgerVote & { readonly voter: VoterKey; readonly round: number }>()
  poll: Poll
  earlierPoll: Poll
  cachedTally: Tally | null = null
  readonly #witness: Witness
  #nextMajor = 1
  #nextMinor = 1
  #nextToken = 1
  #now = 1

  constructor(poll: Poll, witness: Witness) {
    this.#witness = witness
    this.poll = poll
    this.earlierPoll = poll
    this.partitions = Array.from({ length: poll.partitions }, (_, partition) => ({
      stream: { entries: [], end: '0-0', epoch: 0, door: null, restoring: null },
      earlier: [],
      ledger: {
        owner: null,
        isLeaseLive: false,
        checkpoint: { partition, epoch: 1, recorded: '0-0' },
        recordedAt: 0,
        announcedUntil: 0,
        tallies: new Map(),
      },
    }))
  }

  at(partition: number): Partition {
    const found = this.partitions[partition]
    if (found === undefined) throw new Error(`no partition ${partition}`)
    return found
  }

  // The stream and its doors, in Redis.

  append(partition: number, calls: readonly DoorCall[]): readonly DoorAnswer[] {
    const { stream } = this.#touch(partition)
    const door = readDoor(stream)
    const id = this.#nextId(stream)
    const votes: Vote[] = []
    const answers = calls.map((call): DoorAnswer => {
      if (door === null || door.round < call.round) return { answer: 'door_missing' }
      if (door.round > call.round || call.revision < door.revision) return { answer: 'definition_stale' }
      const known = door.voters.get(call.voter)
      const answer = judgeCall(door, known, call)
      if (answer === 'repeated') this.#witness.onRepeated()
      if (answer === 'repeated' && known !== undefined) {
        const first = known.requests.find(({ key }) => key === call.requestKey)?.position ?? known.position
        remember(door, call, { selection: known.selection, position: known.position }, first)
        return { answer: 'accepted', position: first, isRepeated: true }
      }
      if (answer !== 'accepted') return { answer: answer === 'repeated' ? 'no_vote' : answer }
      const position = positionOf(stream.epoch, id, votes.length)
      const { pollId, round, voter, kind, selection } = call
      votes.push({ pollId, round, voter, kind, selection })
      remember(door, call, { selection, position }, position)
      return { answer: 'accepted', position, isRepeated: false }
    })
    if (votes.length > 0) this.#appendEntry(partition, { type: 'votes', votes }, id)
    for (const [index, vote] of votes.entries()) this.#witness.onAccepted(vote, positionOf(stream.epoch, id, index))
    return answers
  }

  /** What somebody wrote into the stream by hand. */
  inject(partition: number, content: EntryContent): StreamEntry {
    const { stream } = this.#touch(partition)
    return this.#appendEntry(partition, content, this.#nextId(stream))
  }

  openDoor(partition: number, { round, revision }: DoorState): void {
    const here = this.#touch(partition)
    const { door, epoch } = here.stream
    if (door !== null && door.round >= round) return
    const opened: Door = { round, state: 'open', revision, epoch, voters: new Map() }
    here.stream = { ...here.stream, restoring: null, door: epoch > 0 ? opened : null }
  }

  reviseDoor(partition: number, { round, revision }: DoorState): 'done' | 'shut' {
    const { stream } = this.#touch(partition)
    if (stream.door?.round === round && stream.door.state !== 'open') return 'shut'
    const door = readDoor(stream)
    if (door?.round === round) door.revision = Math.max(door.revision, revision)
    return 'done'
  }

  /** False where the partition has no epoch. */
  shutDoor(partition: number, round: number, isRepeat: boolean): boolean {
    const here = this.#touch(partition)
    const { stream } = here
    if ((stream.door?.round ?? 0) > round) return true
    if (stream.epoch === 0) return false
    const door = readDoor(stream)
    if (door?.round === round) {
      if (door.state !== 'open' && !isRepeat) return true
      if (door.state === 'open') door.state = 'shut'
    } else {
      const sealed: Door = { round, state: 'sealed', revision: 0, epoch: stream.epoch, voters: new Map() }
      here.stream = { ...stream, door: sealed }
    }
    this.#appendEntry(partition, { type: 'close', pollId: this.poll.id, round }, this.#nextId(stream))
    return true
  }

  removeDoor(partition: number): void {
    const here = this.#touch(partition)
    here.stream = { ...here.stream, door: null, restoring: null }
  }

  beginRestoration(partition: number, pollId: string, round: number): Restoration | null {
    const here = this.#touch(partition)
    const { stream } = here
    if ((readDoor(stream)?.round ?? 0) >= round || stream.restoring !== null) return null
    const token = `${this.#nextToken++}`
    // A door of another epoch or round loses its voters, so it must never count again.
    const door = stream.door && { ...stream.door, epoch: -1, voters: new Map() }
    here.stream = { ...stream, door, restoring: { token, round: null, voters: new Map() } }
    return { partition, pollId, token, end: stream.entries.at(-1)?.id ?? '0-0', epoch: stream.epoch }
  }

  putVoters({ partition, token }: Restoration, round: number, voters: readonly VoterAtDoor[]): boolean {
    const { stream } = this.#touch(partition)
    const { restoring } = stream
    if (restoring?.token !== token || readDoor(stream) !== null) return false
    restoring.round ??= round
    if (restoring.round !== round) return false
    for (const { voter, ...vote } of voters) restoring.voters.set(voter, { ...vote, requests: [] })
    return true
  }

  finishRestoration({ partition, token }: Restoration, { round, revision }: DoorState, epoch: number): boolean {
    const here = this.#touch(partition)
    const { stream } = here
    const { restoring, door } = stream
    if (restoring?.token !== token || readDoor(stream) !== null || stream.epoch > epoch) return false
    if ((restoring.round ?? round) !== round || (door?.round ?? 0) > round) return false
    const wasShut = door?.round === round && door.state !== 'open'
    const restored: Door = { round, state: wasShut ? 'shut' : 'open', revision, epoch, voters: restoring.voters }
    here.stream = { ...stream, epoch, door: restored, restoring: null }
    this.#witness.onRestored()
    return true
  }

  abandonRestoration({ partition, token }: Restoration): void {
    const here = this.#touch(partition)
    if (here.stream.restoring?.token === token) here.stream = { ...here.stream, restoring: null }
  }

  expireRestoration(partition: number): void {
    const here = this.#touch(partition)
    here.stream = { ...here.stream, restoring: null }
  }

  read(partition: number, after: EntryId, entriesMax: number): readonly StreamEntry[] {
    const { entries } = this.at(partition).stream
    return entries.filter(({ id }) => compareEntryIds(id, after) > 0).slice(0, entriesMax)
  }

  inspect(partition: number, entry: EntryId): { readonly end: EntryId; readonly hasEntry: boolean } {
    const { entries, end } = this.at(partition).stream
    return { end, hasEntry: entries.some(({ id }) => id === entry) }
  }

  raiseStreamEpoch(partition: number, epoch: number): number {
    const here = this.#touch(partition)
    here.stream = { ...here.stream, epoch: Math.max(here.stream.epoch, epoch) }
    return here.stream.epoch
  }

  trim(partition: number, recorded: EntryId): void {
    const here = this.#touch(partition)
    const entries = here.stream.entries.filter(({ id }) => compareEntryIds(id, recorded) >= 0)
    here.stream = { ...here.stream, entries }
  }

  trimBehind(partition: number, last: EntryId): void {
    const here = this.#touch(partition)
    const entries = here.stream.entries.filter(({ id }) => compareEntryIds(id, last) > 0)
    here.stream = { ...here.stream, entries }
  }

  /** Redis comes back as it was some changes ago, and goes on counting from its clock, which may have been set back too. */
  fallBack(partition: number, changes: number, isClockBack: boolean): boolean {
    const here = this.at(partition)
    const earlier = here.earlier.at(-changes)
    if (earlier === undefined || earlier.end === here.stream.end) return false
    here.earlier.length = 0
    here.stream = copyStream(earlier)
    if (isClockBack) this.#nextMajor = Math.max(1, this.#nextMajor - 5)
    return true
  }

  /** Redis comes back empty. */
  flush(partition: number): boolean {
    const here = this.at(partition)
    if (here.stream.entries.length === 0) return false
    here.earlier.length = 0
    here.stream = { entries: [], end: '0-0', epoch: 0, door: null, restoring: null }
    return true
  }

  // The ledger, in PostgreSQL.

  acquire(partition: number, owner: string): Checkpoint | null {
    const { ledger } = this.at(partition)
    if (ledger.isLeaseLive && ledger.owner !== null && ledger.owner !== owner) return null
    if (ledger.owner !== owner) this.#witness.onTakenOver()
    ledger.owner = owner
    ledger.isLeaseLive = true
    return ledger.checkpoint
  }

  renew(partition: number, owner: string): Checkpoint | null {
    const { ledger } = this.at(partition)
    if (ledger.owner !== owner) return null
    ledger.isLeaseLive = true
    return ledger.checkpoint
  }

  release(partition: number, owner: string): void {
    const { ledger } = this.at(partition)
    if (ledger.owner === owner) ledger.owner = null
  }

  raiseEpoch(known: Checkpoint, owner: string, least = 1): Checkpoint | null {
    const { ledger } = this.at(known.partition)
    if (!isFenceOpen(ledger, owner, known)) return null
    ledger.checkpoint = { ...known, epoch: Math.max(known.epoch + 1, least), recorded: '0-0' }
    this.#witness.onEpochRaised()
    return ledger.checkpoint
  }

  /** The checkpoint comes back as a backup has it that was taken in the first epoch, and the lease of that time has run out. */
  restoreCheckpoint(partition: number): boolean {
    const { ledger } = this.at(partition)
    if (ledger.checkpoint.epoch === 1) return false
    ledger.checkpoint = { partition, epoch: 1, recorded: '0-0' }
    ledger.owner = null
    return true
  }

  record(batch: LedgerBatch, entries: readonly StreamEntry[]): Recorded | 'fenced' {
    const { partition } = batch.from
    const { ledger } = this.at(partition)
    if (!isFenceOpen(ledger, batch.owner, batch.from)) {
      this.#witness.onFenced()
      return 'fenced'
    }
    if (batch.votes.some(({ selection }) => selection.includes(POISON_OPTION))) throw new ContentUnrecordable('poison')
    this.#witness.onCommit(partition, entries)
    ledger.recordedAt = this.#now++
    ledger.announcedUntil = Math.max(ledger.announcedUntil, batch.announcedUntil)
    ledger.checkpoint = { ...batch.from, recorded: batch.to }
    const written = batch.votes.filter((vote) => this.#recordVote(ledger, vote))
    for (const { position } of batch.setAside) this.#witness.onSetAside(position, null)
    for (const { round } of batch.markers) {
      const tally = tallyOf(ledger, round)
      tally.isClosed = true
      tally.recordedAt = ledger.recordedAt
    }
    return {
      checkpoint: ledger.checkpoint,
      pollIds: written.length + batch.markers.length > 0 ? [this.poll.id] : [],
      written: written.length,
      setAside: batch.setAside.length,
      named: [],
      recordedAt: ledger.recordedAt,
    }
  }

  #recordVote(ledger: Ledger, vote: PositionedVote): boolean {
    const row = this.rows.get(rowKey(vote))
    const tally = tallyOf(ledger, vote.round)
    const verdict = judgeVote(row, vote)
    if (verdict === 'set_aside' || (verdict === 'write' && tally.isClosed))
      this.#witness.onSetAside(vote.position, vote)
    if (verdict !== 'write' || tally.isClosed) return false
    const { voter, round, selection, position } = vote
    this.rows.set(rowKey(vote), { voter, round, selection, position })
    count(tally, row?.selection ?? [], -1)
    count(tally, selection, 1)
    tally.version += 1
    tally.recordedAt = ledger.recordedAt
    return true
  }

  find(round: number, voter: VoterKey): LedgerVote | null {
    return this.rows.get(rowKey({ round, voter })) ?? null
  }

  /** The next voters behind the one given, in the order of their keys. */
  voters(round: number, partition: number, behind: string, pageSize: number): readonly VoterAtDoor[] {
    return [...this.rows.values()]
      .filter((row) => row.round === round && partitionOf(row.voter, this.partitions.length) === partition)
      .filter(({ voter }) => voter > behind)
      .sort((a, b) => (a.voter < b.voter ? -1 : 1))
      .slice(0, pageSize)
  }

  savePoll(poll: Poll): void {
    this.earlierPoll = this.poll
    this.poll = poll
  }

  finalise(): boolean {
    const { status, round } = this.poll
    const isComplete = this.partitions.every(({ ledger }) => ledger.tallies.get(round)?.isClosed === true)
    if (status === 'closing' && isComplete) {
      this.savePoll({ ...this.poll, status: 'closed', revision: this.poll.revision + 1 })
    }
    return this.poll.status === 'closed'
  }

  readTally(): Tally {
    const { id, round, revision, status, options } = this.poll
    const all = this.partitions.flatMap(({ ledger }) => [...ledger.tallies])
    const ofRound = all.filter(([its]) => its === round).map(([, tally]) => tally)
    const sum = (of: (tally: RoundTally) => number): number => ofRound.reduce((before, tally) => before + of(tally), 0)
    return {
      pollId: id,
      round,
      version: revision + all.reduce((before, [, tally]) => before + tally.version, 0),
      revision,
      status,
      optionIds: options.map((option) => option.id),
      counts: options.map((option) => sum((tally) => tally.counts.get(option.id) ?? 0)),
      totalVotes: sum((tally) => tally.totalVotes),
      asOf: this.#now,
      resultsFinal: status === 'closed',
    }
  }

  isUnannounced(settledMs: number): boolean {
    return this.partitions.some(({ ledger }) => {
      const before = Math.max(this.#now, ledger.recordedAt) - settledMs
      return [...ledger.tallies.values()].some(
        ({ recordedAt }) => recordedAt > ledger.announcedUntil && recordedAt <= before,
      )
    })
  }

  putTally(tally: Tally): void {
    if (this.cachedTally === null || this.cachedTally.version < tally.version) this.cachedTally = tally
  }

  /** Before every change of Redis: so it can fall back to here. */
  #touch(partition: number): Partition {
    const here = this.at(partition)
    here.earlier.push(copyStream(here.stream))
    if (here.earlier.length > SNAPSHOTS_KEPT) here.earlier.shift()
    return here
  }

  /** Higher than every id of this stream, and never one that was given out before. */
  #nextId({ end }: Stream): EntryId {
    this.#nextMajor = Math.max(this.#nextMajor, Number(end.split('-')[0])) + 1
    return `${this.#nextMajor}-${this.#nextMinor++}`
  }

  #appendEntry(partition: number, content: EntryContent, id: EntryId): StreamEntry {
    const here = this.at(partition)
    const entry: StreamEntry = { id, epoch: here.stream.epoch, appendedAt: this.#now, content }
    here.stream = { ...here.stream, entries: [...here.stream.entries, entry], end: id }
    return entry
  }
}

export function rowKey({ round, voter }: { readonly round: number; readonly voter: VoterKey }): string {
  return `${round} ${voter}`
}

function readDoor({ door, epoch }: Stream): Door | null {
  return door !== null && epoch > 0 && door.epoch === epoch ? door : null
}

function copyStream(stream: Stream): Stream {
  const { door, restoring } = stream
  return {
    ...stream,
    door: door && { ...door, voters: new Map(door.voters) },
    restoring: restoring && { ...restoring, voters: new Map(restoring.voters) },
  }
}

function judgeCall(
  door: Door,
  known: KnownVoter | undefined,
  call: DoorCall,
): Exclude<DoorAnswer['answer'], 'door_missing' | 'definition_stale'> | 'repeated' {
  const request = door.state === 'sealed' ? undefined : known?.requests.find(({ key }) => key === call.requestKey)
  if (request !== undefined) {
    const isSame = request.call.kind === call.kind && isSameSelection(request.call.selection, call.selection)
    return isSame ? 'repeated' : 'idempotency_key_reused'
  }
  if (door.state !== 'open') return 'poll_closed'
  if (known === undefined) return call.kind === 'cast' ? 'accepted' : 'no_vote'
  if (isSameSelection(known.selection, call.selection)) return 'repeated'
  if (call.kind === 'cast' && known.selection.length > 0) return 'already_voted'
  if (call.kind === 'change' && known.selection.length === 0) return 'no_vote'
  return 'accepted'
}

function remember(door: Door, call: DoorCall, vote: LedgerVote, position: Position): void {
  const requests = door.voters.get(call.voter)?.requests ?? []
  const key = call.requestKey
  const isNew = key !== null && requests.every((request) => request.key !== key)
  door.voters.set(call.voter, { ...vote, requests: isNew ? [{ key, call, position }, ...requests] : requests })
}

function tallyOf(ledger: Ledger, round: number): RoundTally {
  const found = ledger.tallies.get(round)
  if (found !== undefined) return found
  const made = { counts: new Map<number, number>(), totalVotes: 0, version: 0, isClosed: false, recordedAt: 0 }
  ledger.tallies.set(round, made)
  return made
}

function count(tally: RoundTally, selection: Selection, change: number): void {
  if (selection.length > 0) tally.totalVotes += change
  for (const optionId of selection) tally.counts.set(optionId, (tally.counts.get(optionId) ?? 0) + change)
}

function isFenceOpen(ledger: Ledger, owner: string, known: Checkpoint): boolean {
  const { epoch, recorded } = ledger.checkpoint
  return ledger.owner === owner && epoch === known.epoch && recorded === known.recorded
}
