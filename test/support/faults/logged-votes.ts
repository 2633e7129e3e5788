import type { Redis } from 'ioredis'
import type { Keys } from '../../../src/adapters/redis/keys.ts'
import { compareEntryIds, type EntryId, STREAM_START } from '../../../src/domain/position.ts'
import type { System } from '../system.ts'
import { readCheckpoints } from './redis-scene.ts'

/** An entry of the log, and how many votes it carries. */
export type LoggedVotes = { readonly partition: number; readonly id: EntryId; readonly votes: number }

const entriesLookedAt = 5_000

export const partitionsOf = async (system: System): Promise<readonly number[]> =>
  (await readCheckpoints(system)).map(({ partition }) => partition)

/** The latest entries of these partitions, all of which this server has. */
export const readLogged = async (
  redis: Redis,
  keys: Keys,
  partitions: readonly number[],
): Promise<readonly LoggedVotes[]> => {
  const entries: LoggedVotes[] = []
  for (const partition of partitions) {
    let next = Number(await redis.get(keys.voteCount(partition)))
    const latest = await redis.xrevrange(keys.stream(partition), '+', '-', 'COUNT', entriesLookedAt)
    for (const [id, fields] of latest) {
      const before = Number(fields[fields.indexOf('n') + 1])
      // The cast: ids of a stream have this form.
      entries.push({ partition, id: id as EntryId, votes: next - before })
      next = before
    }
  }
  return entries
}

export const sumVotes = (entries: readonly LoggedVotes[]): number => entries.reduce((sum, { votes }) => sum + votes, 0)

/** Which of the entries are no longer there. */
export const missingOf = async (
  redis: Redis,
  keys: Keys,
  entries: readonly LoggedVotes[],
): Promise<readonly LoggedVotes[]> => {
  const found = await Promise.all(
    entries.map(async ({ partition, id }) => redis.xrange(keys.stream(partition), id, id)),
  )
  return entries.filter((_, at) => found[at]?.length === 0)
}

/** Which of the entries lie behind the checkpoint of their partition. */
export const unrecordedOf = async (
  system: System,
  entries: readonly LoggedVotes[],
): Promise<readonly LoggedVotes[]> => {
  const checkpoints = await readCheckpoints(system)
  const recorded = new Map(checkpoints.map((one) => [one.partition, one.recorded]))
  return entries.filter(({ partition, id }) => compareEntryIds(id, recorded.get(partition) ?? STREAM_START) > 0)
}
