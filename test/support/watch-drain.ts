import { sleep } from '../../src/runtime/stop-signal.ts'
import { createKeepAliveClient } from './keep-alive-client.ts'

/** How an api process took its leave, as somebody saw it who asked it again and again. */
export type Drain = {
  /** From the first "not ready" until the first connection that was not served: what a balancer has to turn elsewhere. */
  readonly leadMs: number
  /** Answers to ordinary requests in that time. */
  readonly answers: number
  /** Those of them that left their connection open for more. */
  readonly keptOpen: number
}

const askEveryMs = 10
/** A connection that waits to be accepted when the listener closes is reset. */
const endCodes = ['ECONNREFUSED', 'ECONNRESET']

/** Asks for readiness, and for a page of the poll on a connection that is kept, until nobody listens any more. */
export const watchDrain = async (url: string, pollId: string): Promise<Drain> => {
  const client = createKeepAliveClient(url)
  let unreadyAt: number | null = null
  let answers = 0
  let keptOpen = 0
  try {
    for (;;) {
      const ready = await client.send('GET', '/health/ready')
      if (ready.status === 503) unreadyAt ??= performance.now()
      const page = await client.send('GET', `/polls/${pollId}/results`)
      if (unreadyAt !== null) {
        answers += 1
        if (page.headers.connection !== 'close') keptOpen += 1
      }
      await sleep(askEveryMs)
    }
  } catch (fault) {
    const isEnd = fault instanceof Error && 'code' in fault && endCodes.includes(String(fault.code))
    if (!isEnd) throw fault
    return { leadMs: unreadyAt === null ? 0 : performance.now() - unreadyAt, answers, keptOpen }
  } finally {
    client.close()
  }
}
