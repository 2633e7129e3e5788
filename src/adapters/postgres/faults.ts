import pg from 'pg'
import { DependencyUnavailable, type Dependency } from '../../ports/unavailable.ts'
import { ContentUnrecordable } from '../../ports/unrecordable.ts'

/**
 * Classes and codes of SQLSTATE that say "not now" rather than "you are wrong": connection lost, read-only, serialization and
 * deadlock, out of resources, lock not available, stopped or stopping, input/output.
 */
const passingStates = /^(?:08...|25006|40001|40P01|53...|55P03|57...|58...)$/

/** Classes of SQLSTATE that speak of the values alone: cardinality violation, data, integrity constraint, program limit. */
const contentStates = /^(?:21|22|23|54)...$/

/** What the driver says, without a code, of a connection that is gone or silent. */
const passingMessages = /connection terminated|connection error|timeout|not queryable|pool after calling end/i

/** Whether what the database, or the way to it, answered passes by itself. */
function isPassing(error: unknown): boolean {
  if (error instanceof pg.DatabaseError) return passingStates.test(error.code ?? '')
  if (!(error instanceof Error)) return false
  if (error instanceof AggregateError) return error.errors.some(isPassing)
  // What the operating system says of a socket (ECONNREFUSED, ENOTFOUND, ...) has `syscall`; a mistake of ours has not.
  return 'syscall' in error || passingMessages.test(error.message)
}

/** Does the work, and throws what passes by itself as `DependencyUnavailable`. */
export async function orUnavailable<T>(dependency: Dependency, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (!isPassing(cause)) throw cause
    throw new DependencyUnavailable(dependency, 'PostgreSQL cannot serve now', { cause })
  }
}

/** Does the work, and throws what no repetition can mend, because of what was to be written, as `ContentUnrecordable`. */
export async function orUnrecordable<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (!(cause instanceof pg.DatabaseError && contentStates.test(cause.code ?? ''))) throw cause
    throw new ContentUnrecordable(cause.message, { cause })
  }
}
