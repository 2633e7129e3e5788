import type { Checkpoint } from '../domain/position.ts'

/** Who owns a partition: exactly one worker at a time records its votes. Kept beside the ledger, by the ledger's clock. */
export type PartitionLease = {
  /**
   * Takes the partition for `leaseMs`, also where it is this owner's already. Null while another owner's lease runs.
   * MUST hand out the checkpoint that the last commit left.
   */
  acquire(partition: number, owner: string, leaseMs: number): Promise<Checkpoint | null>
  /**
   * Keeps the partition for `leaseMs` from now, also where the lease has run out, and hands out its checkpoint. Null where anybody
   * else has had it since it was acquired, or it was given back: what happened then may not show in the checkpoint.
   */
  renew(partition: number, owner: string, leaseMs: number): Promise<Checkpoint | null>
  /** Gives the partition back at once; a no-op for anybody but the owner. */
  release(partition: number, owner: string): Promise<void>
  /**
   * Begins the next epoch, or `least` where that is higher: reading starts over at the stream's first entry. Null when owner or
   * checkpoint no longer match.
   */
  raiseEpoch(checkpoint: Checkpoint, owner: string, least?: number): Promise<Checkpoint | null>
  /** The checkpoint as it is, for whoever does not own the partition. MUST read from the primary. */
  read(partition: number): Promise<Checkpoint>
  /**
   * Says that this worker is there to own partitions, for the next `forMs`, and returns how many are, this one included. With
   * `forMs` 0 it leaves. A count for sharing evenly: nothing about who may write depends on it.
   */
  present(owner: string, forMs: number): Promise<PresentWorkers>
  /** All partitions that were ever acquired. */
  partitions(): Promise<readonly number[]>
  /** Live owners by partition: how evenly leases are spread. Expired ones are left out. */
  owners(): Promise<ReadonlyMap<number, string>>
}

/** Who is there to share, this worker among them, and how many of them come before it: each has another place. */
export type PresentWorkers = { readonly workers: number; readonly before: number }
