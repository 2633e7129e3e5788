import { randomBytes } from 'node:crypto'
import { connectRedis } from '../../src/adapters/redis/connect.ts'
import { createKeys } from '../../src/adapters/redis/keys.ts'
import { createVoteDoor } from '../../src/adapters/redis/vote-door.ts'
import { partitionOf, type VoterKey } from '../../src/domain/vote.ts'
import type { DoorCall } from '../../src/ports/vote-door.ts'
import type { Installation } from './installation.ts'

/** As many calls as an api under load puts into one entry, and as many entries on their way. */
const callsPerEntryDefault = 512
const entriesInFlight = 2
/** A Redis that saves a large fill may be silent for longer than an api would wait. */
const commandTimeoutMs = 60_000

export type WaitingVotes = {
  /** The polls that they are for, in turn. */
  readonly pollIds: readonly string[]
  readonly votes: number
  /** Each vote is for one option of these, in turn. */
  readonly optionIds: readonly number[]
  readonly partitions?: number
  readonly callsPerEntry?: number
}

/**
 * Puts votes of as many voters into the stream, through the door that an api uses, without the way over HTTP that would take
 * longer than what is measured. Throws unless each was accepted.
 */
export async function fillStream(
  { redisUrl, database }: Pick<Installation, 'redisUrl' | 'database'>,
  { pollIds, votes, optionIds, partitions = 1, callsPerEntry = callsPerEntryDefault }: WaitingVotes,
): Promise<void> {
  if (redisUrl === null) throw new Error('only the stream in Redis can be filled')
  const { rows } = await database.query<{ id: string; round: number; revision: number }>(
    'select id, round, revision from poll where id = any ($1::text[])',
    [pollIds],
  )
  const connections = connectRedis({ url: redisUrl, commandTimeoutMs })
  try {
    await connections.ready()
    const door = createVoteDoor(connections.commands, createKeys())
    const lines = Array.from({ length: partitions }, (): DoorCall[] => [])
    const onTheirWay = new Set<Promise<void>>()
    const send = async (partition: number): Promise<void> => {
      const calls = lines[partition] ?? []
      lines[partition] = []
      while (onTheirWay.size >= entriesInFlight) await Promise.race(onTheirWay)
      const sending = appendAll(door, partition, calls).finally(() => onTheirWay.delete(sending))
      onTheirWay.add(sending)
    }
    for (let n = 0; n < votes; n += 1) {
      // The casts: 16 bytes, which is what a voter key is; and there is at least one poll and one option.
      const voter = randomBytes(16).toString('hex') as VoterKey
      const { id, round, revision } = rows[n % rows.length] as (typeof rows)[number]
      const selection = [optionIds[n % optionIds.length] as number]
      const partition = partitionOf(voter, partitions)
      const call: DoorCall = { pollId: id, round, revision, voter, kind: 'cast', selection, requestKey: null }
      if ((lines[partition]?.push(call) ?? 0) >= callsPerEntry) await send(partition)
    }
    for (const [partition, rest] of lines.entries()) if (rest.length > 0) await send(partition)
    await Promise.all(onTheirWay)
  } finally {
    connections.stop()
  }
}

async function appendAll(
  door: ReturnType<typeof createVoteDoor>,
  partition: number,
  calls: readonly DoorCall[],
): Promise<void> {
  const answers = await door.append(partition, calls)
  const refused = answers.find(({ answer }) => answer !== 'accepted')
  if (refused !== undefined) throw new Error(`the door answered ${refused.answer}`)
}
