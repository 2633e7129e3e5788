import { ChannelCredentials, Client, type ClientOptions, Metadata } from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { AuditPage } from '../../domain/audit.ts'
import { isRefused, type Refused, refuse } from '../../domain/refusal.ts'
import type { Caller, ChangedPoll, PollAdmin } from '../../ports/poll-admin.ts'
import { DependencyUnavailable } from '../../ports/unavailable.ts'
import { readAuditPage } from './audit-calls.ts'
import { ADDRESS_KEY, REQUEST_ID_KEY } from './calls.ts'
import { loadAdminService } from './contract.ts'
import type { Poll__Output } from './gen/tallycast/admin/v1/Poll.ts'
import { createPollRequest, updatePollRequest } from './requests.ts'
import { readRefusal } from './refusal-status.ts'

export type PollAdminOptions = {
  /** `host:port` of the admin role. */
  readonly address: string
  /** How long one call may take. */
  readonly deadlineMs: number
  /** Null speaks in the clear. */
  readonly tls?: PollAdminTls | null
}

/** All in PEM: who signed the server's certificate, and what the server is shown that asks for one. */
export type PollAdminTls = {
  readonly authority: string
  readonly shown: { readonly certificate: string; readonly privateKey: string } | null
}

const clientOptions: ClientOptions = {
  // A list of a hundred polls at their limits takes about 11 MiB.
  'grpc.max_receive_message_length': 16 * 1024 * 1024,
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 10_000,
  // An admin that is started again is found again within two seconds, not within the default two minutes.
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 2000,
}

/** The admin role over gRPC. The connection is made with the first call and kept until `disconnect`. */
export function connectPollAdmin(options: PollAdminOptions): PollAdmin & { disconnect(): void } {
  const { address, deadlineMs, tls = null } = options
  const credentials = tls === null ? ChannelCredentials.createInsecure() : secured(tls)
  const client = new Client(address, credentials, clientOptions)
  const call = createCall(client, deadlineMs)
  const { service } = loadAdminService()

  return {
    async create(caller, input) {
      const reply = await call(caller, service.CreatePoll, createPollRequest(input))
      if (isRefused(reply)) return reply
      if (reply.poll === null) throw new Error('the admin role answered CreatePoll without a poll')
      return { ...changedPoll(reply.poll), manageToken: reply.manageToken }
    },
    update: async (caller, pollId, patch) =>
      toChanged(await call(caller, service.UpdatePoll, updatePollRequest(pollId, patch))),
    open: async (caller, pollId) => toChanged(await call(caller, service.OpenPoll, { pollId })),
    close: async (caller, pollId) => toChanged(await call(caller, service.ClosePoll, { pollId })),
    reset: async (caller, pollId) => toChanged(await call(caller, service.ResetPoll, { pollId })),
    remove: async (caller, pollId) => toChanged(await call(caller, service.DeletePoll, { pollId })),
    async createCodes(caller, pollId, count) {
      const reply = await call(caller, service.CreateCodes, { pollId, count })
      return isRefused(reply) ? reply : reply.codes
    },
    progress: (caller, pollId) => call(caller, service.PollProgress, { pollId }),
    async listAudit(caller, pollId, cursor, pageSize) {
      const wanted = { pageSize, pageToken: cursor ?? '', pollId: pollId ?? '' }
      const answer = await call(caller, service.ListAuditEvents, wanted)
      if (isRefused(answer)) return answer
      const page = readAuditPage(answer)
      return pollId === null ? page : onlyOf(pollId, page)
    },
    async list(caller, cursor, pageSize) {
      const page = await call(caller, service.ListPolls, { pageSize, pageToken: cursor ?? '' })
      if (isRefused(page)) return page
      const nextCursor = page.nextPageToken === '' ? null : page.nextPageToken
      return { pollIds: page.polls.map((poll) => poll.pollId), nextCursor }
    },
    disconnect: () => client.close(),
  }
}

function secured({ authority, shown }: PollAdminTls): ChannelCredentials {
  const pair = shown === null ? [] : [Buffer.from(shown.privateKey), Buffer.from(shown.certificate)]
  return ChannelCredentials.createSsl(Buffer.from(authority), ...pair)
}

/** One call: bearer, request id, address and deadline go along; refusals come back as values, all else is a fault. */
function createCall(client: Client, deadlineMs: number) {
  return async <Request, Reply>(
    { bearer, requestId, address }: Caller,
    method: MethodDefinition<Request, object, object, Reply>,
    request: Request,
  ): Promise<Reply | Refused> => {
    const metadata = new Metadata()
    metadata.set(REQUEST_ID_KEY, requestId)
    if (address !== null) metadata.set(ADDRESS_KEY, address)
    if (bearer !== null) {
      // HTTP/2 would refuse to carry it; no key of ours has such characters.
      if (!/^[\x21-\x7e]+$/.test(bearer)) return refuse('token_invalid', 'This bearer is no key of this service.')
      metadata.set('authorization', `Bearer ${bearer}`)
    }
    const { path, requestSerialize, responseDeserialize } = method
    const { promise, resolve, reject } = Promise.withResolvers<Reply | Refused>()
    const deadline = Date.now() + deadlineMs
    client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      metadata,
      { deadline },
      (error, reply) => {
        if (error === null && reply !== undefined) return resolve(reply)
        const refused = error === null ? null : readRefusal(error)
        if (refused !== null) return resolve(refused)
        const message = `the admin role did not answer: ${error?.message ?? 'no reply'}`
        reject(new DependencyUnavailable('admin', message, { cause: error }))
      },
    )
    return promise
  }
}

/** An admin of the version before does not read `poll_id`, and shows whoever has the scope `admin` what was done to all polls. */
function onlyOf(pollId: string, page: AuditPage): AuditPage {
  if (page.events.every((event) => event.pollId === pollId)) return page
  throw new DependencyUnavailable(
    'admin',
    'the admin role cannot list what was done to one poll; it is of an older version',
  )
}

function toChanged(reply: Poll__Output | Refused): ChangedPoll | Refused {
  return isRefused(reply) ? reply : changedPoll(reply)
}

function changedPoll({ pollId, revision }: Poll__Output): ChangedPoll {
  return { pollId, revision }
}
