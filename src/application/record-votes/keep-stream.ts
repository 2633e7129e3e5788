import type { Checkpoint, EntryId } from '../../domain/position.ts'
import type { VoteStream } from '../../ports/vote-stream.ts'
import type { RecordVotesHooks, RecordVotesLimits } from '../record-votes.ts'

/** Upkeep that nothing waits for: epoch, trimming, telling once more what may have been lost. */
export const UPKEEP_EVERY_MS = 1000
/**
 * While it commits, the owner tells the stream this often how far the ledger is: seldom enough to cost nothing (a write for the
 * stream, whatever was committed meanwhile), often enough that the door counts little as unrecorded that is recorded.
 */
const FOLLOW_EVERY_MS = 100

/** What the owner of a partition does for its stream while it owns it. Each runs until the signal aborts, and never rejects. */
export function createKeepStream(
  stream: Pick<VoteStream, 'raiseEpoch' | 'follow' | 'trim'>,
  limits: Pick<RecordVotesLimits, 'streamRetentionMs'>,
  hooks: Pick<RecordVotesHooks, 'sleep' | 'onError'>,
) {
  /** `onOvertaken`: the stream has a higher epoch than the checkpoint, and behind that no missing door comes back. */
  async function keepUp(
    partition: number,
    checkpoint: () => Checkpoint | null,
    onOvertaken: () => void,
    signal: AbortSignal,
  ): Promise<void> {
    while (!signal.aborted) {
      await hooks.sleep(UPKEEP_EVERY_MS, signal)
      const known = checkpoint()
      if (signal.aborted || known === null) continue
      const { epoch, recorded } = known
      const report = (error: unknown): void => hooks.onError(partition, error)
      // A stream that has lost its epoch alone has every entry that is read, so no read would notice; its doors are shut to all.
      const streamEpoch = await stream.raiseEpoch(partition, epoch).catch(report)
      // Behind a restored ledger, a former owner's word of its own epoch may arrive after ours.
      if (streamEpoch !== undefined && streamEpoch > epoch) onOvertaken()
      // Nobody waits for more than one silent command before the partition is acquired anew.
      if (signal.aborted) return
      await follow(partition, recorded)
      if (signal.aborted) return
      // Also where nothing could be told: a stream that is full takes no word before it has been trimmed.
      await stream.trim(partition, recorded, limits.streamRetentionMs).catch(report)
    }
  }

  async function keepFollowed(
    partition: number,
    checkpoint: () => Checkpoint | null,
    signal: AbortSignal,
  ): Promise<void> {
    let told: EntryId | null = null
    while (!signal.aborted) {
      await hooks.sleep(FOLLOW_EVERY_MS, signal)
      const recorded = checkpoint()?.recorded
      if (signal.aborted || recorded === undefined || recorded === told) continue
      // What fails is left to the upkeep.
      told = recorded
      await follow(partition, recorded)
    }
  }

  async function follow(partition: number, recorded: EntryId): Promise<void> {
    await stream.follow(partition, recorded).catch((error: unknown) => hooks.onError(partition, error))
  }

  return { keepUp, keepFollowed }
}
