import { signingsMax } from '../../src/application/sign-result.ts'
import { readConfig } from '../../src/runtime/config.ts'

/** How many connections a process of a role opens at most to a PostgreSQL that has a Redis beside it. */
export function connectionsOf(role: 'api' | 'worker' | 'admin', env: Readonly<Record<string, string>>): number {
  const { databaseConnectionsMax, exportsMax } = readConfig(env, role)
  return databaseConnectionsMax + (role === 'api' ? exportsMax + signingsMax : 0)
}
