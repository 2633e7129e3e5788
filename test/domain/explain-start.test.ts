import { expect, test } from 'vitest'
import { explainStart } from '../../src/main/explain-start.ts'
import { DependencyUnavailable } from '../../src/ports/unavailable.ts'
import { SetupProblem } from '../../src/runtime/setup-problem.ts'

const withCode = (code: string): Error => Object.assign(new Error(`${code}: no such luck`), { code })

test.each([
  ['a disk without room', withCode('ENOSPC'), 'no room on the disk of the data folder', 'DATA_DIR'],
  ['a user who has filled what is allowed', withCode('EDQUOT'), 'no room on the disk', 'DATA_DIR'],
  ['a database without schema', new Error('failed', { cause: withCode('42P01') }), 'no schema', 'npm run migrate'],
  [
    'a Redis that is away',
    new DependencyUnavailable('stream', 'Redis at 127.0.0.1:1 did not serve within 10 ms', {
      cause: new Error('connect ECONNREFUSED'),
    }),
    'Redis at 127.0.0.1:1 did not serve within 10 ms (connect ECONNREFUSED)',
    'REDIS_URL',
  ],
  [
    'a PostgreSQL that is away',
    new DependencyUnavailable('ledger', 'PostgreSQL cannot serve now'),
    'PostgreSQL cannot be used: PostgreSQL cannot serve now',
    'DATABASE_URL',
  ],
])('%s is told to who started it, with what to do', (_, fault, message, remedy) => {
  const explained = explainStart(fault)
  expect(explained).toBeInstanceOf(SetupProblem)
  expect(explained).toMatchObject({
    message: expect.stringContaining(message),
    remedy: expect.stringContaining(remedy),
    cause: fault,
  })
})

test('a fault that nobody who starts it can mend stays as it is', () => {
  const fault = new Error('a bug')
  expect(explainStart(fault)).toBe(fault)
})
