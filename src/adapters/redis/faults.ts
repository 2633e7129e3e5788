import { type Dependency, DependencyMoving, DependencyUnavailable, isUnavailable } from '../../ports/unavailable.ts'
import { readRedirect } from './cluster/redirects.ts'

/** First words of replies that say "not now" rather than "you are wrong": starting, full, disk trouble, failing over, moving slots. */
const passingReplies =
  /^(?:LOADING|OOM|READONLY|MISCONF|NOREPLICAS|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|BUSY|UNBLOCKED|NOAUTH|WRONGPASS|MOVED|ASK)\b/

/** The same of a script's first write, at a server that lost its cluster and is set to be read all the same. */
const downForWrites = /^ERR Script attempted to execute a write command while the cluster is down\b/

/** What the client says when there is no connection, or no answer in time. */
const passingMessages =
  /Connection is closed|Command timed out|Stream isn't writeable|max retries per request|Socket timeout|ETIMEDOUT/i

/** Whether what Redis, or the way to it, answered passes by itself. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  // By name: the client's own classes are not typed.
  if (error.name === 'ReplyError') return passingReplies.test(error.message) || downForWrites.test(error.message)
  if (error.name === 'AbortError') return true
  // What the operating system says of a socket (ECONNREFUSED, ECONNRESET, ...) has `syscall`; a mistake of ours has not.
  return 'syscall' in error || passingMessages.test(error.message)
}

/** Does the work, and throws what passes by itself as `DependencyUnavailable`. */
export async function orUnavailable<T>(dependency: Dependency, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (isUnavailable(cause) || !isPassing(cause)) throw cause
    if (readRedirect(cause) !== null) throw new DependencyMoving(dependency, 'its slot is moving', { cause })
    throw new DependencyUnavailable(dependency, 'Redis cannot serve now', { cause })
  }
}
