import helmet, { type FastifyHelmetOptions } from '@fastify/helmet'
import type { FastifyRequest } from 'fastify'
import type { PublicAddress } from '../browsers/foreign-page.ts'
import type { HttpApp } from './operation.ts'

const httpsOnlySeconds = 365 * 24 * 60 * 60

/** What a page may load, by the directives of Content-Security-Policy. */
export type PagePolicy = Readonly<Record<string, readonly string[]>>

/**
 * Puts on every answer of this scope what a page bears beside `sharedHeaders`: what it may load, that nobody may frame it, and all that helmet knows
 * besides. A service that is reached by https is to be reached by nothing else; one in a venue has no https to insist on.
 */
export async function protectPages(
  pages: HttpApp,
  policyFor: (request: FastifyRequest) => PagePolicy,
  address: PublicAddress,
): Promise<void> {
  // Not of all routes: what the API answers no browser shows.
  await pages.register(helmet, { global: false })
  pages.addHook('onRequest', (request, reply, done) => {
    reply.helmet(optionsFor(policyFor(request), address))
    done()
  })
}

function optionsFor(policy: PagePolicy, { publicUrl }: PublicAddress): FastifyHelmetOptions {
  const isHttps = publicUrl?.startsWith('https:') ?? false
  return {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { ...policy, 'frame-ancestors': ["'none'"], ...(isHttps && { 'upgrade-insecure-requests': [] }) },
    },
    // For what is too old to know `frame-ancestors`.
    frameguard: { action: 'deny' },
    referrerPolicy: { policy: 'same-origin' },
    // No page of another origin gets it as anything else either: a script, an image, what a prefetch brought.
    crossOriginResourcePolicy: { policy: 'same-origin' },
    // Other hosts of the domain are not ours to speak for.
    strictTransportSecurity: isHttps && { maxAge: httpsOnlySeconds, includeSubDomains: false },
    // Over http browsers pass these over, and complain.
    crossOriginOpenerPolicy: isHttps && { policy: 'same-origin' },
    originAgentCluster: isHttps,
  }
}
