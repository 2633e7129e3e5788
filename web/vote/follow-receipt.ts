import type { Client, Receipt } from '../../client/src/index.ts'
import { pause } from '../../client/src/pause.ts'

/** Recording takes milliseconds; while it takes longer it is asked less and less often, and then not any more. */
const firstPauseMs = 400
const asksMax = 6

/** Asks for the receipt of a vote until it says more than that the vote was accepted; null where it never does. Rejects with the signal's reason. */
export async function followReceipt(
  client: Pick<Client, 'receipt'>,
  voteId: string,
  signal: AbortSignal,
): Promise<Exclude<Receipt['status'], 'accepted'> | null> {
  for (let asked = 0; asked < asksMax; asked += 1) {
    await pause(firstPauseMs * 2 ** asked, signal)
    const receipt = await client.receipt(voteId, { signal }).catch(() => null)
    if (receipt !== null && receipt.status !== 'accepted') return receipt.status
  }
  return null
}
