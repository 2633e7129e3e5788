import { createExportPoll, type ExportPoll } from '../application/export-poll.ts'
import { type AdmitViewer, createAdmitViewer } from '../application/watch-poll/admit-viewer.ts'
import { createSeePoll, type SeePoll, type SeePollParts } from '../application/watch-poll/see-poll.ts'
import { createTickets } from '../application/watch-poll/ticket.ts'
import type { WatchPoll } from '../application/watch-poll.ts'
import type { RoleContext } from './role.ts'

type ReadersParts = SeePollParts & {
  readonly watchPoll: WatchPoll
  /** Keys tickets, and the names of voters in exports. */
  readonly service: Uint8Array
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** The steps of those who read, watch and take exports: the same judgement of who may see what for all of them. */
export function createReaders(
  { config, adapters }: RoleContext,
  { service, now, ...parts }: ReadersParts,
): { readonly seePoll: SeePoll; readonly admitViewer: AdmitViewer; readonly exportPoll: ExportPoll } {
  const { viewersMax, exportsMax } = config
  const seePoll = createSeePoll(parts)
  const admitViewer = createAdmitViewer({ ...parts, seePoll, tickets: createTickets(service, now), viewersMax })
  const exportPoll = createExportPoll({ snapshots: adapters.snapshots, seePoll, service, exportsMax })
  return { seePoll, admitViewer, exportPoll }
}
