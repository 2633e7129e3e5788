import type { IncomingMessage, ServerResponse } from 'node:http'
import type { SeenPoll } from '../../application/watch-poll/see-poll.ts'
import { maySeeResults } from '../../domain/tally.ts'
import { sendRendered } from './conditional.ts'
import { type Form, renderPoll } from './poll-body.ts'

/** Sends what this reader may see of the poll, or 304 where the reader has it already; on the short way and on the long one. */
export function sendSeen(
  request: Pick<IncomingMessage, 'headers'> & { readonly id: string },
  raw: ServerResponse,
  form: Form,
  { live, audience }: SeenPoll,
  isStopping: boolean,
): void {
  sendRendered(request, raw, renderPoll(live, form, maySeeResults(live.poll, audience)), isStopping)
}
