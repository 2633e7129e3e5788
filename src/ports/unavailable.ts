export type Dependency = 'stream' | 'ledger' | 'cache' | 'admin' | 'host'

/**
 * A dependency that cannot serve now: gone, starting, full, read-only, or too slow. What was asked may or may not have happened.
 * It passes: whoever catches it answers "unavailable, come back" instead of calling it a bug.
 */
export class DependencyUnavailable extends Error {
  readonly dependency: Dependency

  constructor(dependency: Dependency, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'DependencyUnavailable'
    this.dependency = dependency
  }
}

export function isUnavailable(error: unknown): error is DependencyUnavailable {
  return error instanceof DependencyUnavailable
}

/**
 * What was asked about is on its way to another server. Certainly nothing was done of it; what is about other polls may well be done,
 * so it is worth asking for alone.
 */
export class DependencyMoving extends DependencyUnavailable {
  constructor(dependency: Dependency, message: string, options?: ErrorOptions) {
    super(dependency, message, options)
    this.name = 'DependencyMoving'
  }
}
