import { Server, ServerCredentials, type ServerOptions } from '@grpc/grpc-js'
import { ReflectionService } from '@grpc/reflection'
import { HealthImplementation } from 'grpc-health-check'
import type { ReadAudit } from '../../application/audit.ts'
import type { ManageKeys } from '../../application/manage-keys.ts'
import type { ManagePolls } from '../../application/manage-polls.ts'
import type { MakeCodes } from '../../application/manage-polls/make-codes.ts'
import type { ReplaySetAside } from '../../application/manage-polls/replay-set-aside.ts'
import type { ShowPipeline } from '../../application/manage-polls/show-pipeline.ts'
import type { ShowProgress } from '../../application/manage-polls/show-progress.ts'
import type { ManagedPoll } from '../../application/manage-polls/view-poll.ts'
import type { WatchPoll } from '../../application/watch-poll.ts'
import { isRefused, type Refused } from '../../domain/refusal.ts'
import { auditMessage } from './audit-calls.ts'
import { type AnswerCall, answerWith, type ReportFault } from './calls.ts'
import { noteConnections } from './connections.ts'
import { loadAdminService, readServedContract, SERVICE_NAME } from './contract.ts'
import type { AdminServiceHandlers } from './gen/tallycast/admin/v1/AdminService.ts'
import { keyHandlers } from './key-calls.ts'
import { pipelineMessage, pollMessage, recountMessage } from './replies.ts'
import { readCreatePoll, readUpdatePoll } from './requests.ts'
import { readPageSize, readReplay, readSetAsidePage, replayedMessage, setAsideMessage } from './set-aside-calls.ts'
import { createWatchCall } from './watch-call.ts'

export type AdminServerParts = {
  readonly polls: ManagePolls
  readonly makeCodes: MakeCodes
  readonly watchPoll: Pick<WatchPoll, 'watch'>
  readonly showPipeline: ShowPipeline
  readonly showProgress: ShowProgress
  readonly replaySetAside: ReplaySetAside
  readonly manageKeys: ManageKeys
  readonly readAudit: ReadAudit
  readonly report: ReportFault
  /** PEM; null serves in the clear, which belongs on the loopback address or in a trusted network. */
  readonly tls: AdminServerTls | null
  readonly limits?: Partial<AdminServerLimits>
}

/** All in PEM. `clientAuthority`: nobody gets in whose certificate it has not signed; null takes every client. */
export type AdminServerTls = {
  readonly certificate: string
  readonly privateKey: string
  readonly clientAuthority: string | null
}

export type AdminServer = {
  /** Binds and serves; resolves with the port. */
  listen(host: string, port: number): Promise<number>
  /** Takes no new calls, ends the watching ones, waits for the others at most `graceMs`, then cuts them off. */
  stop(graceMs: number): Promise<void>
}

/** A definition at its limits takes about 105 KiB. */
const messageBytesMax = 256 * 1024
const streamsPerConnectionMax = 1000

export type AdminServerLimits = {
  /** How long a connection may be silent before it is asked for a sign of life. */
  readonly keepaliveMs: number
  /** How long it has to give one. After both together a client that vanished without a word is let go of, and its streams end. */
  readonly keepaliveTimeoutMs: number
}

const adminServerLimits: AdminServerLimits = { keepaliveMs: 30_000, keepaliveTimeoutMs: 10_000 }

function serverOptions({ keepaliveMs, keepaliveTimeoutMs }: AdminServerLimits): ServerOptions {
  return {
    'grpc.max_receive_message_length': messageBytesMax,
    'grpc.max_concurrent_streams': streamsPerConnectionMax,
    'grpc.keepalive_time_ms': keepaliveMs,
    'grpc.keepalive_timeout_ms': keepaliveTimeoutMs,
  }
}

/** AdminService with the standard health check and reflection, so that any client can be pointed at it. */
export function createAdminServer(parts: AdminServerParts): AdminServer {
  const server = new Server(serverOptions({ ...adminServerLimits, ...parts.limits }))
  const stopping = new AbortController()
  let boundPort: number | null = null
  const connections = noteConnections(() => boundPort)
  const health = new HealthImplementation({ '': 'NOT_SERVING', [SERVICE_NAME]: 'NOT_SERVING' })
  const setHealth = (isServing: boolean): void => {
    for (const name of ['', SERVICE_NAME]) health.setStatus(name, isServing ? 'SERVING' : 'NOT_SERVING')
  }
  server.addService(loadAdminService().service, { ...handlers(parts, stopping.signal) })
  health.addToServer(server)
  new ReflectionService(readServedContract()).addToServer(server)

  const credentials = parts.tls === null ? ServerCredentials.createInsecure() : secured(parts.tls)

  return {
    async listen(host, port) {
      const { promise, resolve, reject } = Promise.withResolvers<number>()
      const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
      server.bindAsync(address, credentials, (error, bound) => (error === null ? resolve(bound) : reject(error)))
      boundPort = await promise
      setHealth(true)
      return boundPort
    },
    async stop(graceMs) {
      setHealth(false)
      stopping.abort()
      const { promise, resolve } = Promise.withResolvers<void>()
      const cut = setTimeout(() => {
        server.forceShutdown()
        connections.cut()
        resolve()
      }, graceMs)
      server.tryShutdown(() => resolve())
      await promise
      clearTimeout(cut)
      connections.stop()
    },
  }
}

function secured({ certificate, privateKey, clientAuthority }: AdminServerTls): ServerCredentials {
  const pair = { cert_chain: Buffer.from(certificate), private_key: Buffer.from(privateKey) }
  const authority = clientAuthority === null ? null : Buffer.from(clientAuthority)
  return ServerCredentials.createSsl(authority, [pair], authority !== null)
}

function handlers(parts: AdminServerParts, stopping: AbortSignal) {
  const { polls, makeCodes, watchPoll, showPipeline, replaySetAside, manageKeys, readAudit, report } = parts
  const answer: AnswerCall = (method, step) => answerWith(method, step, report)
  return {
    CreatePoll: answer('CreatePoll', async (request, caller) => {
      const input = readCreatePoll(request)
      if (isRefused(input)) return input
      const created = await polls.create(caller, input)
      return isRefused(created) ? created : { poll: pollMessage(created), manageToken: created.manageToken }
    }),
    UpdatePoll: answer('UpdatePoll', async (request, caller, signal) => {
      const patch = readUpdatePoll(request)
      return isRefused(patch) ? patch : toMessage(await polls.update(caller, request.pollId, patch, signal))
    }),
    GetPoll: answer('GetPoll', async ({ pollId }, caller) => toMessage(await polls.get(caller, pollId))),
    ListPolls: answer('ListPolls', async ({ pageSize, pageToken }, caller) => {
      const size = readPageSize(pageSize)
      if (isRefused(size)) return size
      const page = await polls.list(caller, pageToken === '' ? null : pageToken, size)
      if (isRefused(page)) return page
      return { polls: page.polls.map(pollMessage), nextPageToken: page.nextCursor ?? '' }
    }),
    OpenPoll: answer('OpenPoll', async ({ pollId }, caller) => toMessage(await polls.open(caller, pollId))),
    ClosePoll: answer('ClosePoll', async ({ pollId }, caller, signal) =>
      toMessage(await polls.close(caller, pollId, signal)),
    ),
    ResetPoll: answer('ResetPoll', async ({ pollId }, caller) => toMessage(await polls.reset(caller, pollId))),
    DeletePoll: answer('DeletePoll', async ({ pollId }, caller) => toMessage(await polls.remove(caller, pollId))),
    CreateCodes: answer('CreateCodes', async ({ pollId, count }, caller) => {
      const codes = await makeCodes(caller, pollId, count)
      return isRefused(codes) ? codes : { codes: [...codes] }
    }),
    WatchPoll: createWatchCall({ polls, watchPoll, report, stopping }),
    RecountPoll: answer('RecountPoll', async ({ pollId }, caller) => {
      const recount = await polls.recount(caller, pollId)
      return isRefused(recount) ? recount : recountMessage(recount)
    }),
    PollProgress: answer('PollProgress', ({ pollId }, caller) => parts.showProgress(caller, pollId)),
    PipelineStatus: answer('PipelineStatus', async (_request, caller) => {
      const partitions = await showPipeline(caller)
      return isRefused(partitions) ? partitions : pipelineMessage(partitions)
    }),
    ListSetAside: answer('ListSetAside', async (request, caller) => {
      const wanted = readSetAsidePage(request)
      if (isRefused(wanted)) return wanted
      const page = await replaySetAside.list(caller, wanted)
      return isRefused(page) ? page : setAsideMessage(page)
    }),
    ReplaySetAside: answer('ReplaySetAside', async (request, caller) => {
      const wish = readReplay(request)
      if (isRefused(wish)) return wish
      const page = await replaySetAside.replay(caller, wish)
      return isRefused(page) ? page : replayedMessage(page)
    }),
    ...keyHandlers(manageKeys, answer),
    ListAuditEvents: answer('ListAuditEvents', async ({ pageSize, pageToken, pollId }, caller) => {
      const size = readPageSize(pageSize)
      if (isRefused(size)) return size
      const page = await readAudit(caller, pollId === '' ? null : pollId, pageToken === '' ? null : pageToken, size)
      return isRefused(page) ? page : auditMessage(page)
    }),
  } satisfies AdminServiceHandlers
}

function toMessage(managed: ManagedPoll | Refused) {
  return isRefused(managed) ? managed : pollMessage(managed)
}
