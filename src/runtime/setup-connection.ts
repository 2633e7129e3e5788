import pg from 'pg'
import { SetupProblem } from './setup-problem.ts'

const withinMs = 10_000

/** A connection on which something is asked, or done, before anybody is served. Throws a SetupProblem where there is none to be had. */
export const connectForSetup = async (
  databaseUrl: string,
  applicationName: string,
  onBroken: (error: Error) => void,
  settings: Readonly<pg.ClientConfig> = {},
): Promise<pg.Client> => {
  const client = new pg.Client({
    connectionString: databaseUrl,
    application_name: applicationName,
    connectionTimeoutMillis: withinMs,
    ...settings,
  })
  client.on('error', onBroken)
  try {
    await client.connect()
    return client
  } catch (cause) {
    throw new SetupProblem(
      `PostgreSQL at ${client.host}:${client.port} does not let us in (${cause instanceof Error ? cause.message : String(cause)})`,
      'see that it runs, and that DATABASE_URL names the right host, port, user, password and database',
      { cause },
    )
  }
}
