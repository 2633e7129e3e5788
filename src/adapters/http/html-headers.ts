import helmet, { type FastifyHelmetOptions } from '@fastify/helmet'
import type { FastifyRequest } from 'fastify'
import type { PublicAddress } from '../browsers/foreign-page.ts'
import type { HttpApp } from './operation.ts'

const httpsOnlySeconds = 365 * 24 * 60 * 60

/** What a page may load, by the directives of Content-Security-Policy. */
export type PagePolicy = Readonly<Record<string, readonly string[]>>

/**
 * Puts on every answer of this scope what a page bears beside `sharedHeaders`: what it may load, whose pages may frame it (of none, unless they are named), and
 * all that helmet knows besides. A service that is reached by https is to be reached by nothing else; one in a venue has no https to insist on.
 */
export async function protectPages(
  pages: HttpApp,
  policyFor: (request: FastifyRequest) => PagePolicy,
  address: PublicAddress,
  framedBy: readonly string[] = [],
): Promise<void> {
  // Not of all routes: what the API answers no browser shows.
  await pages.register(helmet, { global: false })
  pages.addHook('onRequest', (request, reply, done) => {
    reply.helmet(optionsFor(policyFor(request), address, framedBy))
    done()
  })
}

function optionsFor(
  policy: PagePolicy,
  { publicUrl }: PublicAddress,
  framedBy: readonly string[],
): FastifyHelmetOptions {
  const isHttps = publicUrl?.startsWith('https:') ?? false
  const isFramed = framedBy.length > 0
  return {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        ...policy,
        'frame-ancestors': isFramed ? framedBy : ["'none'"],
        ...(isHttps && { 'upgrade-insecure-requests': [] }),
      },
    },
    // For what is too old to know `frame-ancestors`. It knows no list of origins.
    frameguard: !isFramed && { action: 'deny' },
    referrerPolicy: { policy: 'same-origin' },
    // What no page of another origin may frame, none gets as anything else either: a script, an image, what a prefetch brought.
    crossOriginResourcePolicy: { policy: isFramed ? 'cross-origin' : 'same-origin' },
    // Other hosts of the domain are not ours to speak for.
    strictTransportSecurity: isHttps && { maxAge: httpsOnlySeconds, includeSubDomains: false },
    // Over http browsers pass these over, and complain.
    crossOriginOpenerPolicy: isHttps && { policy: 'same-origin' },
    originAgentCluster: isHttps,
  }
}
