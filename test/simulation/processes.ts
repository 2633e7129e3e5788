// The product's own steps, as its processes run them, on the simulated stores: nothing here decides anything.
import { createAnnounceTallies } from '../../src/application/announce-tallies.ts'
import { createRestoreDoor } from '../../src/application/cast-vote/restore-door.ts'
import { createClosePoll } from '../../src/application/manage-polls/close-poll.ts'
import { createPollDoors, type PollDoors } from '../../src/application/manage-polls/poll-doors.ts'
import { createRecordVotes } from '../../src/application/record-votes.ts'
import type { Poll } from '../../src/domain/poll.ts'
import { beginClosing, openPoll, resetPoll } from '../../src/domain/poll-life.ts'
import { compareEntryIds } from '../../src/domain/position.ts'
import { isRefused, type Refused } from '../../src/domain/refusal.ts'
import type { DoorRestoration } from '../../src/ports/door-restoration.ts'
import type { PartitionLease } from '../../src/ports/partition-lease.ts'
import { DependencyUnavailable } from '../../src/ports/unavailable.ts'
import { isUnrecordable } from '../../src/ports/unrecordable.ts'
import type { DoorCall, VoteDoor } from '../../src/ports/vote-door.ts'
import type { VoteLedger } from '../../src/ports/vote-ledger.ts'
import type { StreamEntry, VoteStream } from '../../src/ports/vote-stream.ts'
import type { Life, SimulatedNetwork } from './network.ts'
import type { SimulatedStores } from './stores.ts'

const ENTRIES_MAX = 3
const VOTERS_PER_PAGE = 2

export type SimulatedProcess = {
  readonly life: Life
  /** Asks it to end in order. */
  readonly stop: () => void
  readonly hasEnded: () => boolean
  /** For one that is dead: nothing waits in its name any more. Node keeps a signal that is listened to until it aborts. */
  readonly forget: () => void
}

export type Api = SimulatedProcess & {
  /** Sends the calls, all for one partition, and brings a missing door back. */
  readonly vote: (partition: number, calls: readonly DoorCall[]) => void
}

export type Admin = SimulatedProcess & {
  /** Between making the poll open and opening its doors. */
  readonly isOpening: () => boolean
  readonly open: () => void
  readonly close: () => void
  readonly reset: () => void
  /** Does again what another life of the admin may have left undone. */
  readonly sweep: () => void
}

export type Wiring = {
  readonly network: SimulatedNetwork
  readonly stores: SimulatedStores
  readonly onCloseAnswered: (round: number) => void
  /** Something was thrown that no lost answer explains. */
  readonly onBug: (fault: unknown) => void
}

export function startWorker(wiring: Wiring, name: string): SimulatedProcess {
  const { network, stores, onBug } = wiring
  const life: Life = { name, isDead: false }
  const ask = <Value>(what: string, effect: () => Value, signal?: AbortSignal): Promise<Value> =>
    network.ask(life, what, effect, signal)
  const sleep = (ms: number, signal: AbortSignal): Promise<void> => network.sleep(life, ms, signal)
  const announcer = createAnnounceTallies(
    {
      tallies: {
        finalise: () => ask('finalise', () => stores.finalise()),
        read: () => ask('read tally', () => [stores.readTally()]),
        unannounced: (settledMs, after) =>
          ask('unannounced', () => (stores.poll.id > after && stores.isUnannounced(settledMs) ? [stores.poll.id] : [])),
        recount: async () => null,
        recountRounds: async () => [],
        recountRound: async () => null,
        changedLately: async () => [],
        raiseVersion: async () => undefined,
      },
      polls: storeOf(wiring, life),
      cache: cacheOf(wiring, life),
      feed: silentFeed,
    },
    { onError: (fault) => report(wiring, fault), onAnnounced: () => undefined, onFellBack: () => undefined, sleep },
  )
  const { stream, ledger } = recordingPorts(wiring, ask)
  const recorder = createRecordVotes(
    { lease: leaseOf(wiring, ask), stream, ledger, announcer },
    name,
    { most: () => Number.POSITIVE_INFINITY },
    { leaseMs: 3, entriesMax: ENTRIES_MAX, waitMs: 0, streamRetentionMs: 0 },
    {
      sleep,
      onRecorded: () => undefined,
      onTakenOver: () => undefined,
      onEpochRaised: () => undefined,
      onNewerEntry: () => undefined,
      onError: (_partition, fault) => report(wiring, fault),
    },
  )
  const recording = new AbortController()
  const news = new AbortController()
  let isRunning = true
  const running = Promise.all([
    recorder.run([...stores.partitions.keys()], recording.signal).finally(() => news.abort()),
    announcer.run(news.signal),
  ])
  running
    .catch((fault: unknown) => report(wiring, fault))
    .finally(() => {
      isRunning = false
    })
    .catch(onBug)
  const forget = (): void => {
    recording.abort()
    news.abort()
  }
  return { life, stop: () => recording.abort(), hasEnded: () => !isRunning, forget }
}

export function startApi(wiring: Wiring, name: string): Api {
  const { network, stores, onBug } = wiring
  const life: Life = { name, isDead: false }
  const door = doorOf(wiring, life)
  const ask = <Value>(what: string, effect: () => Value): Promise<Value> => network.ask(life, what, effect)
  const stopping = new AbortController()
  const restoreDoor = createRestoreDoor({
    restoration: restorationOf(wiring, life),
    door,
    lease: leaseOf(wiring, ask),
    polls: storeOf(wiring, life),
    signal: stopping.signal,
    clock: { now: () => network.nowMs, after: (ms, run) => network.after(life, ms, run) },
    ledger: {
      async *voters(_pollId, round, partition) {
        let behind = ''
        for (;;) {
          const from = behind
          const page = await ask('voters', () => stores.voters(round, partition, from, VOTERS_PER_PAGE))
          if (page.length > 0) yield page
          if (page.length < VOTERS_PER_PAGE) return
          behind = page.at(-1)?.voter ?? ''
        }
      },
    },
  })
  let running = 0
  async function vote(partition: number, calls: readonly DoorCall[]): Promise<void> {
    running += 1
    try {
      // What got no answer is sent once more, unchanged, as batches are.
      const answers = await door.append(partition, calls).catch(() => door.append(partition, calls))
      if (answers.some(({ answer }) => answer === 'door_missing')) await restoreDoor.restore(partition, stores.poll.id)
    } catch (fault) {
      report(wiring, fault)
    } finally {
      running -= 1
    }
  }
  return {
    life,
    stop: () => stopping.abort(),
    hasEnded: () => stopping.signal.aborted && running === 0,
    forget: () => stopping.abort(),
    vote: (partition, calls) => void vote(partition, calls).catch(onBug),
  }
}

export function startAdmin(wiring: Wiring, name: string): Admin {
  const { network, stores, onCloseAnswered, onBug } = wiring
  const life: Life = { name, isDead: false }
  const stopping = new AbortController()
  const doors: PollDoors = createPollDoors(doorOf(wiring, life), (fault) => report(wiring, fault))
  const polls = storeOf(wiring, life)
  const closePoll = createClosePoll({
    doors,
    tallies: { finalise: () => network.ask(life, 'finalise', () => stores.finalise()) },
    sleep: (ms, signal) => network.sleep(life, ms, signal),
  })
  /** One statement of the store reads and saves here; that two admins overtake each other is the store's own test. */
  const change = (step: (poll: Poll) => Poll | Refused): Promise<Poll | null> =>
    network.ask(life, 'save', () => {
      const changed = step(stores.poll)
      if (isRefused(changed) || changed === stores.poll) return null
      stores.savePoll(changed)
      return changed
    })
  let running = 0
  let opening = 0
  const run = (work: () => Promise<void>): void => {
    running += 1
    work()
      .catch((fault: unknown) => report(wiring, fault))
      .finally(() => {
        running -= 1
      })
      .catch(onBug)
  }
  async function end(poll: Poll): Promise<void> {
    if ((await closePoll(poll, stopping.signal)) === null) onCloseAnswered(poll.round)
  }
  return {
    life,
    stop: () => stopping.abort(),
    hasEnded: () => stopping.signal.aborted && running === 0,
    forget: () => stopping.abort(),
    isOpening: () => opening > 0,
    open: () =>
      run(async () => {
        opening += 1
        try {
          const opened = await change((poll) => openPoll(poll, 0))
          if (opened !== null) await doors.open(opened)
        } finally {
          opening -= 1
        }
      }),
    close: () =>
      run(async () => {
        const closing = await change(beginClosing)
        if (closing !== null) await end(closing)
      }),
    reset: () =>
      run(async () => {
        const draft = await change(resetPoll)
        if (draft !== null) await doors.follow(draft)
      }),
    sweep: () =>
      run(async () => {
        const poll = await polls.find()
        if (poll === null) return
        if (poll.status === 'closing') {
          await doors.shut(poll, true)
          await network.ask(life, 'finalise', () => stores.finalise())
        } else await doors.follow(poll)
      }),
  }
}

type Ask = <Value>(what: string, effect: () => Value, signal?: AbortSignal) => Promise<Value>

function recordingPorts({ stores }: Wiring, ask: Ask): { readonly stream: VoteStream; readonly ledger: VoteLedger } {
  /** By partition, what this life has read and not recorded, in the order in which it came. */
  const delivered = new Map<number, readonly StreamEntry[]>()
  const stream: VoteStream = {
    async read(partition, after, { entriesMax }, signal) {
      const read = (): readonly StreamEntry[] => (signal.aborted ? [] : stores.read(partition, after, entriesMax))
      const found = await ask('read', read, signal)
      const before = (delivered.get(partition) ?? []).filter(({ id }) => compareEntryIds(id, after) <= 0)
      delivered.set(partition, [...before, ...found])
      return found
    },
    inspect: (partition, entry) => ask('inspect', () => stores.inspect(partition, entry)),
    raiseEpoch: (partition, epoch) => ask('raise stream epoch', () => stores.raiseStreamEpoch(partition, epoch)),
    follow: async () => undefined,
    trim: (partition, recorded) => ask('trim', () => stores.trim(partition, recorded)),
    missing: async () => [],
    peek: async () => [],
    backlog: async () => ({ votes: 0, oldestMs: 0, newerFormat: null }),
  }
  const ledger: VoteLedger = {
    record: (batch) => {
      const { partition } = batch.from
      const isCommitted = ({ id }: StreamEntry): boolean =>
        compareEntryIds(id, batch.from.recorded) > 0 && compareEntryIds(id, batch.to) <= 0
      const entries = (delivered.get(partition) ?? []).filter(isCommitted)
      return ask('record', () => stores.record(batch, entries))
    },
    find: async () => null,
    isSetAside: async () => false,
    async *voters() {},
  }
  return { stream, ledger }
}

function leaseOf({ stores }: Wiring, ask: Ask): PartitionLease {
  return {
    acquire: (partition, owner) => ask('acquire', () => stores.acquire(partition, owner)),
    renew: (partition, owner) => ask('renew', () => stores.renew(partition, owner)),
    release: (partition, owner) => ask('release', () => stores.release(partition, owner)),
    raiseEpoch: (checkpoint, owner, least) => ask('raise epoch', () => stores.raiseEpoch(checkpoint, owner, least)),
    read: (partition) => ask('read checkpoint', () => stores.at(partition).ledger.checkpoint),
    present: async () => ({ workers: 1, before: 0 }),
    partitions: async () => [],
    owners: async () => new Map(),
  }
}

function doorOf({ network, stores }: Wiring, life: Life): VoteDoor {
  return {
    append: (partition, calls) => network.ask(life, 'append', () => stores.append(partition, calls)),
    look: async () => null,
    open: (partition, door) => network.ask(life, `open ${partition}`, () => stores.openDoor(partition, door)),
    revise: (partition, door) => network.ask(life, 'revise', () => stores.reviseDoor(partition, door)),
    shut: (partition, _pollId, round, isRepeat) =>
      network.ask(life, 'shut', () => {
        if (stores.shutDoor(partition, round, isRepeat)) return
        throw new DependencyUnavailable('stream', 'no epoch')
      }),
    remove: (partition) => network.ask(life, 'remove', () => stores.removeDoor(partition)),
    interruptions: () => 0,
    now: async () => 0,
  }
}

function restorationOf({ network, stores }: Wiring, life: Life): DoorRestoration {
  const ask = <Value>(what: string, effect: () => Value): Promise<Value> => network.ask(life, what, effect)
  return {
    begin: (partition, pollId, round) => ask('begin', () => stores.beginRestoration(partition, pollId, round)),
    putVoters: (permission, round, voters) => ask('put voters', () => stores.putVoters(permission, round, voters)),
    finish: (permission, door, epoch) => ask('finish', () => stores.finishRestoration(permission, door, epoch)),
    abandon: (permission) => ask('abandon', () => stores.abandonRestoration(permission)),
  }
}

function storeOf({ network, stores }: Wiring, life: Life) {
  return {
    find: (): Promise<Poll | null> => network.ask(life, 'find', () => stores.poll),
    create: async () => false,
    save: async () => false,
    list: async () => null,
    findByJoinCode: async () => null,
    listDue: async () => [],
    partitionsMax: async () => 0,
    listUnannounced: async () => [],
    markAnnounced: async () => undefined,
    listWithOldDoors: async () => [],
    markDoorsRemoved: async () => undefined,
  }
}

function cacheOf({ network, stores }: Wiring, life: Life) {
  return {
    putTally: (tally: Parameters<SimulatedStores['putTally']>[0]): Promise<void> =>
      network.ask(life, 'put tally', () => stores.putTally(tally)),
    putPoll: async () => undefined,
    getTally: async () => null,
    getPoll: async () => null,
    versions: () =>
      network.ask(life, 'versions', () => {
        const { version = null, revision = null } = stores.cachedTally ?? {}
        return [{ version, revision }]
      }),
    expire: async () => undefined,
  }
}

const silentFeed = {
  publishTally: async () => undefined,
  publishPollChange: async () => undefined,
  subscribe: async () => async () => undefined,
  subscribePollChanges: async () => async () => undefined,
}

/** Answers get lost here on purpose, and some entries are past recording; anything else that is thrown is a bug. */
function report({ onBug }: Wiring, fault: unknown): void {
  if (!(fault instanceof DependencyUnavailable) && !isUnrecordable(fault)) onBug(fault)
}
