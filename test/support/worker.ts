import type pg from 'pg'
import { createPartitionLease } from '../../src/adapters/postgres/partition-lease.ts'
import { createPollStore } from '../../src/adapters/postgres/poll-store.ts'
import { createTallies } from '../../src/adapters/postgres/tallies.ts'
import { createVoteLedger } from '../../src/adapters/postgres/vote-ledger.ts'
import { ANNOUNCE_LIMITS, type AnnounceLimits, createAnnounceTallies } from '../../src/application/announce-tallies.ts'
import { createRecordVotes } from '../../src/application/record-votes.ts'
import { createSharePartitions } from '../../src/application/record-votes/share-partitions.ts'
import { sleep } from '../../src/runtime/stop-signal.ts'
import type { Adapters } from './adapters.ts'

export type TestWorker = {
  readonly name: string
  readonly faults: unknown[]
  /** How often it has taken a partition over. */
  readonly takenOver: () => number
  readonly epochsRaised: () => number
  /** How often it met an entry that it does not understand. */
  readonly newerEntries: () => number
  /** Looks after what nobody announced, and after versions, as each worker does once a second. */
  readonly sweep: () => void
  /** Ends in order: gives the partitions back. */
  readonly stop: () => Promise<void>
}

export type WorkerOptions = {
  readonly name: string
  readonly partitions: readonly number[]
  readonly leaseMs?: number
  /** False: records and never tells anybody, as a worker that dies right after the commit. */
  readonly announces?: boolean
  readonly announceLimits?: Partial<AnnounceLimits>
}

/** The worker's two steps on real adapters, within the test's own process. */
export const startWorker = (
  pool: pg.Pool,
  adapters: Pick<Adapters, 'stream' | 'cache' | 'feed'>,
  options: WorkerOptions,
): TestWorker => {
  const { name, partitions, leaseMs = 1000, announces = true, announceLimits } = options
  const faults: unknown[] = []
  let epochsRaised = 0
  let takenOver = 0
  let newerEntries = 0
  const onError = (fault: unknown): void => {
    faults.push(fault)
  }
  const { stream, cache, feed } = adapters
  const announcer = createAnnounceTallies(
    { tallies: createTallies(pool), polls: createPollStore(pool), cache, feed },
    { onError, onAnnounced: () => undefined, onFellBack: () => undefined, sleep },
    { ...ANNOUNCE_LIMITS, ...announceLimits },
  )
  const lease = createPartitionLease(pool)
  const share = createSharePartitions(lease, name, leaseMs, () => partitions.length, { sleep, onError })
  const recorder = createRecordVotes(
    { lease, stream, ledger: createVoteLedger(pool), announcer },
    name,
    share,
    { leaseMs, entriesMax: 16, waitMs: 200, streamRetentionMs: 60_000 },
    {
      sleep,
      onError: (_partition, fault) => onError(fault),
      onRecorded: () => undefined,
      onTakenOver: () => {
        takenOver += 1
      },
      onEpochRaised: () => {
        epochsRaised += 1
      },
      onNewerEntry: () => {
        newerEntries += 1
      },
    },
  )
  const recording = new AbortController()
  const announcing = new AbortController()
  const news = announces ? announcer.run(announcing.signal) : Promise.resolve()
  const running = Promise.all([
    share.start().then(() => recorder.run(partitions, recording.signal)),
    share.keep(recording.signal),
  ])
  const sweep = (): void => announcer.sweep()
  const stop = async (): Promise<void> => {
    recording.abort()
    await running
    announcing.abort()
    await news
  }
  return {
    name,
    faults,
    takenOver: () => takenOver,
    epochsRaised: () => epochsRaised,
    newerEntries: () => newerEntries,
    sweep,
    stop,
  }
}
