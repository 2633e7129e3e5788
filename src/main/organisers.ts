import { connectPollAdmin } from '../adapters/grpc/poll-admin.ts'
import { limitOrganisers } from '../application/limit-rates/limit-organisers.ts'
import { createOrganisePolls, type OrganisePolls } from '../application/manage-polls/organise-polls.ts'
import type { WatchPoll } from '../application/watch-poll.ts'
import type { Config } from '../runtime/config.ts'
import { askedTls } from './grpc-tls.ts'
import type { RateLimits } from './rate-limits.ts'

const adminDeadlineMs = 10_000

/** What organisers ask for, as an api hands it to the admin role. */
export function connectOrganisers(
  config: Config,
  watchPoll: WatchPoll,
  { limitBearers, requestLimits }: RateLimits,
): { readonly organisePolls: OrganisePolls; readonly disconnect: () => void } {
  const admin = connectPollAdmin({ address: config.adminGrpcUrl, deadlineMs: adminDeadlineMs, tls: askedTls(config) })
  return {
    organisePolls: limitOrganisers(createOrganisePolls(admin, watchPoll), limitBearers, requestLimits),
    disconnect: () => admin.disconnect(),
  }
}
