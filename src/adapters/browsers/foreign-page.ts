import type { IncomingHttpHeaders } from 'node:http'
import type { BlockList } from 'node:net'

export type PublicAddress = {
  /** The base of every link; null where the address that the client used is all that is known. */
  readonly publicUrl: string | null
  /** Where others in the same network reach this machine; null where they do not, or nobody knows. */
  readonly lanUrl?: string | null
  /** What stands between people and us, and is believed when it says who they are. */
  readonly trustedProxies?: BlockList | null
}

/**
 * Whether a page of another origin made a browser send this. What such a browser sends by itself, its cookies, does not speak for
 * its owner then, and it must be given none: it would replace the owner's own.
 *
 * Another host of the same site is foreign too: cookies that are `SameSite=Lax` go along from there, and who holds the one host
 * need not hold the other. Browsers say where a request comes from (over plain http by `Origin` alone, and only where it could be
 * read or could change something); programs do not, and they do not send cookies behind their user's back either.
 */
export function isFromForeignPage(headers: IncomingHttpHeaders, { publicUrl }: PublicAddress): boolean {
  const site = headers['sec-fetch-site']
  if (site !== undefined) return site !== 'same-origin' && site !== 'none'
  const { origin, host } = headers
  if (origin === undefined) return false
  if (!URL.canParse(origin)) return true
  const from = new URL(origin).host
  return from !== host && (publicUrl === null || from !== new URL(publicUrl).host)
}
