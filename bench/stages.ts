import type { Outcome } from './figure.ts'
import { accept } from './stages/accept.ts'
import { before } from './stages/before.ts'
import { fanOut } from './stages/fan-out.ts'
import { limits } from './stages/limits.ts'
import { bulk } from './stages/bulk.ts'
import { read } from './stages/read.ts'
import { drain } from './stages/drain.ts'
import { latency } from './stages/latency.ts'
import { storm } from './stages/storm.ts'
import { embedded } from './stages/embedded.ts'
import { exportVotes } from './stages/export.ts'
import { wholeWay } from './stages/whole-way.ts'
import { tracing } from './stages/tracing.ts'
import { growth } from './stages/growth.ts'
import { soak } from './stages/soak.ts'
import { pages } from './stages/pages.ts'

/** What the command line asks of those that can be had in other sizes; null: as they see fit. */
export type Asked = {
  readonly most: number | null
  readonly mostPolls: number | null
  readonly minutes: number | null
  readonly votesPerSecond: number | null
  /** A clone of an earlier commit. */
  readonly before: string | null
}

export type Stage = {
  readonly name: string
  /** What is measured, in one line. */
  readonly about: string
  /** Long ones run only when they are named. */
  readonly isLong?: boolean
  readonly run: (asked: Asked) => Promise<Outcome>
}

/** Every benchmark, in the order in which a vote meets what it measures. */
export const stages: readonly Stage[] = [
  { name: 'accept', about: 'a vote into the log, deduplicated: POST -> 202', run: accept },
  {
    name: 'limits',
    about: 'what limits cost a vote, and what 100,000 made-up tokens in a minute take from voters',
    run: limits,
  },
  { name: 'tracing', about: 'what traces cost a vote', run: tracing },
  { name: 'bulk', about: 'votes of a trusted host into the log, a line each: POST .../votes/bulk', run: bulk },
  { name: 'drain', about: 'votes that wait in the log, into the ledger, by one worker', run: drain },
  { name: 'whole-way', about: 'a minute of votes, from the POST to the ledger and its news', run: wholeWay },
  { name: 'latency', about: 'a vote, from its sending to the viewers', run: latency },
  { name: 'pages', about: 'a vote in browsers, from the click to the bar on the big screen', run: pages },
  { name: 'fan-out', about: 'an update to 10,000 viewers of one poll', run: fanOut },
  { name: 'storm', about: '10,000 viewers who lose their connections at once', run: storm },
  { name: 'read', about: 'a poll and its results from memory: GET -> 200, and 304 to who has them', run: read },
  { name: 'embedded', about: 'votes from the POST to the ledger, with PostgreSQL alone', run: embedded },
  { name: 'export', about: 'a million votes as a file, in bounded memory: CSV and JSON', run: exportVotes },
  { name: 'growth', about: 'what a vote costs in small polls and large ones', isLong: true, run: growth },
  { name: 'soak', about: 'half an hour of votes and viewers: what stays in memory', isLong: true, run: soak },
  {
    name: 'before',
    about: 'what votes and messages cost, against an earlier commit in the same seconds',
    isLong: true,
    run: async (asked) => before(asked.before),
  },
]
