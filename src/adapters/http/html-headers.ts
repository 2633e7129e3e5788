import type { PublicAddress } from '../browsers/foreign-page.ts'

const httpsOnlySeconds = 365 * 24 * 60 * 60

/**
 * What an answer bears that a browser shows as a page, beside `sharedHeaders`: what the page may load, and that nobody may frame it.
 * A service that is reached by https is to be reached by nothing else; one in a venue has no https to insist on.
 */
export function htmlHeaders(policy: readonly string[], { publicUrl }: PublicAddress): Record<string, string> {
  const isHttps = publicUrl?.startsWith('https:') ?? false
  const whole = [...policy, "frame-ancestors 'none'", ...(isHttps ? ['upgrade-insecure-requests'] : [])]
  return {
    'content-security-policy': whole.join('; '),
    'referrer-policy': 'same-origin',
    // No page of another origin gets it as anything else either: a script, an image, what a prefetch brought.
    'cross-origin-resource-policy': 'same-origin',
    ...(isHttps && {
      'strict-transport-security': `max-age=${httpsOnlySeconds}`,
      // Over http browsers pass it over, and complain.
      'cross-origin-opener-policy': 'same-origin',
      'origin-agent-cluster': '?1',
    }),
  }
}
