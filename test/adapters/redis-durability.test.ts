import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { connectRedis, type RedisConnections } from '../../src/adapters/redis/connect.ts'
import { type Durability, lookAtDurability } from '../../src/adapters/redis/durability.ts'
import { patientMs } from '../support/adapters-redis.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { waitUntil } from '../support/wait-until.ts'

let server: TestRedis
let connections: RedisConnections
beforeAll(async () => {
  server = await startTestRedis()
  connections = connectRedis({ url: server.redisUrl, commandTimeoutMs: patientMs })
  await connections.ready()
})
afterAll(async () => {
  connections.stop()
  await server.stop()
})

const set = async (settings: Readonly<Record<string, string>>): Promise<void> => {
  for (const [name, value] of Object.entries(settings)) await connections.commands.config('SET', name, value)
}
const durable = {
  appendonly: 'yes',
  appendfsync: 'always',
  'no-appendfsync-on-rewrite': 'no',
  'maxmemory-policy': 'noeviction',
}
beforeEach(() => set(durable))

const find = async (durability: Durability) => (await lookAtDurability(connections.commands, durability)).problems

test.each([
  ['durable', {}],
  ['fast', {}],
  ['fast', { appendfsync: 'everysec' }],
  ['memory', { appendonly: 'no', appendfsync: 'no' }],
] as const)('%s is kept with %o', async (durability, settings) => {
  await set(settings)
  expect(await find(durability)).toEqual([])
})

test.each([
  ['durable', { appendfsync: 'everysec' }, /appendfsync is everysec.*VOTE_DURABILITY=fast/],
  ['durable', { appendonly: 'no' }, /appendonly is no/],
  ['durable', { 'no-appendfsync-on-rewrite': 'yes' }, /no-appendfsync-on-rewrite is yes.*VOTE_DURABILITY is durable/],
  ['fast', { 'no-appendfsync-on-rewrite': 'yes' }, /no-appendfsync-on-rewrite is yes.*VOTE_DURABILITY is fast/],
  ['fast', { appendonly: 'no' }, /appendonly is no/],
  ['fast', { appendfsync: 'no' }, /appendfsync is no/],
  ['durable', { 'maxmemory-policy': 'allkeys-lru' }, /maxmemory-policy is allkeys-lru/],
  ['memory', { 'maxmemory-policy': 'volatile-ttl' }, /maxmemory-policy is volatile-ttl/],
] as const)('%s is not kept with %o, and the lines for redis-cli mend it', async (durability, settings, text) => {
  await set(settings)
  const problems = await find(durability)
  expect(problems).toHaveLength(1)
  expect(problems[0]?.problem).toMatch(text)
  for (const line of problems[0]?.mend ?? []) {
    const [command = '', ...rest] = line.split(' ')
    // Started without a configuration file, this server has nowhere to write it to.
    if (line !== 'CONFIG REWRITE') await connections.commands.call(command, ...rest)
  }
  expect(await find(durability)).toEqual([])
})

test('replicated is not kept without a replica, nor on a primary that would come back empty', async () => {
  expect((await find('replicated')).map(({ problem }) => problem)).toEqual([expect.stringMatching(/no replica/)])
  await set({ 'repl-diskless-sync-delay': '0' })
  await using replica = await startTestRedis(['--replicaof', `127.0.0.1 ${server.port}`])
  await waitUntil(async () => (await find('replicated')).length === 0, { withinMs: 15_000 })
  await set({ appendfsync: 'everysec' })
  expect(await find('replicated')).toEqual([])
  await set({ appendonly: 'no' })
  expect((await find('replicated')).map(({ problem }) => problem)).toEqual([
    expect.stringMatching(/appendonly is no.*VOTE_DURABILITY is replicated/),
  ])
  expect(replica.pid()).toBeGreaterThan(0)
})

test('several problems are told at once', async () => {
  await set({ appendonly: 'no', appendfsync: 'no', 'maxmemory-policy': 'allkeys-random' })
  expect(await find('durable')).toHaveLength(3)
})

test('a Redis that hides its configuration is a problem that names the way out', async () => {
  await connections.commands.call('ACL', 'SETUSER', 'hidden', 'on', '>secret', '~*', '&*', '+@all', '-config')
  const url = new URL(server.redisUrl)
  url.username = 'hidden'
  url.password = 'secret'
  const hidden = connectRedis({ url: url.href })
  try {
    await hidden.ready()
    const { problems } = await lookAtDurability(hidden.commands, 'durable')
    expect(problems.map(({ problem }) => problem)).toEqual([expect.stringContaining('VOTE_DURABILITY_CHECK=off')])
  } finally {
    hidden.stop()
  }
})
