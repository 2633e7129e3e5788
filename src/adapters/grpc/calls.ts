import { randomUUID } from 'node:crypto'
import { isIP } from 'node:net'
import { type handleUnaryCall, Metadata, type ServerUnaryCall, type StatusObject, status } from '@grpc/grpc-js'
import { refusalOfFault } from '../../application/refusal-of-fault.ts'
import { isRefused, type Refused, refuseForNow } from '../../domain/refusal.ts'
import type { Caller } from '../../ports/poll-admin.ts'
import { refusalStatus } from './refusal-status.ts'

/** Told of every fault that is a bug, and of every dependency that was away. */
export type ReportFault = (fault: unknown, call: { readonly method: string; readonly requestId: string }) => void

export type Step<Request, Reply> = (request: Request, caller: Caller, signal: AbortSignal) => Promise<Reply | Refused>

/** Makes the handler of a call from its step, for a server that has said whom to tell of faults. */
export type AnswerCall = <Request, Reply extends object>(
  method: string,
  step: Step<Request, Reply>,
) => handleUnaryCall<Request, Reply>

/** For callers who set no deadline. */
const callTimeMaxMs = 30_000
export const REQUEST_ID_KEY = 'x-request-id'
/** Where the api says from which address it was asked. */
export const ADDRESS_KEY = 'x-client-address'

/** Turns a step into the handler of a call: who asks, until when, and how it ends. */
export function answerWith<Request, Reply extends object>(
  method: string,
  step: Step<Request, Reply>,
  report: ReportFault,
): handleUnaryCall<Request, Reply> {
  return (call, end) => {
    const caller = readCaller(call)
    sendRequestId(call, caller)
    step(call.request, caller, signalOf(call)).then(
      (reply) => (isRefused(reply) ? end(refusalStatus(reply)) : end(null, reply)),
      (fault: unknown) => {
        report(fault, { method, requestId: caller.requestId })
        end(faultStatus(fault, caller.requestId))
      },
    )
  }
}

/** The bearer as it came; any other scheme is handed on as it stands, which fits no key. */
export function readCaller(call: Pick<ServerUnaryCall<unknown, unknown>, 'metadata' | 'getPeer'>): Caller {
  const { metadata } = call
  const peer = call.getPeer()
  const authorization = firstText(metadata, 'authorization')
  const given = firstText(metadata, REQUEST_ID_KEY)
  return {
    bearer: authorization === null ? null : authorization.replace(/^bearer +/i, '').trim(),
    // It goes into the log, so it must not be able to forge a line.
    requestId: given !== null && /^[\x21-\x7e]{1,128}$/.test(given) ? given : randomUUID(),
    address: addressIn(firstText(metadata, ADDRESS_KEY)) ?? addressIn(peer.replace(/:\d+$/, '')),
  }
}

/** An address of IPv4 or IPv6; what is none is nobody's. */
function addressIn(text: string | null): string | null {
  return text !== null && isIP(text) !== 0 ? text : null
}

export function sendRequestId(call: Pick<ServerUnaryCall<unknown, unknown>, 'sendMetadata'>, caller: Caller): void {
  const metadata = new Metadata()
  metadata.set(REQUEST_ID_KEY, caller.requestId)
  call.sendMetadata(metadata)
}

/** How a fault ends a call: what passes says so, a bug tells nothing but the id under which it was logged. */
export function faultStatus(fault: unknown, requestId: string): Partial<StatusObject> {
  const refused = refusalOfFault(fault)
  if (refused !== null) return refusalStatus(refused)
  return { code: status.INTERNAL, details: `Something went wrong on our side. It is logged under ${requestId}.` }
}

/** Ends a stream that the server cannot go on with while it stops: the client comes back, to another process. */
export function stoppingStatus(): Partial<StatusObject> {
  return refusalStatus(refuseForNow('unavailable', 'This process is stopping. Ask again.'))
}

function firstText(metadata: Metadata, key: string): string | null {
  const [value] = metadata.get(key)
  return typeof value === 'string' ? value : null
}

/** Aborts when the client cancels or its deadline is over. */
function signalOf(call: ServerUnaryCall<unknown, unknown>): AbortSignal {
  const cancelled = new AbortController()
  call.on('cancelled', () => cancelled.abort())
  return AbortSignal.any([cancelled.signal, AbortSignal.timeout(callTimeMaxMs)])
}
