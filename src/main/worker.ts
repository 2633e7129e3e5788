import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { createAnnounceTallies } from '../application/announce-tallies.ts'
import { createVoteIds } from '../application/cast-vote/vote-id.ts'
import { createListPartitions } from '../application/record-votes/list-partitions.ts'
import { createRecordVotes, entriesPerCommitMax } from '../application/record-votes.ts'
import { createRecountRecent } from '../application/recount-recent.ts'
import { createSharePartitions } from '../application/record-votes/share-partitions.ts'
import { createFaultLog } from '../runtime/fault-log.ts'
import { measureLedger, measureRecounts } from '../runtime/metrics.ts'
import { sleep } from '../runtime/stop-signal.ts'
import type { Log } from '../runtime/log.ts'
import { type RoleContext, runProcess } from './role.ts'
import { watchBacklog } from './watch-backlog.ts'
import { watchReplica } from './watch-replica.ts'

const readWaitMs = 1000
const sweepEveryMs = 1000
const serveMissingEveryMs = 2000
const newerEntryRepeatMs = 60_000

/** The worker: takes votes from the stream, records them in the ledger, announces the tallies. */
export async function runWorker(context: RoleContext, onReady: () => void): Promise<void> {
  const { config, adapters, log, registry, signal } = context
  const { lease, stream, ledger, tallies, polls, cache, feed } = adapters
  const owner = `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`
  const voteIds = createVoteIds((await adapters.secrets.read()).service)
  const metrics = measureLedger(registry)
  const report = createFaultLog(log)

  const announcer = createAnnounceTallies(
    { tallies, polls, cache, feed },
    {
      sleep,
      onError: (err) => report({ err }, 'news could not be announced; trying again'),
      onFellBack: (pollId, seen) =>
        log.error(
          { pollId, seen },
          'the ledger lost commits that viewers have seen: a failover? The version goes on above them',
        ),
      // Two machines' clocks may differ by more than the time between.
      onAnnounced: (acceptedAt) => metrics.voteToUpdate(Math.max(0, Date.now() - acceptedAt) / 1000),
    },
  )
  const listPartitions = createListPartitions(adapters, config.votePartitions)
  const served = new Set<number>()
  const share = createSharePartitions(lease, owner, config.leaseMs, () => served.size, {
    sleep,
    onError: (err) => report({ err }, 'the other workers could not be counted'),
  })
  const recorder = createRecordVotes(
    { lease, stream, ledger, announcer },
    owner,
    share,
    {
      leaseMs: config.leaseMs,
      entriesMax: entriesPerCommitMax,
      waitMs: readWaitMs,
      streamRetentionMs: config.streamRetentionMs,
    },
    {
      sleep,
      onRecorded: (partition, { checkpoint, written, setAside, named }) => {
        metrics.recorded(written)
        metrics.setAside(setAside)
        const { recorded } = checkpoint
        log.debug({ partition, recorded, written, setAside }, 'recorded up to this entry')
        const names = { voteIds: named.map((vote) => voteIds.seal(vote)), notNamed: setAside - named.length }
        if (setAside > 0) log.warn({ partition, recorded, setAside, ...names }, 'votes were set aside')
      },
      onTakenOver: (checkpoint) => log.info({ checkpoint, owner }, 'took over a partition'),
      onEpochRaised: (checkpoint) => {
        metrics.epochRaised()
        log.error(
          { checkpoint },
          'the stream lost its log, or the ledger is a restored one: a new epoch begins with what the ledger has',
        )
      },
      onNewerEntry: createNewerEntryReport(log),
      onError: (partition, err) => report({ partition, err }, 'recording met a fault'),
    },
  )

  const recording: Promise<void>[] = []
  const newsStop = new AbortController()
  const news = announcer.run(newsStop.signal)
  await share.start()
  await serveMissing()
  onReady()
  await Promise.all([
    keepServing(),
    share.keep(signal),
    sweep(),
    watchBacklog({ lease, stream, partitions: served, registry, log, signal }),
    recountRecent(context, owner),
    watchReplica(context),
  ])
  await Promise.all(recording)
  // Recording has ended: what it noted last is announced before the process goes.
  newsStop.abort()
  await news

  async function serveMissing(): Promise<void> {
    const missing = (await listPartitions()).filter((partition) => !served.has(partition))
    for (const partition of missing) served.add(partition)
    if (missing.length > 0) recording.push(recorder.run(missing, signal))
  }

  async function keepServing(): Promise<void> {
    while (!signal.aborted) {
      await sleep(serveMissingEveryMs, signal)
      if (signal.aborted) return
      await serveMissing().catch((err: unknown) => report({ err }, 'the partitions could not be looked up'))
    }
  }

  async function sweep(): Promise<void> {
    while (!signal.aborted) {
      await sleep(sweepEveryMs, signal)
      announcer.sweep()
    }
  }
}

/** Of all workers the owner of the first partition does it: there is exactly one, and when it dies there is another. */
async function recountRecent({ config, adapters, log, registry, signal }: RoleContext, owner: string): Promise<void> {
  const { recounts: tallies, lease } = adapters
  const everyMs = config.recountEveryMs
  if (everyMs === 0) return
  const metrics = measureRecounts(registry)
  const isOurs = async (): Promise<boolean> => (await lease.owners()).get(0) === owner
  const recounts = createRecountRecent(
    { tallies, isOurs, everyMs },
    {
      sleep,
      onRecounted: (recount) => {
        metrics.recounted()
        if (recount.differences.length > 0) log.error({ recount }, 'tally and ledger differ; nothing was changed')
        if (recount.unregisteredVotes > 0) log.error({ recount }, 'no code has led to some votes; nothing was changed')
      },
      onStanding: metrics.differences,
      onDone: metrics.done,
      onError: (pollId, err) => log.warn({ pollId, err }, 'a recount could not be made'),
    },
  )
  await recounts.run(signal)
}

/** Says so at once, and then once a minute while it lasts: each attempt to go on meets the entry again. */
function createNewerEntryReport(log: Log): (partition: number, entry: string, formatVersion: number) => void {
  const said = new Map<number, { readonly entry: string; readonly at: number }>()
  return (partition, entry, formatVersion) => {
    const last = said.get(partition)
    if (last?.entry === entry && performance.now() - last.at < newerEntryRepeatMs) return
    said.set(partition, { entry, at: performance.now() })
    log.error(
      { partition, entry, formatVersion },
      'an entry was written by a newer version of Tallycast: its partition waits for a worker of that version',
    )
  }
}

if (import.meta.main) await runProcess('worker', runWorker)
