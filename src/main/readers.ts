import { createFindVote } from '../application/cast-vote/find-vote.ts'
import type { CastVoteParts } from '../application/cast-vote.ts'
import { type CountViewers, createCountViewers } from '../application/count-viewers.ts'
import { createExportPoll, type ExportPoll } from '../application/export-poll.ts'
import { createJoinPoll, type JoinPoll } from '../application/join-poll.ts'
import type { LimitBearers } from '../application/limit-rates/limit-bearers.ts'
import { limitReaders } from '../application/limit-rates/limit-readers.ts'
import type { RequestLimits } from '../application/limit-rates/request-limits.ts'
import { createReadSnapshot } from '../application/read-snapshot.ts'
import { createResultKeys, type ResultKeys } from '../application/result-keys.ts'
import { createSignResult, type SignResult, signingsMax } from '../application/sign-result.ts'
import { createSignSnapshot } from '../application/sign-snapshot.ts'
import { type AdmitViewer, createAdmitViewer } from '../application/watch-poll/admit-viewer.ts'
import { createSeePoll, type SeePoll, type SeePollParts } from '../application/watch-poll/see-poll.ts'
import { createTickets } from '../application/watch-poll/ticket.ts'
import type { WatchPoll } from '../application/watch-poll.ts'
import type { Secrets } from '../ports/secrets.ts'
import { sleep } from '../runtime/stop-signal.ts'
import type { RoleContext } from './role.ts'

type ReadersParts = Omit<SeePollParts, 'findVote'> & {
  readonly watchPoll: WatchPoll
  readonly limitBearers: LimitBearers
  readonly requestLimits: RequestLimits
  readonly restoreSoon: CastVoteParts['restoreSoon']
  readonly secrets: Secrets
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly report: (fault: unknown) => void
}

type Readers = {
  readonly seePoll: SeePoll
  readonly admitViewer: AdmitViewer
  readonly countViewers: CountViewers
  readonly joinPoll: JoinPoll
  readonly exportPoll: ExportPoll
  readonly signResult: SignResult
  readonly resultKeys: ResultKeys
}

/** The steps of those who read, watch, and take exports and signed results: the same judgement of who may see what for all of them. */
export function createReaders(
  { config, adapters }: RoleContext,
  { secrets, now, report, limitBearers, requestLimits, restoreSoon, ...parts }: ReadersParts,
): Readers {
  const { viewersMax, exportsMax, publicUrl: issuer } = config
  const { service } = secrets
  const findVote = createFindVote(adapters.door, restoreSoon, adapters.ledger)
  const seePoll = limitReaders(createSeePoll({ ...parts, findVote }), limitBearers)
  const admitViewer = createAdmitViewer({ ...parts, seePoll, tickets: createTickets(service, now), viewersMax })
  const { watchPoll } = parts
  const countViewers = createCountViewers({ watchPoll, viewerCounts: adapters.viewerCounts, sleep, report })
  const joinPoll = createJoinPoll({ polls: adapters.polls, watchPoll, requestLimits })
  const exportPoll = createExportPoll({
    readSnapshot: createReadSnapshot(adapters.snapshots, 'export', exportsMax),
    seePoll,
    service,
  })
  const resultKeys = createResultKeys(
    config.resultSigningKey ?? secrets.resultSigning,
    config.resultPublicKeys.map(({ key }) => key),
  )
  const signResult = createSignResult({
    readSnapshot: createReadSnapshot(adapters.snapshots, 'sign', signingsMax),
    seePoll,
    requestLimits,
    signSnapshot: createSignSnapshot(resultKeys, issuer),
    report,
  })
  return { seePoll, admitViewer, countViewers, joinPoll, exportPoll, signResult, resultKeys }
}
