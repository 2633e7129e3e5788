import { createHash } from 'node:crypto'
import pg from 'pg'

/** A statement and the name under which a session keeps it, which no other text has: behind a pooler two releases may share a session. */
export type NamedStatement = { readonly name: string; readonly text: string }

export function nameStatement(title: string, text: string): NamedStatement {
  return { name: `${title} ${createHash('sha256').update(text).digest('hex').slice(0, digits)}`, text }
}

const digits = 16

/** What is prepared once for each connection, as long as connections are such that it can be. */
export type PreparedStatements = {
  /** How this statement is asked for now. */
  readonly ask: (statement: NamedStatement) => { readonly name?: string; readonly text: string }
  /** Does the work, a transaction; once more where a connection turns out to have forgotten what was prepared on it. */
  readonly run: <T>(work: () => Promise<T>) => Promise<T>
}

/** SQLSTATE: a statement of this name does not exist, or exists already. */
const forgetfulStates = new Set<string | undefined>(['26000', '42P05'])

/**
 * A pooler in transaction mode gives each transaction another session, and not every one prepares there what is asked for. The first time that
 * this shows is the last that anything is prepared: then `onForgotten` is called. Such a fault comes before the commit, so nothing is done twice.
 */
export function createPreparedStatements(onForgotten: () => void): PreparedStatements {
  let isKept = true
  return {
    ask: ({ name, text }) => (isKept ? { name, text } : { text }),
    async run(work) {
      try {
        return await work()
      } catch (fault) {
        if (!(fault instanceof pg.DatabaseError && forgetfulStates.has(fault.code))) throw fault
        if (isKept) onForgotten()
        isKept = false
        return work()
      }
    },
  }
}
