/**
 * The names of everything in Redis; nowhere else is one put together.
 *
 * What stands in braces decides the slot in a cluster: all keys of a partition are in one, so that a script may touch the
 * stream and the doors of a partition at once; tally and definition go with their poll.
 */
export type Keys = ReturnType<typeof createKeys>

/** Stock tools show by this consumer group how far the ledger is. */
export const WORKERS_GROUP = 'poll_workers'

/**
 * `prefix` stands in front of every name, where several installations share one Redis. `tagOf` says what stands in the braces of a
 * partition: its number, or in a cluster what spreads the partitions over the servers (`cluster/partition-tags.ts`).
 */
export function createKeys(prefix = '', tagOf: (partition: number) => string = String) {
  return {
    stream: (partition: number) => `${prefix}vote_events:{${tagOf(partition)}}`,
    /** Number of votes that were ever appended. */
    voteCount: (partition: number) => `${prefix}vote_count:{${tagOf(partition)}}`,
    /** Number of those that the ledger is known to have. */
    recordedCount: (partition: number) => `${prefix}recorded_count:{${tagOf(partition)}}`,
    epoch: (partition: number) => `${prefix}epoch:{${tagOf(partition)}}`,
    door: (partition: number, pollId: string) => `${prefix}door:{${tagOf(partition)}}:${pollId}`,
    voters: (partition: number, pollId: string) => `${prefix}voters:{${tagOf(partition)}}:${pollId}`,
    restoring: (partition: number, pollId: string) => `${prefix}restoring:{${tagOf(partition)}}:${pollId}`,
    tally: (pollId: string) => `${prefix}tally:{${pollId}}`,
    definition: (pollId: string) => `${prefix}definition:{${pollId}}`,
    pollUpdates: (pollId: string) => `${prefix}poll_updates:{${pollId}}`,
    pollChanges: `${prefix}poll_changes`,
    /** All in one slot: what becomes due at the same time goes in one script. */
    rate: (key: string) => `${prefix}rate:{limits}:${key}`,
    /** How many watch each poll at a process; all processes in one slot. */
    viewersAt: (processId: string) => `${prefix}viewers:{viewers}:${processId}`,
    viewingProcesses: `${prefix}viewing_processes:{viewers}`,
  } as const
}
