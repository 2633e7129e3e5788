import { Gauge, type Registry } from 'prom-client'

export type BacklogMetrics = {
  /** What still waits in the stream of a partition, and how long the oldest of it has waited (0 when nothing does). */
  readonly waiting: (partition: number, votes: number, oldestSeconds: number) => void
  /** Nobody knows what waits there: the ledger or the stream cannot be asked. */
  readonly unknown: (partition: number) => void
  /** Partitions whose next entry only a newer worker understands; not a number where nobody knows. */
  readonly waitingForNewerWorker: (partitions: number) => void
}

/** What the worker knows of votes that are not recorded yet, whoever owns their partition. */
export const measureBacklog = (registry: Registry): BacklogMetrics => {
  const registers = [registry]
  const labelNames = ['partition'] as const
  const votes = new Gauge({
    name: 'tallycast_unrecorded_votes',
    help: 'Accepted votes of a partition that the ledger does not have yet; NaN while ledger or stream cannot be asked.',
    labelNames,
    registers,
  })
  const oldest = new Gauge({
    name: 'tallycast_oldest_unrecorded_seconds',
    help: 'How long ago the oldest vote of a partition was accepted that the ledger does not have yet; 0 when it has all, NaN while ledger or stream cannot be asked.',
    labelNames,
    registers,
  })
  const waitingForNewer = new Gauge({
    name: 'tallycast_partitions_waiting_for_newer_worker',
    help: 'Partitions that are not recorded on because a newer version of Tallycast wrote their next entry; NaN while ledger or stream cannot be asked.',
    registers,
  })
  const set = (partition: number, count: number, oldestSeconds: number): void => {
    votes.set({ partition }, count)
    oldest.set({ partition }, oldestSeconds)
  }
  return {
    waiting: set,
    unknown: (partition) => set(partition, Number.NaN, Number.NaN),
    waitingForNewerWorker: (partitions) => waitingForNewer.set(partitions),
  }
}
