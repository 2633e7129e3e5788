import type { Redis } from 'ioredis'
import { DependencyUnavailable } from '../../ports/unavailable.ts'
import type { DoorState, VoteDoor } from '../../ports/vote-door.ts'
import { BATCH_CALLS_MAX, ENTRY_FORMAT_VERSION } from '../vote-entry.ts'
import { readClock } from './connect.ts'
import { orUnavailable } from './faults.ts'
import type { Keys } from './keys.ts'
import { loadScript } from './scripts.ts'
import { onInterruption, onServerNear, onServerOf, type Servers } from './servers.ts'
import { drawEntryNumber, packBatch, unpackAnswers, unpackVoter } from './vote-door-batch.ts'

/** How many replicas must hold a vote before it is called accepted. */
export type Replication = { readonly replicasMin: number; readonly waitMs: number }

export type VoteDoorOptions = {
  /** Votes of a partition that may wait to be recorded; beyond them no more are accepted. */
  readonly unrecordedVotesMax?: number
  readonly replication?: Replication | null
}

const appendScript = loadScript('door-append')
const lookScript = loadScript('door-look')
const openScript = loadScript('door-open')
const reviseScript = loadScript('door-revise')
const shutScript = loadScript('door-shut')

/** The door in Redis: each method is one script, so nothing happens between its looking and its writing. */
export function createVoteDoor(
  servers: Servers,
  keys: Keys,
  { unrecordedVotesMax = Number.MAX_SAFE_INTEGER, replication = null }: VoteDoorOptions = {},
): VoteDoor {
  const doorKeys = (partition: number, pollId: string): readonly string[] => [
    keys.door(partition, pollId),
    keys.voters(partition, pollId),
  ]
  const behind = replication === null ? undefined : (redis: Redis): Promise<void> => waitForReplicas(redis, replication)
  const { interruptions } = countInterruptions(servers, keys)
  const append: VoteDoor['append'] = async (partition, calls) => {
    const batch = packBatch(calls, replication !== null, unrecordedVotesMax)
    const scriptKeys = [
      keys.epoch(partition),
      keys.stream(partition),
      keys.voteCount(partition),
      keys.recordedCount(partition),
      ...batch.pollIds.flatMap((pollId) => doorKeys(partition, pollId)),
    ]
    const interruptionsBefore = interruptions(partition)
    // Sent on to another server, it would be judged by a log that nobody has looked at.
    const ahead = (): void => {
      if (interruptions(partition) === interruptionsBefore) return
      throw new DependencyUnavailable('stream', `partition ${partition} has come to another server`)
    }
    const around = { ahead, behind, patience: 'hears at once' } as const
    return unpackAnswers(await appendScript(servers, scriptKeys, batch.parameters, around), batch)
  }
  return {
    append: async (partition, calls) => {
      if (calls.length === 0) return []
      if (calls.length > BATCH_CALLS_MAX) throw new RangeError(`${calls.length} calls in one batch`)
      return orUnavailable('stream', () => append(partition, calls))
    },
    look: (partition, pollId, round, voter) =>
      orUnavailable('stream', async () => {
        const scriptKeys = [keys.epoch(partition), ...doorKeys(partition, pollId)]
        const reply = await lookScript(servers, scriptKeys, [round, Buffer.from(voter, 'hex')])
        // The cast names what the script returns.
        const [isThere, value] = reply as readonly [number, Buffer | null | undefined]
        if (isThere === 0) return 'door_missing'
        return value ? { voter, ...unpackVoter(value) } : null
      }),
    open: (partition, door) =>
      orUnavailable('stream', async () => {
        const scriptKeys = [
          keys.epoch(partition),
          ...doorKeys(partition, door.pollId),
          keys.restoring(partition, door.pollId),
        ]
        await openScript(servers, scriptKeys, stateOf(door))
      }),
    revise: (partition, door) =>
      orUnavailable('stream', async () => {
        const scriptKeys = [keys.epoch(partition), ...doorKeys(partition, door.pollId)]
        return (await reviseScript(servers, scriptKeys, stateOf(door))) === 1 ? 'shut' : 'done'
      }),
    shut: (partition, pollId, round, isRepeat) =>
      orUnavailable('stream', async () => {
        const scriptKeys = [
          keys.epoch(partition),
          keys.stream(partition),
          keys.voteCount(partition),
          ...doorKeys(partition, pollId),
        ]
        const parameters = [ENTRY_FORMAT_VERSION, pollId, round, isRepeat ? '1' : '0', drawEntryNumber()]
        if ((await shutScript(servers, scriptKeys, parameters, { behind })) === 1) return
        throw new DependencyUnavailable('stream', `partition ${partition} has no epoch until a worker takes it`)
      }),
    remove: (partition, pollId) =>
      orUnavailable('stream', async () => {
        const all = [...doorKeys(partition, pollId), keys.restoring(partition, pollId)]
        await onServerOf(servers, keys.door(partition, pollId), (redis) => redis.unlink(...all))
      }),
    interruptions,
    // In a cluster that of the server with the first partition; no vote needs that one server, and all clocks there agree.
    now: () => orUnavailable('stream', () => onServerNear(servers, keys.stream(0), readClock)),
  }
}

/** Counts for each partition that somebody has asked for. */
function countInterruptions(servers: Servers, keys: Pick<Keys, 'stream'>): Pick<VoteDoor, 'interruptions'> {
  const counts = new Map<number, number>()
  onInterruption(servers, (isConcerned) => {
    for (const [partition, count] of counts) {
      if (isConcerned(keys.stream(partition))) counts.set(partition, count + 1)
    }
  })
  return {
    interruptions: (partition) => {
      const count = counts.get(partition) ?? 0
      counts.set(partition, count)
      return count
    },
  }
}

function stateOf({ round, revision, closesAt }: DoorState): readonly (number | string)[] {
  return [round, revision, closesAt ?? '']
}

/** On the connection that wrote: Redis waits for what that one wrote. */
async function waitForReplicas(redis: Redis, { replicasMin, waitMs }: Replication): Promise<void> {
  const reached = await redis.wait(replicasMin, waitMs)
  if (reached >= replicasMin) return
  throw new DependencyUnavailable('stream', `${reached} of ${replicasMin} replicas have the vote after ${waitMs} ms`)
}
