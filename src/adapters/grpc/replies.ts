import type { Poll } from '../../domain/poll.ts'
import type { Tally } from '../../domain/tally.ts'
import type { PartitionStatus } from '../../application/manage-polls/show-pipeline.ts'
import type { ManagedPoll } from '../../application/manage-polls/view-poll.ts'
import { differencesIn } from '../../application/recount-polls.ts'
import type { Recount } from '../../ports/tallies.ts'
import type { PipelineStatusResponse } from './gen/tallycast/admin/v1/PipelineStatusResponse.ts'
import type { Poll as PollMessage } from './gen/tallycast/admin/v1/Poll.ts'
import type { RecountPollResponse } from './gen/tallycast/admin/v1/RecountPollResponse.ts'
import { timestampOrNull, toTimestamp } from './times.ts'
import { pollStatuses, pollTypes, resultsVisibilities, voterIdentities, voterVisibilities } from './words.ts'

/** Counts, total and version are absent, not 0, where `tally` is null. */
export function pollMessage({ poll, tally }: ManagedPoll): PollMessage {
  const votes = tally === null ? null : new Map(tally.optionIds.map((id, index) => [id, tally.counts[index] ?? 0]))
  return {
    ...definitionMessage(poll),
    options: poll.options.map((option) => (votes === null ? option : { ...option, votes: votes.get(option.id) ?? 0 })),
    ...(tally === null ? {} : totals(tally)),
    resultsFinal: tally?.resultsFinal ?? poll.status === 'closed',
  }
}

function totals({ version, totalVotes }: Tally): Pick<PollMessage, 'version' | 'totalVotes'> {
  return { version, totalVotes }
}

function definitionMessage(poll: Poll): PollMessage {
  return {
    pollId: poll.id,
    question: poll.question,
    description: poll.description,
    type: pollTypes.nameOf(poll.type),
    minChoices: poll.minChoices,
    maxChoices: poll.maxChoices,
    status: pollStatuses.nameOf(poll.status),
    opensAt: timestampOrNull(poll.opensAt),
    closesAt: timestampOrNull(poll.closesAt),
    openedAt: timestampOrNull(poll.openedAt),
    closedAt: timestampOrNull(poll.closedAt),
    editedAt: timestampOrNull(poll.editedAt),
    createdAt: toTimestamp(poll.createdAt),
    resultsVisibility: resultsVisibilities.nameOf(poll.resultsVisibility),
    voterVisibility: voterVisibilities.nameOf(poll.voterVisibility),
    voterIdentity: voterIdentities.nameOf(poll.voterIdentity),
    allowVoteChange: poll.allowVoteChange,
    round: poll.round,
    revision: poll.revision,
    ...(poll.joinCode === null ? {} : { joinCode: poll.joinCode }),
  }
}

export function recountMessage(recount: Recount): RecountPollResponse {
  const { pollId, round, totalVotes, differences, unregisteredVotes, prunedVotes } = recount
  return {
    pollId,
    round,
    totalVotes,
    isEqual: differencesIn(recount) === 0,
    differences: differences.map(({ optionId, tally, ledger }) =>
      optionId === null ? { tally, ledger } : { optionId, tally, ledger },
    ),
    unregisteredVotes,
    ...(prunedVotes === null ? {} : { prunedVotes }),
  }
}

export function pipelineMessage(partitions: readonly PartitionStatus[]): PipelineStatusResponse {
  return {
    partitions: partitions.map(({ owner, oldestWaitingMs, newerFormat, ...status }) => ({
      ...status,
      ...(owner === null ? {} : { owner }),
      oldestWaitingMs: Math.round(oldestWaitingMs),
      ...(newerFormat === null ? {} : { newerFormat }),
    })),
  }
}
