import { strict as assert } from 'node:assert'
import { compareEntryIds, type Position, positionOf } from '../../src/domain/position.ts'
import {
  judgeVote,
  type LedgerVote,
  type PositionedVote,
  partitionOf,
  type Vote,
  type VoteKind,
  type VoterKey,
} from '../../src/domain/vote.ts'
import type { DoorCall } from '../../src/ports/vote-door.ts'
import type { StreamEntry } from '../../src/ports/vote-stream.ts'
import { somePoll } from '../support/some-poll.ts'
import { voterNumber } from '../support/some-votes.ts'
import { SimulatedNetwork } from './network.ts'
import { PlainModel } from './plain-model.ts'
import {
  type Admin,
  type Api,
  type SimulatedProcess,
  startAdmin,
  startApi,
  startWorker,
  type Wiring,
} from './processes.ts'
import { POISON_OPTION, rowKey, SimulatedStores } from './stores.ts'

export type Shape = {
  readonly partitions: number
  readonly workers: number
  /** Whether Redis loses its log now and then. */
  readonly isLossy: boolean
}

/** What happened, so that nobody believes in faults that never came. */
export type Happenings = {
  votes: number
  repeatedRequests: number
  entriesDeliveredAgain: number
  crashes: number
  plannedRestarts: number
  lostAnswers: number
  takeovers: number
  fencedCommits: number
  epochsRaised: number
  checkpointsRestored: number
  rounds: number
  closes: number
  doorsRestored: number
  votesSetAside: number
}

export const noHappenings = (): Happenings => ({
  votes: 0,
  repeatedRequests: 0,
  entriesDeliveredAgain: 0,
  crashes: 0,
  plannedRestarts: 0,
  lostAnswers: 0,
  takeovers: 0,
  fencedCommits: 0,
  epochsRaised: 0,
  checkpointsRestored: 0,
  rounds: 0,
  closes: 0,
  doorsRestored: 0,
  votesSetAside: 0,
})

type Asked = { readonly voter: number; readonly kind: VoteKind; readonly optionId: number; readonly hasKey: boolean }

const APIS = 2
const CALLS_KEPT = 20
const HEALING_PASSES_MAX = 600
/** In passes. A call takes milliseconds where a time that somebody waits for is a second. */
const CALLS_PER_TIME = 10
const LEASES_EXPIRE_EVERY = 100

/**
 * The whole service around one poll, without clock, network or database: workers, apis and an admin as the product has them,
 * on simulated stores. Commands move it a step; `heal` brings it to rest; the checks say whether the promises held.
 */
export class Simulation {
  readonly happened = noHappenings()
  readonly #shape: Shape
  readonly #network = new SimulatedNetwork()
  readonly #stores: SimulatedStores
  readonly #model: PlainModel
  readonly #wiring: Wiring
  readonly #processes: { start: () => SimulatedProcess; running: SimulatedProcess }[] = []
  readonly #apis: Api[] = []
  #admin: Admin | null = null
  #lives = 0
  #commits = 0
  readonly #bugs: unknown[] = []
  readonly #committed = new Set<StreamEntry>()
  /** What the ledger would show if every vote were recorded by itself, one after the other. */
  readonly #oneByOne = new Map<string, LedgerVote>()
  readonly #closedOneByOne = new Set<string>()
  readonly #setAside = new Set<Position>()
  readonly #poison = new Set<Position>()
  /** Whose vote came behind a recorded close marker, or second. */
  readonly #explained = new Set<string>()
  readonly #sentCalls: { readonly partition: number; readonly calls: readonly DoorCall[] }[] = []
  readonly #rowPositions = new Map<string, Position>()
  readonly #rowsAtClose = new Map<string, string>()
  readonly #finalCounts = new Map<number, string>()

  constructor(shape: Shape) {
    this.#shape = shape
    const { happened } = this
    this.#model = new PlainModel(shape.isLossy)
    const poll = somePoll({ id: 'p', partitions: shape.partitions, closesAt: null })
    this.#stores = new SimulatedStores(poll, {
      onAccepted: (vote, position) => this.#noteAccepted(vote, position),
      onRepeated: () => void (happened.repeatedRequests += 1),
      onTakenOver: () => void (happened.takeovers += 1),
      onFenced: () => void (happened.fencedCommits += 1),
      onEpochRaised: () => void (happened.epochsRaised += 1),
      onRestored: () => void (happened.doorsRestored += 1),
      onCommit: (partition, entries) => this.#recordOneByOne(partition, entries),
      onSetAside: (position, vote) => this.#noteSetAside(position, vote),
    })
    this.#wiring = {
      network: this.#network,
      stores: this.#stores,
      onCloseAnswered: (round) => {
        happened.closes += 1
        this.#model.close(round)
      },
      onBug: (fault) => this.#bugs.push(fault),
    }
    for (const [partition, here] of this.#stores.partitions.entries()) {
      here.stream = { ...here.stream, epoch: 1 }
      this.#stores.openDoor(partition, { pollId: poll.id, round: 1, revision: 1, closesAt: null })
    }
    for (let number = 0; number < shape.workers; number += 1) {
      this.#launch(() => startWorker(this.#wiring, this.#nameLife(`worker ${number}`)))
    }
    for (let number = 0; number < APIS; number += 1) {
      this.#launch(() => (this.#apis[number] = startApi(this.#wiring, this.#nameLife(`api ${number}`))))
    }
    this.#launch(() => (this.#admin = startAdmin(this.#wiring, this.#nameLife('admin'))))
  }

  // Commands.

  /** One process gets answers, in the order of the picks. */
  async work(process: number, picks: readonly number[]): Promise<void> {
    const { life } = this.#process(process)
    for (const which of picks) {
      // Where it waits for nothing, its time passes.
      if (!this.#network.complete(life, which) && !this.#network.tick(life, which)) return
      await this.#network.settle()
    }
  }

  /** A question arrives; its answer is still on its way when the next thing happens. */
  arrive(process: number, which: number): void {
    this.#network.arrive(this.#process(process).life, which)
  }

  loseAnswer(process: number, which: number): void {
    this.#network.lose(this.#process(process).life, which)
  }

  tick(process: number, which: number): void {
    this.#network.tick(this.#process(process).life, which)
  }

  /** What a dead process had asked reaches Redis or PostgreSQL after all. */
  ghost(which: number): void {
    this.#network.arriveGhost(which)
  }

  crash(process: number): void {
    const place = this.#place(process)
    this.happened.crashes += 1
    this.#kill(place.running)
    place.running = place.start()
  }

  #kill({ life, forget }: SimulatedProcess): void {
    this.#network.kill(life)
    forget()
  }

  /** Ends in order, and begins again as soon as it has ended. */
  restart(process: number): void {
    const place = this.#place(process)
    this.happened.plannedRestarts += 1
    place.running.stop()
  }

  expireLease(partition: number): void {
    this.#stores.at(partition % this.#shape.partitions).ledger.isLeaseLive = false
  }

  expireRestoration(partition: number): void {
    this.#stores.expireRestoration(partition % this.#shape.partitions)
  }

  /** Votes that go together, all from the partition of the first voter. */
  vote(api: number, asked: readonly Asked[], isStale: boolean, isPrompt: boolean): void {
    const { id: pollId, round, revision } = isStale ? this.#stores.earlierPoll : this.#stores.poll
    const { partitions } = this.#shape
    const partition = partitionOf(voterNumber(asked[0]?.voter ?? 0), partitions)
    const calls = asked
      .map(({ voter, kind, optionId, hasKey }): DoorCall => ({
        pollId,
        round,
        revision,
        kind,
        voter: voterNumber(voter),
        selection: kind === 'retract' ? [] : [optionId],
        requestKey: hasKey ? `${kind}${optionId}` : null,
      }))
      .filter(({ voter }) => partitionOf(voter, partitions) === partition)
    this.#send(api, partition, calls, isPrompt)
  }

  /** The same request again, at the same door or at the one that replaced it. */
  repeat(api: number, which: number): void {
    const sent = this.#sentCalls[which % Math.max(1, this.#sentCalls.length)]
    if (sent !== undefined) this.#send(api, sent.partition, sent.calls, false)
  }

  #send(number: number, partition: number, calls: readonly DoorCall[], isPrompt: boolean): void {
    this.#sentCalls.push({ partition, calls })
    if (this.#sentCalls.length > CALLS_KEPT) this.#sentCalls.shift()
    const api = this.#apis[number % APIS]
    if (api === undefined) throw new Error('no apis')
    api.vote(partition, calls)
    if (isPrompt) this.#network.complete(api.life, this.#network.count(api.life).calls - 1)
  }

  /** An entry that no ledger can hold, or nobody can read, between the others. */
  inject(partition: number, isReadable: boolean): void {
    const index = partition % this.#shape.partitions
    const vote: Vote = {
      pollId: 'p',
      round: this.#stores.poll.round,
      voter: voterNumber(index + 1000 * this.#shape.partitions),
      kind: 'change',
      selection: [POISON_OPTION],
    }
    const entry = this.#stores.inject(
      index,
      isReadable
        ? { type: 'votes', votes: [vote] }
        : { type: 'unreadable', reason: 'no votes', formatVersion: 1, meaning: 'votes', bytes: new Uint8Array() },
    )
    this.#poison.add(positionOf(entry.epoch, entry.id, 0))
  }

  open(): void {
    this.#admin?.open()
  }

  close(): void {
    this.#admin?.close()
  }

  reset(): void {
    this.happened.rounds += 1
    this.#admin?.reset()
  }

  /** The door is gone from Redis. Not while it is just being opened: doors are kept for a day, and opening takes a moment. */
  removeDoor(partition: number): void {
    const index = partition % this.#shape.partitions
    const isOpening = this.#admin?.isOpening() === true || this.#network.isOnItsWay(`open ${index}`)
    if (!isOpening) this.#stores.removeDoor(index)
  }

  /** Somebody trims the stream by hand, the checkpoint's entry included: the log counts as lost, and the epoch is raised. */
  trimTooFar(partition: number): void {
    const { stream, ledger } = this.#stores.at(partition % this.#shape.partitions)
    const { recorded } = ledger.checkpoint
    if (stream.entries.some(({ id }) => id === recorded))
      this.#stores.trimBehind(partition % this.#shape.partitions, recorded)
  }

  /** PostgreSQL comes back from a backup that was taken before the epoch was raised; what it holds besides is recorded again. */
  restoreCheckpoint(partition: number): void {
    if (this.#stores.restoreCheckpoint(partition % this.#shape.partitions)) this.happened.checkpointsRestored += 1
  }

  fallBack(partition: number, changes: number, isClockBack: boolean): void {
    this.#stores.fallBack(partition % this.#shape.partitions, changes, isClockBack)
  }

  flush(partition: number): void {
    this.#stores.flush(partition % this.#shape.partitions)
  }

  /** To be called after every command: lets the processes react, and starts those again that have ended. */
  async settle(): Promise<void> {
    await this.#network.settle()
    for (const place of this.#processes) if (place.running.hasEnded()) place.running = place.start()
    if (this.#bugs.length > 0) throw this.#bugs[0]
    this.happened.lostAnswers = this.#network.lostAnswers
  }

  /** Nothing fails any more: everybody works until all is recorded, announced and closed. Throws where that does not come. */
  async heal(): Promise<void> {
    while (this.#network.arriveGhost(0));
    let commitsBefore = -1
    for (let pass = 0; pass < HEALING_PASSES_MAX; pass += 1) {
      if (pass % LEASES_EXPIRE_EVERY === 0) {
        for (const { ledger } of this.#stores.partitions) ledger.isLeaseLive = false
        this.#admin?.sweep()
      }
      for (const { running } of this.#processes) {
        const { calls, timers } = this.#network.count(running.life)
        for (let left = calls; left > 0; left -= 1) this.#network.complete(running.life, 0)
        if (pass % CALLS_PER_TIME !== 0) continue
        for (let left = timers; left > 0; left -= 1) this.#network.tick(running.life, 0)
      }
      await this.settle()
      if (pass % CALLS_PER_TIME !== 0) continue
      if (this.#commits === commitsBefore && this.#isAtRest()) return
      commitsBefore = this.#commits
    }
    assert.fail(`not at rest when everybody has had time: ${JSON.stringify(this.#describe())}`)
  }

  /** Everybody is dead. To be called when it was looked at: else what they waited for is kept for ever. */
  end(): void {
    for (const { running } of this.#processes) this.#kill(running)
  }

  #describe(): unknown {
    const { poll, partitions } = this.#stores
    return {
      status: poll.status,
      isUnannounced: this.#stores.isUnannounced(0),
      partitions: partitions.map(({ stream, ledger: { owner, checkpoint, announcedUntil, tallies } }) => ({
        stream: { ...stream, entries: stream.entries.map(({ id, content }) => `${id} ${content.type}`) },
        ledger: {
          owner,
          checkpoint,
          announcedUntil,
          recordedAt: [...tallies.values()].map((tally) => tally.recordedAt),
        },
      })),
    }
  }

  #isAtRest(): boolean {
    const { partitions, poll } = this.#stores
    const isRecorded = partitions.every(
      ({ stream, ledger: { owner, checkpoint } }) =>
        // Who rests between two attempts has yet to look whether the log still has what was recorded.
        owner !== null &&
        stream.epoch === checkpoint.epoch &&
        stream.entries.every(({ id }) => compareEntryIds(id, checkpoint.recorded) <= 0),
    )
    return isRecorded && poll.status !== 'closing' && !this.#stores.isUnannounced(0)
  }

  // Checks.

  /** At every moment. */
  check(): void {
    this.#checkRows()
    this.#checkTallies()
    this.#checkClosed()
  }

  /** After `heal`. */
  checkAtRest(): void {
    this.check()
    if (this.#shape.isLossy) this.#checkLossyLedger()
    else this.#checkLedger()
    this.#checkNews()
  }

  /** What was told last is what the ledger adds up to. */
  #checkNews(): void {
    const { cachedTally } = this.#stores
    const { round, counts } = this.#stores.readTally()
    if (cachedTally?.round === round) assert.deepEqual(cachedTally.counts, counts, 'the last news are old')
    else
      assert(
        counts.every((votes) => votes === 0),
        'nobody was told of the votes of this round',
      )
  }

  /** A row only ever shows a later vote than before. */
  #checkRows(): void {
    for (const [key, { position }] of this.#stores.rows) {
      assert(position >= (this.#rowPositions.get(key) ?? position), `an earlier vote replaced a later one in ${key}`)
      this.#rowPositions.set(key, position)
    }
  }

  #checkTallies(): void {
    const recount = new Map<string, number>()
    for (const { round, selection } of this.#stores.rows.values()) {
      for (const optionId of selection) add(recount, `${round} ${optionId}`, 1)
    }
    for (const { ledger } of this.#stores.partitions) {
      for (const [round, { counts }] of ledger.tallies) {
        for (const [optionId, votes] of counts) add(recount, `${round} ${optionId}`, -votes)
      }
    }
    for (const [what, difference] of recount) assert.equal(difference, 0, `tally and ledger differ in ${what}`)
  }

  /** Where a close marker is recorded, the partition's rows of that round stay; where a poll is closed, its counts do. */
  #checkClosed(): void {
    for (const [partition, { ledger }] of this.#stores.partitions.entries()) {
      for (const [round, { isClosed }] of ledger.tallies) {
        if (isClosed) this.#checkSame(this.#rowsAtClose, `${partition} ${round}`, this.#rowsOf(partition, round))
      }
    }
    const { resultsFinal, round, counts } = this.#stores.readTally()
    if (resultsFinal) this.#checkSame(this.#finalCounts, round, JSON.stringify(counts))
  }

  #checkSame<Key>(kept: Map<Key, string>, key: Key, now: string): void {
    const before = kept.get(key) ?? now
    kept.set(key, before)
    assert.equal(now, before, `what was closed has changed: ${String(key)}`)
  }

  #rowsOf(partition: number, round: number): string {
    const rows = [...this.#stores.rows.values()]
    return JSON.stringify(rows.filter((row) => row.round === round && this.#partitionOf(row.voter) === partition))
  }

  /** Every accepted vote counts once, in its order, and nothing is set aside but what no ledger can hold. */
  #checkLedger(): void {
    const rows = [...this.#stores.rows].map(([key, { selection, position }]) => [key, { selection, position }] as const)
    assert.deepEqual(new Map(rows), this.#model.lastVotes, 'the ledger is not what was accepted last')
    assert.deepEqual(new Set([...this.#setAside].toSorted()), new Set([...this.#poison].toSorted()), 'set aside')
  }

  /**
   * What was recorded stays, nobody counts twice, and what is still in the streams was recorded or explained. Of what came
   * before and after a loss the batches may let a later vote of the same voter count where judging one by one set it aside.
   */
  #checkLossyLedger(): void {
    assert.deepEqual(
      [...this.#stores.rows.keys()].toSorted(),
      [...this.#oneByOne.keys()].toSorted(),
      'whose votes count',
    )
    for (const [key, { selection, position }] of this.#stores.rows) {
      const least = this.#oneByOne.get(key)?.position ?? position
      assert(position >= least, `an earlier vote of ${key} replaced a later one`)
      assert.equal(
        this.#model.accepted.get(position),
        `${key} ${selection.join()}`,
        `nobody asked for what stands in ${key}`,
      )
    }
    for (const { stream } of this.#stores.partitions) {
      for (const vote of stream.entries.flatMap(votesOf)) {
        const key = rowKey(vote)
        assert(this.#stores.rows.has(key) || this.#explained.has(key), `the vote of ${key} has gone without a trace`)
      }
    }
  }

  // What the stores tell.

  #noteAccepted(vote: Vote, position: Position): void {
    this.happened.votes += 1
    this.#model.accept(vote, position)
  }

  #noteSetAside(position: Position, vote: PositionedVote | null): void {
    this.happened.votesSetAside += 1
    this.#setAside.add(position)
    if (vote !== null) this.#explained.add(rowKey(vote))
  }

  #recordOneByOne(partition: number, entries: readonly StreamEntry[]): void {
    this.#commits += 1
    for (const entry of entries) {
      const { id, epoch, content } = entry
      if (this.#committed.has(entry)) this.happened.entriesDeliveredAgain += 1
      this.#committed.add(entry)
      if (content.type === 'close') this.#closedOneByOne.add(`${partition} ${content.round}`)
      for (const [index, vote] of votesOf(entry).entries()) {
        const placed = { ...vote, position: positionOf(epoch, id, index) }
        const isClosed = this.#closedOneByOne.has(`${partition} ${vote.round}`)
        if (isClosed || judgeVote(this.#oneByOne.get(rowKey(vote)), placed) !== 'write') continue
        this.#oneByOne.set(rowKey(vote), { selection: vote.selection, position: placed.position })
      }
    }
  }

  #partitionOf(voter: VoterKey): number {
    return partitionOf(voter, this.#shape.partitions)
  }

  #nameLife(what: string): string {
    this.#lives += 1
    return `${what}, life ${this.#lives}`
  }

  #launch(start: () => SimulatedProcess): void {
    this.#processes.push({ start, running: start() })
  }

  #place(process: number): { start: () => SimulatedProcess; running: SimulatedProcess } {
    const place = this.#processes[process % this.#processes.length]
    if (place === undefined) throw new Error('no processes')
    return place
  }

  #process(process: number): SimulatedProcess {
    return this.#place(process).running
  }
}

/** Without those that no ledger can hold. */
function votesOf({ content }: StreamEntry): readonly Vote[] {
  if (content.type !== 'votes') return []
  return content.votes.filter(({ selection }) => !selection.includes(POISON_OPTION))
}

function add<Key>(sums: Map<Key, number>, key: Key, value: number): void {
  sums.set(key, (sums.get(key) ?? 0) + value)
}
