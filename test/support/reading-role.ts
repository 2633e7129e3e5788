import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { afterAll, inject } from 'vitest'
import type { TestDatabase } from './postgres.ts'
import type { SystemPlan } from './system.ts'

export type Statement = { readonly query: string; readonly calls: number }

/** May read everything and write nothing: what it does not refuse was no write; and what it asks is counted. */
export type ReadingRole = {
  /** For the plan of a system: makes the role, and lets the apis connect by it. */
  readonly prepare: NonNullable<SystemPlan['prepare']>
  /** The database by this role. */
  readonly urlOf: (databaseUrl: string) => string
  /** What it has asked since the statistics were emptied. */
  readonly asked: (database: TestDatabase) => Promise<readonly Statement[]>
  readonly emptyStatistics: (database: TestDatabase) => Promise<void>
}

/** One for the apis of a file. To be called before `useSystem`, so that it goes when the system has ended. */
export const useReadingRole = (): ReadingRole => {
  const role = `reader_${randomBytes(6).toString('hex')}`
  const password = randomBytes(12).toString('hex')
  const urlOf = (databaseUrl: string): string => {
    const url = new URL(databaseUrl)
    url.username = role
    url.password = password
    return url.href
  }

  // Runs after the system has ended: hooks are undone in the order opposite to that in which they stand in the file.
  afterAll(async () => {
    const client = new pg.Client({ connectionString: inject('postgresUrl') })
    await client.connect()
    await client.query(`drop role if exists ${role}`)
    await client.end()
  })

  return {
    urlOf,
    async prepare({ pool, databaseUrl }) {
      await pool.query('create extension if not exists pg_stat_statements')
      await pool.query(`create role ${role} login password '${password}'`)
      await pool.query(`grant usage on schema public to ${role}`)
      await pool.query(`grant select on all tables in schema public to ${role}`)
      return { envOf: { api: { DATABASE_URL: urlOf(databaseUrl) } } }
    },
    async asked({ pool }) {
      const { rows } = await pool.query<Statement>(
        `select query, calls::integer as calls from pg_stat_statements
         where userid = $1::regrole and dbid = (select oid from pg_database where datname = current_database())`,
        [role],
      )
      return rows
    },
    async emptyStatistics({ pool }) {
      await pool.query('select pg_stat_statements_reset()')
    },
  }
}
