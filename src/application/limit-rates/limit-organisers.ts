import { networkOf } from '../../domain/network.ts'
import { isRefused } from '../../domain/refusal.ts'
import type { OrganisePolls } from '../manage-polls/organise-polls.ts'
import type { LimitBearers } from './limit-bearers.ts'
import type { RequestLimits } from './request-limits.ts'

/** The same, limited: by key or manage token and poll, or by address where a poll is made without one. */
export function limitOrganisers(
  organisePolls: OrganisePolls,
  limitBearers: Pick<LimitBearers, 'ask'>,
  { newPolls }: Pick<RequestLimits, 'newPolls'>,
): OrganisePolls {
  return {
    async create(caller, input) {
      if (caller.bearer !== null) return limitBearers.ask(caller, null, () => organisePolls.create(caller, input))
      const refused = caller.address === null ? null : newPolls.take(networkOf(caller.address))
      return refused ?? organisePolls.create(caller, input)
    },
    update: (caller, pollId, patch) =>
      limitBearers.ask(caller, pollId, () => organisePolls.update(caller, pollId, patch)),
    step: (caller, pollId, step) => limitBearers.ask(caller, pollId, () => organisePolls.step(caller, pollId, step)),
    async remove(caller, pollId) {
      const removed = await limitBearers.ask(caller, pollId, () => organisePolls.remove(caller, pollId))
      return isRefused(removed) ? removed : null
    },
    createCodes: (caller, pollId, count) =>
      limitBearers.ask(caller, pollId, () => organisePolls.createCodes(caller, pollId, count)),
    list: (caller, cursor, pageSize) =>
      limitBearers.ask(caller, null, () => organisePolls.list(caller, cursor, pageSize)),
    progress: (caller, pollId) => limitBearers.ask(caller, pollId, () => organisePolls.progress(caller, pollId)),
    listAudit: (caller, pollId, cursor, pageSize) =>
      limitBearers.ask(caller, pollId, () => organisePolls.listAudit(caller, pollId, cursor, pageSize)),
  }
}
