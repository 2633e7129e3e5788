/** How large the groups were whose costs were measured, as docs/performance.md tells of those runs: the results do not say. */
export const costFigures = {
  callsPerBatch: { accept: 30, wholeWay: 9, bulk: 512 },
  votesPerCommit: { wholeWay: 60 },
  /** Half of what its minute brings: the mean over the minute. */
  votesInPoll: { wholeWay: 230_000 },
  /** What it costs an api to refuse a vote that lay unread, of what it costs to take one: late-reading.ts tells of 16 and 70 us. */
  refusedShare: 0.25,
}

/** What no benchmark has measured. */
export type Assumptions = {
  /** From one machine to another and back. */
  readonly roundTripMs: number
  /** What a disk needs until it has a write for good, whatever its size. */
  readonly fsyncMs: number
  /** What one more process that listens costs Redis with each message that is published. */
  readonly deliveryMs: number
  /** Votes that the poll has already when the run begins. */
  readonly votesInPoll: number
}

/** A network and a disk as a cloud has them. */
export const inCloud: Assumptions = { roundTripMs: 0.5, fsyncMs: 1, deliveryMs: 0.002, votesInPoll: 10_000_000 }

/** The machine of the benchmarks: no network, and a disk that was seen to answer in a fifth of a millisecond. */
export const onOneMachine: Assumptions = { roundTripMs: 0.05, fsyncMs: 0.2, deliveryMs: 0.002, votesInPoll: 1 }
