import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createListener, type Listener } from '../../src/adapters/postgres/listen.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'
import { waitUntil } from '../support/wait-until.ts'

let database: TestDatabase
let proxy: TcpProxy
let listener: Listener

beforeEach(async () => {
  database = await createTestDatabase()
  const url = new URL(database.databaseUrl)
  proxy = await startTcpProxy(url.hostname, Number(url.port))
  url.host = `127.0.0.1:${proxy.port}`
  listener = createListener({ connectionString: url.href, application_name: 'listener' })
})
afterEach(async () => {
  await listener.stop()
  await proxy.stop()
  await database.drop()
})

type Ear = {
  readonly news: string[]
  gaps: number
  readonly onNews: (payload: string) => void
  readonly onGap: () => void
}
const createEar = (): Ear => {
  const ear: Ear = {
    news: [],
    gaps: 0,
    onNews: (payload) => void ear.news.push(payload),
    onGap: () => {
      ear.gaps += 1
    },
  }
  return ear
}
const notify = (channel: string, payload: string): Promise<unknown> =>
  database.pool.query('select pg_notify($1, $2)', [channel, payload])

describe('listening', () => {
  test('all channels of a process share one connection', async () => {
    const ears = Array.from({ length: 50 }, createEar)
    await Promise.all(ears.map((ear, index) => listener.listen(`channel ${index}`, ear)))
    for (const index of ears.keys()) await notify(`channel ${index}`, `to ${index}`)
    await waitUntil(() => ears.every((ear) => ear.news.length === 1))
    expect(ears.map((ear) => ear.news[0])).toEqual(ears.map((_, index) => `to ${index}`))
    expect(proxy.connections()).toBe(1)
  })

  test('a terminated connection comes back with all its channels, and each listener is told of the gap', async () => {
    const ears = Array.from({ length: 1_500 }, createEar)
    await Promise.all(ears.map((ear, index) => listener.listen(`channel ${index}`, ear)))
    const { rows } = await database.pool.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'listener'`,
    )
    expect(rows).toHaveLength(1)
    await waitUntil(() => ears.every((ear) => ear.gaps === 1))
    for (const index of [0, 999, 1_000, 1_499]) await notify(`channel ${index}`, 'again')
    await waitUntil(() => [0, 999, 1_000, 1_499].every((index) => ears[index]?.news[0] === 'again'))
    expect(proxy.connections()).toBe(2)
  })

  test(
    'a connection whose other side went silent is noticed and replaced within 15 s',
    { timeout: 40_000 },
    async () => {
      const ear = createEar()
      await listener.listen('channel', ear)
      proxy.mute()
      proxy.unmute()
      await waitUntil(() => ear.gaps === 1, { withinMs: 15_000 })
      await notify('channel', 'again')
      await waitUntil(() => ear.news.length === 1)
    },
  )

  test('a listener that finds no database is refused, and finds it later', async () => {
    await proxy.stop()
    await expect(listener.listen('channel', createEar())).rejects.toMatchObject({
      name: 'DependencyUnavailable',
      cause: expect.anything(),
    })
    const url = new URL(database.databaseUrl)
    proxy = await startTcpProxy(url.hostname, Number(url.port), proxy.port)
    const ear = createEar()
    await listener.listen('channel', ear)
    await notify('channel', 'at last')
    await waitUntil(() => ear.news.length === 1)
  })

  test('after the stop nobody is called, and nobody is let in', async () => {
    const ear = createEar()
    await listener.listen('channel', ear)
    await listener.stop()
    await expect(listener.listen('channel', ear)).rejects.toMatchObject({ name: 'DependencyUnavailable' })
    expect(ear.gaps).toBe(0)
  })
})
