import { setTimeout as pause } from 'node:timers/promises'
import type { SeePoll } from '../../../application/watch-poll/see-poll.ts'
import { isRefused } from '../../../domain/refusal.ts'
import type { VoterCredentials } from '../../../application/cast-vote/identify-voter.ts'

const waitMsMax = 500
const lookEveryMs = 20

/**
 * Remembers the poll's version and returns a wait for a higher one: somebody without JavaScript sees the page once, and
 * should find the own vote in its numbers. Recording takes milliseconds; when it takes longer the page is shown all the same.
 */
export async function prepareWaitForCount(
  seePoll: Pick<SeePoll, 'see'>,
  pollId: string,
  shown: VoterCredentials,
): Promise<() => Promise<void>> {
  async function readVersion(): Promise<number | null> {
    const seen = await seePoll.see(pollId, { ...shown, bearer: null })
    return isRefused(seen) ? null : seen.live.tally.version
  }
  const before = await readVersion()
  return async () => {
    for (let waitedMs = 0; waitedMs < waitMsMax; waitedMs += lookEveryMs) {
      if ((await readVersion()) !== before) return
      await pause(lookEveryMs)
    }
  }
}
