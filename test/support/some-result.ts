import { readFileSync } from 'node:fs'
import type pg from 'pg'
import { sign } from 'node:crypto'
import type { FinalResult, SignedResult } from '../../contract/messages.ts'
import { canonicalJson } from '../../src/application/canonical-json.ts'
import { createResultKeys, type ResultKeys } from '../../src/application/result-keys.ts'

/** Another key for each number. */
export const someKey = (number: number): ResultKeys => createResultKeys(Buffer.alloc(32, number), [])

export const someResult: FinalResult = {
  format: 'tallycast.result.v1',
  issuer: 'https://polls.example.org',
  poll_id: 'Zk3vQ8mT1xY5',
  question: 'Tea or coffee? "Ü\u2028\u007f\u{1f375}',
  description: '',
  type: 'single',
  options: [
    { id: 1, text: 'Tea', votes: 2 },
    { id: 2, text: 'Coffee', votes: 1200 },
  ],
  min_choices: 1,
  max_choices: 1,
  voter_identity: 'session',
  allow_vote_change: false,
  opened_at: '2030-01-31T18:00:00.000Z',
  closed_at: '2030-01-31T19:00:00.000Z',
  edited_at: null,
  round: 1,
  revision: 4,
  version: 1206,
  total_votes: 1202,
  ledger: { algorithm: 'sha-256', votes: 1202, digest: 'a'.repeat(64) },
}

/** Signed as RFC 8032 has it, with nothing of ours but the canonical form. */
export const signSomeResult = (
  { signingKey, published: [{ id }] }: ResultKeys,
  said: Partial<FinalResult> = {},
): SignedResult => {
  const result = { ...someResult, ...said }
  const value = sign(null, Buffer.from(canonicalJson(result)), signingKey).toString('base64')
  return { result, signature: { algorithm: 'Ed25519', key_id: id, value } }
}

/** What docs/decisions/signed-results.md says of the digest, as one statement that nothing of ours reads votes for. */
export const digestInSql = async (pool: pg.Pool, pollId: string, round = 1): Promise<string> => {
  const page = readFileSync(new URL('../../docs/decisions/signed-results.md', import.meta.url), 'utf8')
  const statement = /^```sql\n([^`]+)^```$/m.exec(page)?.[1] ?? ''
  const { rows } = await pool.query<{ encode: string }>(statement, [pollId, round])
  return rows[0]?.encode ?? ''
}
