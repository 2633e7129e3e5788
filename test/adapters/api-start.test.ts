import { createServer } from 'node:http'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { builtEntry, PagesNotBuilt } from '../../src/adapters/http/page/built-assets.ts'
import { createHttpServer } from '../../src/adapters/http/server.ts'
import { explainStart } from '../../src/main/explain-start.ts'
import { createLog } from '../../src/runtime/log.ts'
import { createHttpClient } from '../support/http-client.ts'
import { findFreePort } from '../../src/runtime/free-port.ts'
import { startSystem } from '../support/running-system.ts'

test('the api does not start on a Redis that keeps votes less well than declared, and says how to mend it', async () => {
  const strict = { VOTE_DURABILITY: 'replicated', VOTE_DURABILITY_CHECK: 'on' }
  await expect(startSystem('redis', strict)).rejects.toMatchObject({
    name: 'SetupProblem',
    message: expect.stringContaining('VOTE_DURABILITY'),
    remedy: expect.any(String),
  })
})

test('the api names the port that is taken, and what to do', async () => {
  const port = await findFreePort()
  const other = createServer().listen(port, '127.0.0.1')
  await once(other, 'listening')
  try {
    await expect(startSystem('postgres', { PORT: `${port}` })).rejects.toMatchObject({
      name: 'SetupProblem',
      message: expect.stringContaining(`port ${port}`),
      remedy: expect.stringContaining('PORT'),
    })
  } finally {
    other.close()
  }
})

test('an api whose pages were not built says how they are', async () => {
  const starting = createHttpServer({
    log: createLog({ name: 'test', level: 'silent' }),
    version: '0',
    addRoutes: () => void builtEntry('no-such-page/main.tsx'),
  })
  await expect(starting).rejects.toThrow('no entry of the pages')
  expect(explainStart(new PagesNotBuilt('there is no manifest'))).toMatchObject({
    name: 'SetupProblem',
    remedy: expect.stringContaining('npm run build'),
  })
})

test('the cookie is for https alone where the service is reached by https', async () => {
  const system = await startSystem('postgres', { PUBLIC_URL: 'https://polls.example' })
  try {
    const call = createHttpClient(system.url)
    const session = await call('POST', '/session')
    expect(session.headers.getSetCookie()[0]).toMatch(/; Secure/)
    const { body } = await call('POST', '/polls', { json: { question: 'Q', options: ['a', 'b'] } })
    const cookie = `tallycast_session=${session.body.voter_token}`
    for (const [origin, isForeign] of [
      ['https://polls.example', false],
      [system.url, false],
      ['http://other.example', true],
    ] as const) {
      const voted = await call('POST', `/polls/${body.id}/vote`, {
        json: { option_id: 1 },
        cookie,
        headers: { origin },
      })
      // Whose cookie does not count gets a new session.
      expect([origin, voted.status, 'voter_token' in voted.body]).toEqual([origin, 202, isForeign])
    }
  } finally {
    await system.stop()
  }
})

test('an api that is asked to stop answers what it has begun, then refuses connections', async () => {
  // Before it closes anything it lingers for a share of this: long enough for a busy machine to ask meanwhile.
  const system = await startSystem('postgres', { SHUTDOWN_TIMEOUT_MS: '60000' })
  const call = createHttpClient(system.url)
  const { body } = await call('POST', '/polls', { json: { question: 'Q', options: ['a', 'b'] } })
  const vote = (): ReturnType<typeof call> => call('POST', `/polls/${body.id}/vote`, { json: { option_id: 1 } })
  // Open connections that are kept, as every client and proxy has them.
  await Promise.all(Array.from({ length: 20 }, vote))
  const votes = Promise.all(Array.from({ length: 20 }, vote))
  const stopped = system.stop()
  const draining = await call('GET', '/health/ready')
  expect([draining.status, draining.headers.get('connection')]).toEqual([503, 'close'])
  expect((await votes).map(({ status }) => status)).toEqual(Array(20).fill(202))
  await stopped
  await expect(call('GET', '/health/live')).rejects.toThrow('fetch failed')
})
