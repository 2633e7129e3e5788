import type { Client, Receipt } from '../../client/src/index.ts'
import { pause } from '../../client/src/pause.ts'

type Asked = Pick<Client, 'receipt' | 'ownVote'>

/** Recording takes milliseconds; while it takes longer it is asked less and less often, and then not any more. */
const firstPauseMs = 400
const asksMax = 6

/**
 * Asks what has become of a vote until there is more to say than that it was accepted; null where there never is. Without an id it is the reader's own.
 * Rejects with the signal's reason.
 */
export async function followReceipt(
  client: Asked,
  pollId: string,
  voteId: string | null,
  signal: AbortSignal,
): Promise<Exclude<Receipt['status'], 'accepted'> | null> {
  for (let asked = 0; asked < asksMax; asked += 1) {
    await pause(firstPauseMs * 2 ** asked, signal)
    const asking = voteId === null ? client.ownVote(pollId, { signal }) : client.receipt(voteId, { signal })
    const status = (await asking.catch(() => null))?.status
    if (status !== undefined && status !== 'accepted') return status
  }
  return null
}
