import type { FastifyReply, FastifyRequest } from 'fastify'
import { refuse } from '../../domain/refusal.ts'
import type { HttpApp } from './operation.ts'
import { isForPerson } from './page/answer-people.ts'
import { sendLostPage } from './page/lost-page.ts'
import { sendRefusal } from './problems.ts'

export const routeNotFound = refuse('route_not_found', 'There is nothing at this address. /docs shows what there is.')

/**
 * Answers requests that no route takes, before their body is read: 405 with the methods that the address does take, else 404, to people with a page.
 */
export function answerStrayRequests(app: HttpApp): void {
  const methodsByUrl = new Map<string, Set<string>>()
  app.addHook('onRoute', ({ url, method }) => {
    const methods = methodsByUrl.get(url) ?? new Set()
    for (const one of [method].flat()) methods.add(one)
    methodsByUrl.set(url, methods)
  })
  let patterns: readonly (readonly [RegExp, string])[] = []
  app.addHook('onReady', async () => {
    patterns = [...methodsByUrl].map(([url, methods]) => [patternOf(url), [...methods].toSorted().join(', ')])
  })

  function refuseStray(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const path = request.url.split('?', 1)[0] ?? ''
    const allowed = patterns.find(([pattern]) => pattern.test(path))?.[1]
    // A route for many files has taken it, and has none of that name.
    const isMissing = allowed?.split(', ').includes(request.method) === true
    if (allowed === undefined || isMissing) {
      const isRead = request.method === 'GET' || request.method === 'HEAD'
      if (isRead && isForPerson(request)) return sendLostPage(reply)
      return sendRefusal(reply.header('vary', 'Accept'), routeNotFound)
    }
    reply.header('allow', allowed)
    return sendRefusal(reply, refuse('method_not_allowed', `This address takes ${allowed}.`))
  }

  app.addHook('onRequest', (request, reply, done) => {
    if (request.is404) refuseStray(request, reply)
    else done()
  })
  app.setNotFoundHandler(refuseStray)
}

function patternOf(url: string): RegExp {
  const parts = url.split('/').map((part) => {
    if (part.startsWith(':')) return '[^/]+'
    return part === '*' ? '.*' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  })
  return new RegExp(`^${parts.join('/')}$`)
}
