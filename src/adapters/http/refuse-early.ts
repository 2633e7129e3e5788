import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Refused } from '../../domain/refusal.ts'
import { sharedHeaders } from '../browsers/shared-headers.ts'
import { describeProblem, headersOfRefusal, statusOf } from './problems.ts'
import { requestIdOf } from './request-id.ts'

/** Answers a request that is refused whatever it says; false where it is to go its way. */
export type RefuseEarly = (request: IncomingMessage, response: ServerResponse) => boolean

/** What all answers with this refusal have in common. */
type Prepared = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** The problem up to the value of `request_id`, its last field. */
  readonly beginning: string
}

const voteMethods: ReadonlySet<string> = new Set(['POST', 'PUT', 'DELETE'])
const votePath = /^\/polls\/[^/?]+\/vote(?:\?|$)/

/**
 * Refuses votes before anything of them but method, address and request id is looked at. In overload most of what arrives is refused, and
 * the time that this takes is taken from those who are accepted.
 *
 * The body is left to Node, which reads and drops what nobody has asked for when the answer is out: the connection can be used on.
 */
export function createRefuseEarly(refuseNow: () => Refused | null, isStopping: () => boolean): RefuseEarly {
  // There are few different refusals.
  const known = new Map<Refused, Prepared>()

  function prepared(refused: Refused): Prepared {
    const before = known.get(refused)
    if (before !== undefined) return before
    const made = prepare(refused)
    known.set(refused, made)
    return made
  }

  return ({ method = '', url = '', headers }, response) => {
    if (!voteMethods.has(method) || !votePath.test(url)) return false
    const refused = refuseNow()
    if (refused === null) return false
    const { status, headers: common, beginning } = prepared(refused)
    const requestId = requestIdOf(headers)
    const body = `${beginning}${requestId}"}`
    const own = { 'x-request-id': requestId, 'content-length': Buffer.byteLength(body) }
    response.writeHead(status, isStopping() ? { ...common, ...own, connection: 'close' } : { ...common, ...own })
    response.end(body, 'latin1')
    return true
  }
}

function prepare(refused: Refused): Prepared {
  return {
    status: statusOf(refused),
    headers: { ...sharedHeaders, ...headersOfRefusal(refused) },
    beginning: JSON.stringify(describeProblem(refused, '')).slice(0, -'"}'.length),
  }
}
