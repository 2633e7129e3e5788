import { Counter, Gauge, Histogram, type Registry, collectDefaultMetrics } from 'prom-client'
import { ProcessRegistry } from './process-registry.ts'

/**
 * The metrics of one process. There is no global state: each process makes a registry and adds what it measures itself, so
 * that an api does not report "0 unrecorded votes", of which it knows nothing. No poll id goes into a label: their number
 * has no bound.
 */
export const createMetricsRegistry = (
  processName: string,
  labels: Readonly<Record<string, string>> = {},
): ProcessRegistry => {
  const registry = new ProcessRegistry()
  registry.setDefaultLabels({ process: processName, ...labels })
  collectDefaultMetrics({ register: registry })
  return registry
}

/** From a millisecond, which an idle machine needs, to the two seconds that are promised, and beyond. */
const latencyBucketsSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10]

export type VoteMetrics = {
  readonly accepted: (votes: number) => void
  /** `code`: the problem's code, of which there are few. */
  readonly refused: (code: string, votes?: number) => void
  /** Accepted, and gone from the stream before they were recorded. */
  readonly lost: (votes: number) => void
}

/** What the api knows about the votes that reach it. */
export const measureVotes = (registry: Registry): VoteMetrics => {
  const registers = [registry]
  const accepted = new Counter({
    name: 'tallycast_votes_accepted_total',
    help: 'Votes answered as accepted: the stream has them.',
    registers,
  })
  const refused = new Counter({
    name: 'tallycast_votes_refused_total',
    help: 'Votes answered with a refusal, by its code.',
    labelNames: ['code'] as const,
    registers,
  })
  const lost = new Counter({
    name: 'tallycast_votes_lost_total',
    help: 'Votes answered 202 that the stream lost before they were recorded: Redis kept less than VOTE_DURABILITY says.',
    registers,
  })
  return {
    accepted: (votes) => accepted.inc(votes),
    refused: (code, votes = 1) => refused.inc({ code }, votes),
    lost: (votes) => lost.inc(votes),
  }
}

export type LedgerMetrics = {
  readonly recorded: (votes: number) => void
  readonly setAside: (votes: number) => void
  /** A partition goes on in a new epoch: its stream has lost its log. */
  readonly epochRaised: () => void
  /** From the acceptance of the newest vote of a commit to the moment when its tally was published. */
  readonly voteToUpdate: (seconds: number) => void
}

/** What the worker knows about the way from the stream to the ledger. */
export const measureLedger = (registry: Registry): LedgerMetrics => {
  const registers = [registry]
  const recorded = new Counter({
    name: 'tallycast_votes_recorded_total',
    help: 'Votes taken from the stream into the ledger.',
    registers,
  })
  const setAside = new Counter({
    name: 'tallycast_votes_set_aside_total',
    help: 'Votes and entries that could not be recorded; ListSetAside shows them with the reason.',
    registers,
  })
  const epochsRaised = new Counter({
    name: 'tallycast_epochs_raised_total',
    help: 'How often a partition began a new epoch, because its stream had lost its log or the ledger was a restored one.',
    registers,
  })
  const voteToUpdate = new Histogram({
    name: 'tallycast_vote_to_update_seconds',
    help: 'From the acceptance of the newest vote of a commit to the moment when its tally was published to the apis, before they tell viewers.',
    buckets: latencyBucketsSeconds,
    registers,
  })
  return {
    voteToUpdate: (seconds) => voteToUpdate.observe(seconds),
    recorded: (votes) => recorded.inc(votes),
    setAside: (votes) => setAside.inc(votes),
    epochRaised: () => epochsRaised.inc(),
  }
}

export type OwnerMetrics = {
  /** Not a number where nobody knows. */
  readonly withoutOwner: (partitions: number) => void
}

/** What the admin knows about the workers: those that are gone cannot say so. */
export const measureOwners = (registry: Registry): OwnerMetrics => {
  const withoutOwner = new Gauge({
    name: 'tallycast_partitions_without_owner',
    help: 'Partitions whose votes no worker records, since nobody holds their lease; NaN while the ledger cannot be asked.',
    registers: [registry],
  })
  return { withoutOwner: (partitions) => withoutOwner.set(partitions) }
}

export type RecountMetrics = {
  readonly recounted: () => void
  readonly differences: (count: number) => void
  /** A run of recounts has come to its end. */
  readonly done: () => void
}

/** What the worker that recounts knows. On the others these stay at 0, so look at the highest of all. */
export const measureRecounts = (registry: Registry): RecountMetrics => {
  const registers = [registry]
  const recounted = new Counter({
    name: 'tallycast_recounted_polls_total',
    help: 'Polls whose ledger was counted anew and compared with the tally.',
    registers,
  })
  const differences = new Gauge({
    name: 'tallycast_recount_differences',
    help: 'Counts in which tally and ledger differed when their polls were recounted last; 0 when all is well.',
    registers,
  })
  const lastSuccess = new Gauge({
    name: 'tallycast_recount_last_success_timestamp_seconds',
    help: 'When a run of recounts last came to its end, whatever it found.',
    registers,
  })
  return {
    recounted: () => recounted.inc(),
    differences: (count) => differences.set(count),
    done: () => lastSuccess.setToCurrentTime(),
  }
}

export type ReplicaMetrics = {
  /** Not a number where nobody knows. */
  readonly lag: (seconds: number) => void
}

/** What the worker knows about the replica that exports and recounts are read from. */
export const measureReplica = (registry: Registry): ReplicaMetrics => {
  const lag = new Gauge({
    name: 'tallycast_replica_lag_seconds',
    help: 'For how long the replica has lacked something that the primary has; NaN while one of them cannot be asked, 0 where there is none.',
    registers: [registry],
  })
  return { lag: (seconds) => lag.set(seconds) }
}

export type StreamMetrics = {
  /** Not a number where nobody knows. */
  readonly durabilityProblems: (count: number) => void
}

/** What the api knows about how the stream keeps what it accepts. */
export const measureStream = (registry: Registry): StreamMetrics => {
  const registers = [registry]
  const problems = new Gauge({
    name: 'tallycast_stream_durability_problems',
    help: 'Settings of Redis with which it keeps votes less well than VOTE_DURABILITY says; those of replicas, which may take over, among them; 0 when all is well, NaN while servers that may have some cannot be asked.',
    registers,
  })
  return { durabilityProblems: (count) => problems.set(count) }
}

export type ViewerMetrics = {
  readonly viewers: (count: number) => void
  /** `cause`: why, of which there are few. */
  readonly givenUp: (cause: string) => void
}

/** What the api knows about those who watch. `viewersMax`: how many it lets in. */
export const measureViewers = (registry: Registry, viewersMax: number): ViewerMetrics => {
  const registers = [registry]
  const most = new Gauge({
    name: 'tallycast_viewers_max',
    help: 'Viewers that this process lets in: VIEWERS_MAX.',
    registers,
  })
  most.set(viewersMax)
  const viewers = new Gauge({
    name: 'tallycast_viewers',
    help: 'Viewers connected to this process, by WebSocket and server-sent events together.',
    registers,
  })
  const givenUp = new Counter({
    name: 'tallycast_viewers_given_up_total',
    help: 'Viewers whose WebSocket this process has ended, because they took nothing (too_slow), answered no ping (no_pong) or said too much (too_loud).',
    labelNames: ['cause'] as const,
    registers,
  })
  return { viewers: (count) => viewers.set(count), givenUp: (cause) => givenUp.inc({ cause }) }
}

/** What is known of the api processes that share a port, beside what each of them measures. `serving` is asked each time. */
export const measureApiProcesses = (registry: Registry, serving: () => number): { readonly restarted: () => void } => {
  const registers = [registry]
  const gauge: Gauge = new Gauge({
    name: 'tallycast_api_processes_serving',
    help: 'Api processes that share this port and serve; API_PROCESSES when all is well.',
    registers,
    collect: () => gauge.set(serving()),
  })
  const restarted = new Counter({
    name: 'tallycast_api_processes_restarted_total',
    help: 'Api processes that ended unasked and were started again.',
    registers,
  })
  return { restarted: () => restarted.inc() }
}
