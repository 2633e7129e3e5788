import type { PartitionLease } from '../ports/partition-lease.ts'
import type { Backlog, VoteStream } from '../ports/vote-stream.ts'
import { measureBacklog } from '../runtime/backlog-metrics.ts'
import { createFaultLog } from '../runtime/fault-log.ts'
import type { Log } from '../runtime/log.ts'
import type { ProcessRegistry } from '../runtime/process-registry.ts'
import { sleep } from '../runtime/stop-signal.ts'

const lookEveryMs = 1_000

type BacklogParts = {
  readonly lease: Pick<PartitionLease, 'read'>
  readonly stream: Pick<VoteStream, 'backlog'>
  /** Those that are added meanwhile are looked at too. */
  readonly partitions: ReadonlySet<number>
  readonly registry: ProcessRegistry
  readonly log: Log
  readonly signal: AbortSignal
}

/**
 * Tells by metric and log what waits in each partition, or that nobody knows: one whose server is away MUST NOT hide what waits in the
 * others. Runs until the signal aborts, never rejects.
 */
export async function watchBacklog(parts: BacklogParts): Promise<void> {
  const { lease, stream, partitions, registry, log, signal } = parts
  const metrics = measureBacklog(registry)
  const report = createFaultLog(log)

  /** Told at once, not when the slowest has answered. */
  async function look(partition: number): Promise<Backlog | null> {
    try {
      const backlog = await stream.backlog(partition, (await lease.read(partition)).recorded)
      metrics.waiting(partition, backlog.votes, backlog.oldestMs / 1000)
      return backlog
    } catch (err) {
      metrics.unknown(partition)
      report({ partition, err }, 'the backlog could not be measured')
      return null
    }
  }

  while (!signal.aborted) {
    await sleep(lookEveryMs, signal)
    if (signal.aborted) return
    const known = (await Promise.all([...partitions].map(look))).filter((backlog) => backlog !== null)
    const waiting = known.filter(({ newerFormat }) => newerFormat !== null).length
    metrics.waitingForNewerWorker(known.length === 0 ? Number.NaN : waiting)
  }
}
