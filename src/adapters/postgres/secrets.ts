import type pg from 'pg'
import type { Secrets, SecretStore } from '../../ports/secrets.ts'
import { orUnavailable } from './faults.ts'

const secretBytesMin = 32

/** The secrets that the migration made. */
export function createSecretStore(pool: pg.Pool): SecretStore {
  return {
    async read() {
      const rows = await orUnavailable('ledger', () => readSecrets(pool))
      const values = new Map(rows.map(({ name, value }) => [name, value]))
      return {
        voterPepper: find(values, 'voter_pepper'),
        session: find(values, 'session'),
        service: find(values, 'service'),
        resultSigning: find(values, 'result_signing'),
      } satisfies Secrets
    },
  }
}

type SecretRow = { readonly name: string; readonly value: Buffer }

async function readSecrets(pool: pg.Pool): Promise<readonly SecretRow[]> {
  const { rows } = await pool.query<SecretRow>('select name, value from secret')
  return rows
}

function find(values: ReadonlyMap<string, Uint8Array>, name: string): Uint8Array {
  const value = values.get(name)
  if (value === undefined || value.length < secretBytesMin) {
    throw new Error(`the database has no secret "${name}" of at least ${secretBytesMin} bytes: migrate it first`)
  }
  return value
}
