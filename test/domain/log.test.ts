import { expect, test } from 'vitest'
import { createLog } from '../../src/runtime/log.ts'

const logged = (...values: readonly object[]): string => {
  const lines: string[] = []
  const log = createLog({ name: 'test', level: 'info', destination: { write: (line) => void lines.push(line) } })
  for (const value of values) log.info(value)
  return lines.join('')
}

test('no secret of a voter or an organiser gets into the log, wherever it rides', () => {
  const secrets = {
    authorization: 'geheim',
    cookie: 'geheim',
    'set-cookie': 'geheim',
    'voter-token': 'geheim',
    voter_token: 'geheim',
    manage_token: 'geheim',
    ticket: 'geheim',
    codes: ['geheim'],
  }
  const text = logged(secrets, { headers: secrets }, { body: secrets }, { query: secrets })
  expect(text).not.toContain('geheim')
  expect(text.match(/\[redacted\]/g)).toHaveLength(4 * Object.keys(secrets).length)
})

test('a logged request shows its path, never its headers nor its query, in which a ticket may ride', () => {
  const req = { id: 'r1', method: 'GET', url: '/ws/polls/a?ticket=geheim', headers: { cookie: 'geheim' } }
  const text = logged({ req })
  expect(text).not.toContain('geheim')
  expect(JSON.parse(text)).toMatchObject({ req: { id: 'r1', method: 'GET', path: '/ws/polls/a' } })
})

test('of a fault its type, message, code and stack are logged, never the command or the row that hangs on it', () => {
  const command = { name: 'auth', args: ['geheim'] }
  const cause = Object.assign(new Error('WRONGPASS'), { command })
  const err = Object.assign(new Error('no connection', { cause }), { code: 'ECONNREFUSED', command, detail: 'geheim' })
  const text = logged({ err })
  expect(text).not.toContain('geheim')
  expect(JSON.parse(text).err).toMatchObject({
    type: 'Error',
    message: expect.stringContaining('no connection'),
    code: 'ECONNREFUSED',
  })
  expect(text).toContain('WRONGPASS')
})
