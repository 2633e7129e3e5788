import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Server, ServerResponse } from 'node:http'
import { Counter, type Registry } from 'prom-client'

const answerFinished = 'http.server.response.finish'

type Finished = { readonly server: Server; readonly response: Pick<ServerResponse, 'statusCode'> }

/**
 * Counts the answers of this server by status, until it closes. Votes are answered past all routes and hooks, so Node is asked, which tells of
 * every answer that has gone out; and what is counted is put into the registry when somebody looks, which costs an answer next to nothing.
 */
export const measureAnswers = (registry: Registry, server: Server): void => {
  const counted = new Map<number, number>()
  const count = (message: unknown): void => {
    // What Node publishes here.
    const finished = message as Finished
    if (finished.server !== server) return
    const { statusCode } = finished.response
    counted.set(statusCode, (counted.get(statusCode) ?? 0) + 1)
  }
  registry.registerMetric(
    new Counter({
      name: 'tallycast_http_answers_total',
      help: 'Answers that have gone out whole, by their status.',
      labelNames: ['status'] as const,
      registers: [],
      collect() {
        this.reset()
        for (const [status, answers] of counted) this.inc({ status }, answers)
      },
    }),
  )
  subscribe(answerFinished, count)
  server.once('close', () => unsubscribe(answerFinished, count))
}
