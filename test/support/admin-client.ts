import * as grpc from '@grpc/grpc-js'
import { loadAdminService } from '../../src/adapters/grpc/contract.ts'
import type { ApiKey__Output } from '../../src/adapters/grpc/gen/tallycast/admin/v1/ApiKey.ts'
import type { CreateApiKeyRequest } from '../../src/adapters/grpc/gen/tallycast/admin/v1/CreateApiKeyRequest.ts'
import type { CreateApiKeyResponse__Output } from '../../src/adapters/grpc/gen/tallycast/admin/v1/CreateApiKeyResponse.ts'
import type { CreateCodesResponse__Output } from '../../src/adapters/grpc/gen/tallycast/admin/v1/CreateCodesResponse.ts'
import type { CreatePollResponse__Output } from '../../src/adapters/grpc/gen/tallycast/admin/v1/CreatePollResponse.ts'
import type { ListApiKeysRequest } from '../../src/adapters/grpc/gen/tallycast/admin/v1/ListApiKeysRequest.ts'
import type { ListApiKeysResponse__Output } from '../../src/adapters/grpc/gen/tallycast/admin/v1/ListApiKeysResponse.ts'
import type { ListAuditEventsRequest } from '../../src/adapters/grpc/gen/tallycast/admin/v1/ListAuditEventsRequest.ts'
import type { ListAuditEventsResponse__Output } from '../../src/adapters/grpc/gen/tallycast/admin/v1/ListAuditEventsResponse.ts'
import type { ListPollsRequest } from '../../src/adapters/grpc/gen/tallycast/admin/v1/ListPollsRequest.ts'
import type { ListPollsResponse__Output } from '../../src/adapters/grpc/gen/tallycast/admin/v1/ListPollsResponse.ts'
import type { ListSetAsideRequest } from '../../src/adapters/grpc/gen/tallycast/admin/v1/ListSetAsideRequest.ts'
import type { ListSetAsideResponse__Output } from '../../src/adapters/grpc/gen/tallycast/admin/v1/ListSetAsideResponse.ts'
import type { PipelineStatusResponse__Output } from '../../src/adapters/grpc/gen/tallycast/admin/v1/PipelineStatusResponse.ts'
import type { Poll__Output } from '../../src/adapters/grpc/gen/tallycast/admin/v1/Poll.ts'
import type { RecountPollResponse__Output } from '../../src/adapters/grpc/gen/tallycast/admin/v1/RecountPollResponse.ts'
import type { ReplaySetAsideRequest } from '../../src/adapters/grpc/gen/tallycast/admin/v1/ReplaySetAsideRequest.ts'
import type { ReplaySetAsideResponse__Output } from '../../src/adapters/grpc/gen/tallycast/admin/v1/ReplaySetAsideResponse.ts'
import { readRefusal } from '../../src/adapters/grpc/refusal-status.ts'
import type { Refused } from '../../src/domain/refusal.ts'
import { granted } from './admin-side.ts'

/** What whoever runs the service asks of an admin over gRPC. Rejects where the call ends with neither an answer nor a refusal. */
export type AdminClient = {
  readonly listSetAside: (request: ListSetAsideRequest) => Promise<ListSetAsideResponse__Output | Refused>
  readonly replaySetAside: (request: ReplaySetAsideRequest) => Promise<ReplaySetAsideResponse__Output | Refused>
  /** Every page of a poll's, one after the other: the outcomes. */
  readonly replayPoll: (pollId: string, pageSize: number) => Promise<readonly string[]>
  readonly pipelineStatus: () => Promise<PipelineStatusResponse__Output | Refused>
  readonly createPoll: () => Promise<CreatePollResponse__Output | Refused>
  readonly getPoll: (pollId: string) => Promise<Poll__Output | Refused>
  readonly closePoll: (pollId: string) => Promise<Poll__Output | Refused>
  readonly createCodes: (pollId: string, count: number) => Promise<CreateCodesResponse__Output | Refused>
  readonly recountPoll: (pollId: string) => Promise<RecountPollResponse__Output | Refused>
  readonly listPolls: (request: ListPollsRequest) => Promise<ListPollsResponse__Output | Refused>
  readonly createApiKey: (request: CreateApiKeyRequest) => Promise<CreateApiKeyResponse__Output | Refused>
  readonly listApiKeys: (request: ListApiKeysRequest) => Promise<ListApiKeysResponse__Output | Refused>
  readonly revokeApiKey: (prefix: string) => Promise<ApiKey__Output | Refused>
  readonly listAuditEvents: (request: ListAuditEventsRequest) => Promise<ListAuditEventsResponse__Output | Refused>
  readonly close: () => void
}

/** `token` null: nobody in particular. */
export const connectAdminClient = (address: string, token: string | null): AdminClient => {
  const Client = loadAdminService()
  const client = new Client(address, grpc.credentials.createInsecure())
  const metadata = new grpc.Metadata()
  if (token !== null) metadata.set('authorization', `Bearer ${token}`)
  const replaySetAside: AdminClient['replaySetAside'] = (request) =>
    answerOf((end) => client.replaySetAside(request, metadata, end))
  return {
    listSetAside: (request) => answerOf((end) => client.listSetAside(request, metadata, end)),
    replaySetAside,
    async replayPoll(pollId, pageSize) {
      const outcomes: string[] = []
      for (let pageToken = ''; ;) {
        const page = granted(await replaySetAside({ pollId, pageSize, pageToken }))
        outcomes.push(...page.items.map(({ outcome }) => outcome))
        pageToken = page.nextPageToken
        if (pageToken === '') return outcomes
      }
    },
    pipelineStatus: () => answerOf((end) => client.pipelineStatus({}, metadata, end)),
    createPoll: () =>
      answerOf((end) =>
        client.createPoll({ question: 'Tea?', options: [{ text: 'Yes' }, { text: 'No' }] }, metadata, end),
      ),
    getPoll: (pollId) => answerOf((end) => client.getPoll({ pollId }, metadata, end)),
    closePoll: (pollId) => answerOf((end) => client.closePoll({ pollId }, metadata, end)),
    createCodes: (pollId, count) => answerOf((end) => client.createCodes({ pollId, count }, metadata, end)),
    recountPoll: (pollId) => answerOf((end) => client.recountPoll({ pollId }, metadata, end)),
    listPolls: (request) => answerOf((end) => client.listPolls(request, metadata, end)),
    createApiKey: (request) => answerOf((end) => client.createApiKey(request, metadata, end)),
    listApiKeys: (request) => answerOf((end) => client.listApiKeys(request, metadata, end)),
    revokeApiKey: (prefix) => answerOf((end) => client.revokeApiKey({ prefix }, metadata, end)),
    listAuditEvents: (request) => answerOf((end) => client.listAuditEvents(request, metadata, end)),
    close: () => client.close(),
  }
}

const answerOf = <Reply>(call: (end: grpc.requestCallback<Reply>) => void): Promise<Reply | Refused> => {
  const { promise, resolve, reject } = Promise.withResolvers<Reply | Refused>()
  call((error, reply) => {
    const refusal = error === null ? null : readRefusal(error)
    if (refusal !== null) resolve(refusal)
    else if (reply === undefined) reject(error ?? new Error('no answer'))
    else resolve(reply)
  })
  return promise
}
