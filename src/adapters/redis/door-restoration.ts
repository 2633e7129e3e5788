import { randomUUID } from 'node:crypto'
import type { EntryId } from '../../domain/position.ts'
import { type DoorRestoration, RESTORATION_LIFE_MS } from '../../ports/door-restoration.ts'
import { orUnavailable } from './faults.ts'
import type { Keys } from './keys.ts'
import { loadScript } from './scripts.ts'
import type { Servers } from './servers.ts'
import { packVoter } from './vote-door-batch.ts'

const beginScript = loadScript('restoration-begin')
const putVotersScript = loadScript('restoration-put-voters')
const finishScript = loadScript('restoration-finish')
const abandonScript = loadScript('restoration-abandon')

/**
 * Restores doors in Redis. The voters are written where the door will look for them, which nobody does before the door is
 * there. The permission is a key with a life, so it goes with the data whose end it was noted at.
 */
export function createDoorRestoration(servers: Servers, keys: Keys): DoorRestoration {
  const restoredKeys = (partition: number, pollId: string): readonly string[] => [
    keys.door(partition, pollId),
    keys.voters(partition, pollId),
    keys.restoring(partition, pollId),
  ]
  return {
    begin: (partition, pollId, round) =>
      orUnavailable('stream', async () => {
        const token = randomUUID()
        const scriptKeys = [keys.epoch(partition), keys.stream(partition), ...restoredKeys(partition, pollId)]
        const reply = await beginScript(servers, scriptKeys, [token, RESTORATION_LIFE_MS, round])
        if (reply === null) return null
        // The casts name what the script returns: the epoch, '' for none, and an entry id.
        const [epoch, end] = reply as readonly [Buffer, Buffer]
        return { partition, pollId, token, end: end.toString() as EntryId, epoch: Number(epoch.toString()) }
      }),
    putVoters: ({ partition, pollId, token }, round, voters) =>
      orUnavailable('stream', async () => {
        const fields = voters.flatMap(({ voter, position, selection }) => [
          Buffer.from(voter, 'hex'),
          packVoter(position, selection),
        ])
        const scriptKeys = [keys.epoch(partition), ...restoredKeys(partition, pollId)]
        return (await putVotersScript(servers, scriptKeys, [token, RESTORATION_LIFE_MS, round, ...fields])) === 1
      }),
    finish: ({ partition, pollId, token }, { round, revision, closesAt }, epoch) =>
      orUnavailable('stream', async () => {
        const scriptKeys = [keys.epoch(partition), ...restoredKeys(partition, pollId)]
        return (await finishScript(servers, scriptKeys, [token, round, revision, closesAt ?? '', epoch])) === 1
      }),
    abandon: ({ partition, pollId, token }) =>
      orUnavailable('stream', async () => {
        await abandonScript(servers, restoredKeys(partition, pollId).slice(1), [token])
      }),
  }
}
