import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { inject } from 'vitest'

export type TestDatabase = {
  readonly databaseUrl: string
  /** A small pool on the database, for the test's own looks into it. */
  readonly pool: pg.Pool
  readonly drop: () => Promise<void>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/** A migrated database of its own. Drop it in `afterAll`, or say `await using`. */
export const createTestDatabase = async (): Promise<TestDatabase> => {
  const name = `test_${randomBytes(8).toString('hex')}`
  await onServer(`create database ${name} template ${inject('templateDatabase')} strategy file_copy`)
  const url = new URL(inject('postgresUrl'))
  url.pathname = `/${name}`
  const pool = new pg.Pool({ connectionString: url.href, max: 4 })
  // The server may be stopped, or the database dropped, under an idle connection.
  pool.on('error', () => undefined)
  const drop = async (): Promise<void> => {
    await pool.end()
    await onServer(`drop database if exists ${name} with (force)`)
  }
  return { databaseUrl: url.href, pool, drop, [Symbol.asyncDispose]: drop }
}

const onServer = async (statement: string): Promise<void> => {
  const client = new pg.Client({ connectionString: inject('postgresUrl') })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
