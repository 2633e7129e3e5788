import { readRequestKey } from '../../../application/cast-vote/request-key.ts'
import { POLL_LIMITS } from '../../../domain/poll.ts'
import { isRefused } from '../../../domain/refusal.ts'
import type { VoteKind } from '../../../domain/vote.ts'

/** What the form of the page to vote brings. */
export type SentForm = {
  readonly kind: VoteKind
  readonly chosen: readonly number[]
  /** In which the poll was when the page was drawn; null where the form does not say. */
  readonly round: number | null
  readonly requestKey: string | null
  readonly code: string | null
}

export function readForm(body: unknown): SentForm {
  const form = body instanceof URLSearchParams ? body : new URLSearchParams()
  const wish = form.get('do')
  const requestKey = readRequestKey(form.get('key') ?? undefined)
  const round = Number(form.get('round'))
  return {
    kind: wish === 'change' || wish === 'retract' ? wish : 'cast',
    chosen: form
      .getAll('option')
      .slice(0, POLL_LIMITS.optionsMax + 1)
      .map(Number),
    round: Number.isInteger(round) && round >= 1 ? round : null,
    requestKey: isRefused(requestKey) ? null : requestKey,
    code: form.get('code') || null,
  }
}
