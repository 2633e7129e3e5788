import { PagesNotBuilt } from '../adapters/http/page/built-assets.ts'
import { isUnavailable } from '../ports/unavailable.ts'
import { SetupProblem } from '../runtime/setup-problem.ts'

/** SQLSTATE: a table that a statement names does not exist. */
const undefinedTable = '42P01'
/** What the system says of a file that has no room, or no more of what its user may fill. */
const diskFull = ['ENOSPC', 'EDQUOT']
/** What a pooler says that knows nothing of a setting; PostgreSQL has other words. */
const unknownToPooler = 'unsupported startup parameter'

/** A fault at the start in the words of who can mend it; any other fault as it is. */
export function explainStart(fault: unknown): unknown {
  const chain = causesOf(fault)
  const hasCode = (...codes: readonly unknown[]): boolean =>
    chain.some((cause) => cause instanceof Error && 'code' in cause && codes.includes(cause.code))
  if (hasCode(...diskFull)) {
    return new SetupProblem(
      'there is no room on the disk of the data folder',
      'free some, or name a folder on another disk with DATA_DIR',
      { cause: fault },
    )
  }
  if (hasCode(undefinedTable)) {
    return new SetupProblem('the database has no schema, or an older one', 'run npm run migrate, then start again', {
      cause: fault,
    })
  }
  if (fault instanceof PagesNotBuilt) {
    return new SetupProblem(
      'its pages are not built',
      'run npm run build, which npm ci does by itself, then start again',
      {
        cause: fault,
      },
    )
  }
  if (chain.some((cause) => cause instanceof Error && cause.message.includes(unknownToPooler))) {
    return new SetupProblem(
      'a pooler in front of PostgreSQL does not take our time limits',
      'name PostgreSQL itself, or have the pooler ignore them and set them in PostgreSQL; docs/operations.md says how, under "PgBouncer"',
      { cause: fault },
    )
  }
  if (!isUnavailable(fault)) return fault
  // What stands in the place of Redis says itself who it is.
  const [server, variable] =
    fault.dependency === 'ledger'
      ? ['PostgreSQL cannot be used: ', 'DATABASE_URL']
      : ['', 'REDIS_URL (without one, DATABASE_URL)']
  const why = chain.at(-1)
  return new SetupProblem(
    `${server}${fault.message}${why instanceof Error && why !== fault ? ` (${why.message || why.name})` : ''}`,
    `start it, or see that ${variable} names the right one`,
    { cause: fault },
  )
}

function causesOf(fault: unknown): readonly unknown[] {
  const chain: unknown[] = []
  for (let cause = fault; cause !== undefined && !chain.includes(cause);) {
    chain.push(cause)
    cause = cause instanceof Error ? cause.cause : undefined
  }
  return chain
}
