import { setImmediate as turn } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { describe, expect, test } from 'vitest'
import { waitUntilReady } from '../../src/adapters/redis/connect.ts'
import { createClusterMap, readSaid } from '../../src/adapters/redis/cluster/map.ts'
import { createClusterServers } from '../../src/adapters/redis/cluster/servers.ts'
import { addressSaid, readRedirect, resolveRedirect } from '../../src/adapters/redis/cluster/redirects.ts'
import { slotOf, SLOTS } from '../../src/adapters/redis/cluster/key-slot.ts'
import { createKeys } from '../../src/adapters/redis/keys.ts'
import { spreadTag } from '../../src/adapters/redis/cluster/partition-tags.ts'
import { createVoteDoor } from '../../src/adapters/redis/vote-door.ts'
import { listSeeds, redisUrl } from '../../src/runtime/redis-url.ts'
import { someCall } from '../support/some-calls.ts'

const partitionsMax = 64
const partitions = Array.from({ length: partitionsMax }, (_, partition) => partition)

test('of any number of partitions each server of a cluster has its part, or one more', () => {
  for (let servers = 1; servers <= partitionsMax; servers += 1) {
    const counts = Array.from({ length: servers }, () => 0)
    for (const partition of partitions) {
      const server = Math.floor((slotOf(`{${spreadTag(partition)}}`) * servers) / SLOTS)
      counts[server] = (counts[server] ?? 0) + 1
      expect(Math.max(...counts)).toBeLessThanOrEqual(Math.ceil((partition + 1) / servers) + 1)
    }
  }
})

test('the tags of partitions never change: their keys hold accepted votes', () => {
  // A hash of all of them, and of the first as they are written.
  expect([0, 1, 2, 3].map(spreadTag)).toEqual(['0.1603', '1.96', '2.65', '3.772'])
  expect(slotOf(partitions.map(spreadTag).join())).toBe(2682)
  expect(() => spreadTag(partitionsMax)).toThrow(RangeError)
})

test('all keys of a partition are in one slot, and on one Redis they are called as ever', () => {
  const keysOf = (keys: ReturnType<typeof createKeys>, partition: number): readonly string[] => [
    keys.stream(partition),
    keys.voteCount(partition),
    keys.recordedCount(partition),
    keys.epoch(partition),
    keys.door(partition, 'a{1}b'),
    keys.voters(partition, 'a{1}b'),
    keys.restoring(partition, 'a{1}b'),
  ]
  for (const partition of partitions) {
    expect(new Set(keysOf(createKeys('mine:', spreadTag), partition).map(slotOf)).size).toBe(1)
    expect(new Set(keysOf(createKeys(), partition).map(slotOf)).size).toBe(1)
  }
  expect(createKeys('mine:').door(3, 'abc')).toBe('mine:door:{3}:abc')
  expect(createKeys('mine:', spreadTag).door(3, 'abc')).toBe('mine:door:{3.772}:abc')
})

test('a slot is that of what stands in the first braces, as Redis documents it', () => {
  expect(slotOf('123456789')).toBe(0x31c3 % SLOTS)
  expect(slotOf('{user1000}.following')).toBe(slotOf('user1000'))
  expect(slotOf('foo{}{bar}')).not.toBe(slotOf('bar'))
  expect(slotOf('foo{{bar}}zap')).toBe(slotOf('{bar'))
  expect(slotOf('foo{bar}{zap}')).toBe(slotOf('bar'))
  expect(slotOf('foo{bar')).not.toBe(slotOf('bar'))
})

test('who stops looking at a cluster opens no connection any more, also where a look has just begun', async () => {
  const opened: string[] = []
  const open = (address: string): Redis => {
    opened.push(address)
    return new Redis({ lazyConnect: true })
  }
  const map = createClusterMap(['127.0.0.1:7001'], open, () => undefined)
  map.stop()
  await turn()
  expect(opened).toEqual([])
})

describe('a cluster of which one duty hears something', () => {
  const [here, there] = ['10.0.0.1:7001', '10.0.0.2:7002']
  const [key, other] = ['123456789', 'a']

  const noScript = async (): Promise<never> => Promise.reject(new Error('nobody asked for a script'))

  /** Two duties' connections, which are never made, and the keys of which the first hears that they were interrupted. */
  const connect = (runScript: (address: string) => Promise<unknown> = noScript) => {
    const lazily = () => new Redis({ lazyConnect: true })
    const map = createClusterMap([here], lazily, () => undefined)
    const opened = new Map<string, Redis>()
    const open = (address: string): Redis => {
      // Work goes over it as over one that is there.
      const redis = Object.assign(lazily(), {
        status: 'ready',
        asking: async () => 'OK',
        callBuffer: async () => runScript(address),
      })
      opened.set(address, redis)
      return redis
    }
    const [first, second] = [createClusterServers(map, open), createClusterServers(map, lazily)]
    const interrupted: string[] = []
    map.moved(slotOf(key), here)
    map.moved(slotOf(other), there)
    first.onInterruption((isConcerned) => interrupted.push(...[key, other].filter(isConcerned)))
    return { map, first, second, opened, interrupted, [Symbol.dispose]: () => map.stop() }
  }
  const say = (message: string) => Object.assign(new Error(message), { name: 'ReplyError' })

  test('tells the others of a slot that has moved, once, and of no other slot', async () => {
    using cluster = connect()
    const moved = cluster.second.at(key, async () => {
      throw say(`MOVED ${slotOf(key)} ${there}`)
    })
    await turn()
    expect(cluster.interrupted).toEqual([key])
    cluster.map.moved(slotOf(key), there)
    expect(cluster.interrupted).toEqual([key])
    cluster.second.stop()
    await expect(moved).rejects.toThrow('did not serve')
  })

  test('sends no votes on to where their slot has moved: nobody has looked at the log there', async () => {
    const keys = createKeys('', spreadTag)
    const slot = slotOf(keys.stream(0))
    const asked: string[] = []
    using cluster = connect(async (address) => {
      asked.push(address)
      throw say(`MOVED ${slot} ${there}`)
    })
    cluster.map.moved(slot, here)
    const door = createVoteDoor(cluster.first, keys)
    const appended = door.append(0, [someCall({ pollId: 'poll' })])
    await expect(appended).rejects.toThrow('has come to another server')
    expect(asked).toEqual([here])
  })

  test('takes a lost connection for an interruption of the keys that its server has, or has been found to have', async () => {
    using cluster = connect()
    await cluster.first.at(key, async () => undefined)
    cluster.opened.get(here)?.emit('close')
    expect(cluster.interrupted).toEqual([key])
    let asked = 0
    await cluster.first.at(key, async () => {
      asked += 1
      if (asked === 1) throw say(`ASK ${slotOf(key)} ${there}`)
    })
    cluster.opened.get(there)?.emit('close')
    expect(cluster.interrupted).toEqual([key, key, other])
  })

  test('takes it for an interruption where keys on their way are at another server than before', async () => {
    using cluster = connect()
    const sendTo = async (address: string): Promise<void> => {
      let asked = 0
      await cluster.first.at(key, async () => {
        asked += 1
        if (asked === 1) throw say(`ASK ${slotOf(key)} ${address}`)
      })
    }
    await sendTo(there)
    await sendTo(there)
    expect(cluster.interrupted).toEqual([])
    await sendTo('10.0.0.3:7003')
    expect(cluster.interrupted).toEqual([key])
  })
})

test('however many wait for a connection, it has one listener for them, and all hear when it serves or ends', async () => {
  for (const [event, status] of [
    ['ready', 'fulfilled'],
    ['end', 'rejected'],
    [null, 'rejected'],
  ] as const) {
    const redis = new Redis({ lazyConnect: true })
    const before = redis.listenerCount('ready')
    const waiting = Promise.allSettled(
      Array.from({ length: 50 }, async () => waitUntilReady(redis, event === null ? 1 : 10_000)),
    )
    expect(redis.listenerCount('ready')).toBeLessThanOrEqual(before + 1)
    if (event !== null) redis.emit(event)
    expect(new Set((await waiting).map((result) => result.status))).toEqual(new Set([status]))
  }
})

test('only a refusal for the sake of the slot is a redirect; nothing else says that nothing was done', () => {
  const reply = (message: string): Error => Object.assign(new Error(message), { name: 'ReplyError' })
  expect(readRedirect(reply('MOVED 3999 10.0.0.1:6381'))).toEqual({
    type: 'moved',
    slot: 3999,
    address: '10.0.0.1:6381',
  })
  expect(readRedirect(reply('ASK 3999 10.0.0.1:6381'))).toEqual({ type: 'ask', address: '10.0.0.1:6381' })
  expect(readRedirect(reply('TRYAGAIN Multiple keys request during rehashing of slot'))).toEqual({ type: 'again' })
  for (const message of ['CLUSTERDOWN The cluster is down', 'LOADING', "READONLY You can't write", 'ERR MOVED']) {
    expect(readRedirect(reply(message))).toBeNull()
  }
  expect(readRedirect(new Error('MOVED 3999 10.0.0.1:6381'))).toBeNull()
  expect(readRedirect(new Error('Command timed out'))).toBeNull()
})

test('a server that is told of without a host is on that of the one that tells; one that nobody can call is none', () => {
  expect(addressSaid('10.0.0.2', 7002, '10.0.0.1:7001')).toBe('10.0.0.2:7002')
  for (const host of ['', null]) expect(addressSaid(host, 7002, '10.0.0.1:7001')).toBe('10.0.0.1:7002')
  expect(addressSaid('', 7002, '::1:7001')).toBe('::1:7002')
  expect(addressSaid('?', 7002, '10.0.0.1:7001')).toBeNull()
  const moved = { type: 'moved', slot: 3999, address: ':7002' } as const
  expect(resolveRedirect(moved, '10.0.0.1:7001')).toEqual({ ...moved, address: '10.0.0.1:7002' })
  expect(resolveRedirect({ ...moved, address: '::1:7002' }, '10.0.0.1:7001')).toEqual({ ...moved, address: '::1:7002' })
  expect(resolveRedirect({ ...moved, address: '?:7002' }, '10.0.0.1:7001')).toEqual({ type: 'again' })
  expect(resolveRedirect({ type: 'ask', address: ':7002' }, 'one.example:7001')).toEqual({
    type: 'ask',
    address: 'one.example:7002',
  })
})

test('what a server knows of a cluster counts only where each primary has an address', () => {
  const said = readSaid(
    'cluster_state:ok\r\n',
    [
      [8192, 16383, [null, 7002, 'b'], ['?', 7004, 'd']],
      [0, 8191, ['', 7001, 'a'], ['10.0.0.3', 7003, 'c']],
    ],
    '10.0.0.1:7001',
  )
  expect(said).toEqual({
    isWell: true,
    ranges: [
      { first: 0, last: 8191, address: '10.0.0.1:7001' },
      { first: 8192, last: 16383, address: '10.0.0.1:7002' },
    ],
    addresses: ['10.0.0.1:7002', '10.0.0.1:7001', '10.0.0.3:7003'],
    text: '0-8191 10.0.0.1:7001,8192-16383 10.0.0.1:7002',
  })
  expect(() => readSaid('cluster_state:ok', [[0, 16383, ['?', 7001]]], '10.0.0.1:7001')).toThrow(
    'cluster-announce-hostname',
  )
})

test('REDIS_URL names one Redis, or servers of a cluster with one name and password', () => {
  expect(listSeeds('redis://127.0.0.1:6379/0')).toBeNull()
  expect(listSeeds('redis-cluster://127.0.0.1:7001')).toEqual(['redis://127.0.0.1:7001'])
  expect(listSeeds('rediss-cluster://us%2Cer:pa%40ss@one.example:7001,two.example,[::1]:7003/')).toEqual([
    'rediss://us%2Cer:pa%40ss@one.example:7001',
    'rediss://us%2Cer:pa%40ss@two.example',
    'rediss://us%2Cer:pa%40ss@[::1]:7003',
  ])
  const many = (count: number): string => `redis-cluster://${Array.from({ length: count }, () => 'a').join()}`
  for (const good of [
    'redis://a',
    'rediss://u:p@a:1/3',
    'redis-cluster://a:1,b:2',
    'rediss-cluster://:p@a',
    many(32),
  ]) {
    expect(redisUrl.read(good)).toEqual({ value: good })
  }
  const bad = [
    'redis-cluster://',
    'redis-cluster://a,,b',
    'redis-cluster://a:x',
    'redis-cluster://a/1',
    'redis-cluster://a?b',
    many(33),
  ]
  for (const given of [...bad, 'redis-cluster://geheim@a@b', 'http://a', 'a:1,b:2']) {
    expect(redisUrl.read(given)).toMatchObject({ problem: expect.stringContaining('must') })
    expect(JSON.stringify(redisUrl.read(given))).not.toContain('geheim')
  }
})
