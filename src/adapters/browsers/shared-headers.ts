/**
 * What every answer bears. Any page may ask and read; never with `access-control-allow-credentials`, so no page reads what a
 * browser was told for its owner's cookie.
 */
export const sharedHeaders = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'ETag, Location, Retry-After, X-Request-Id, RateLimit, RateLimit-Policy',
  'x-content-type-options': 'nosniff',
} as const

/** The same as Node takes them in a list: each name before its value. */
export const sharedHeaderList: readonly string[] = Object.entries(sharedHeaders).flat()

/** The same as they stand on the wire. */
export const sharedHeaderLines: readonly string[] = Object.entries(sharedHeaders).map(
  ([name, value]) => `${name}: ${value}`,
)
