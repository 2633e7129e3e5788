import type { IncomingHttpHeaders } from 'node:http'
import { type BlockList, isIP, type Socket } from 'node:net'

/** All that is looked at here of a request. */
export type FromSomewhere = { readonly headers: IncomingHttpHeaders; readonly socket: Pick<Socket, 'remoteAddress'> }

const ipv4AsIpv6 = /^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i
/** A header of more than these is not read further. */
const hopsMax = 32

/**
 * Where a request comes from: the other end of the connection. Where that is a proxy that is trusted, the address that it names in `X-Forwarded-For`, and so
 * on while that is trusted too: whatever stands before the first address that is not may have been made up. Null where the other end
 * has gone.
 */
export function readClientAddress({ headers, socket }: FromSomewhere, trusted: BlockList | null): string | null {
  const { remoteAddress } = socket
  if (remoteAddress === undefined) return null
  let nearest = remoteAddress.replace(ipv4AsIpv6, '')
  if (trusted === null || !isTrusted(trusted, nearest)) return nearest
  const hops = String(headers['x-forwarded-for'] ?? '').split(',')
  for (const hop of hops.slice(-hopsMax).toReversed()) {
    const before = hop.trim().replace(ipv4AsIpv6, '')
    if (isIP(before) === 0) return nearest
    nearest = before
    if (!isTrusted(trusted, nearest)) return nearest
  }
  return nearest
}

function isTrusted(trusted: BlockList, address: string): boolean {
  return trusted.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
}
