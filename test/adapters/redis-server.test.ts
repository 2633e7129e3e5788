import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createLog } from '../../src/runtime/log.ts'
import { processIdentity, stopProcess } from '../../src/runtime/process-identity.ts'
import { fetchIntoCache, redisEnvironment } from '../../src/runtime/redis-program.ts'
import { provideRedisServer } from '../../src/runtime/redis-server.ts'
import { runCommand } from '../../src/runtime/run-command.ts'
import { keepOnLeash } from '../support/leash.ts'
import type { Leash } from '../support/leash.ts'
import { waitUntil } from '../support/wait-until.ts'

const log = createLog({ name: 'test', level: 'silent' })
const fetchWithinMs = 120_000

let dir: string
let leash: Leash
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tallycast-redis-server-'))
  leash = keepOnLeash(dir, 'redis.pid')
})
afterEach(() => {
  rmSync(dir, { recursive: true, force: true })
  leash.release()
})

const withRedis = async <Result>(url: string, use: (redis: Redis) => Promise<Result>): Promise<Result> => {
  const redis = new Redis(url)
  try {
    return await use(redis)
  } finally {
    redis.disconnect()
  }
}

test('every accepted write is on the disk, and nothing is ever evicted', async () => {
  await using server = await provideRedisServer({ dir, log })
  const settings = await withRedis(server.redisUrl, async (redis) =>
    Promise.all(
      ['appendonly', 'appendfsync', 'no-appendfsync-on-rewrite', 'maxmemory-policy', 'save', 'bind'].map((name) =>
        redis.config('GET', name),
      ),
    ),
  )
  expect(settings).toEqual([
    ['appendonly', 'yes'],
    ['appendfsync', 'always'],
    ['no-appendfsync-on-rewrite', 'no'],
    ['maxmemory-policy', 'noeviction'],
    ['save', ''],
    ['bind', '127.0.0.1'],
  ])
})

test('a server that is killed is started again, where it was and with its data', async () => {
  await using server = await provideRedisServer({ dir, log })
  await withRedis(server.redisUrl, async (redis) => redis.set('kept', '42'))
  const killed = server.pid()
  process.kill(killed, 'SIGKILL')
  await waitUntil(() => server.pid() !== killed)
  expect(await withRedis(server.redisUrl, async (redis) => redis.get('kept'))).toBe('42')
})

test('what was written before a crash is there at the next start, on the same port', async () => {
  const first = await provideRedisServer({ dir, log, isRestarted: false })
  await withRedis(first.redisUrl, async (redis) => redis.set('kept', '42'))
  await stopProcess(first.pid(), [{ signal: 'SIGKILL', withinMs: 2_000 }])
  await using second = await provideRedisServer({ dir, log, port: first.port })
  expect(second.port).toBe(first.port)
  expect(await withRedis(second.redisUrl, async (redis) => redis.get('kept'))).toBe('42')
})

test('a server that was left behind on the folder is stopped first', async () => {
  const orphan = await provideRedisServer({ dir, log, isRestarted: false })
  await withRedis(orphan.redisUrl, async (redis) => redis.set('kept', '42'))
  await using server = await provideRedisServer({ dir, log })
  expect(processIdentity(orphan.pid())).toBeNull()
  expect(await withRedis(server.redisUrl, async (redis) => redis.get('kept'))).toBe('42')
})

test('options of the caller come after ours', async () => {
  await using server = await provideRedisServer({ dir, log, args: ['--appendfsync', 'everysec'] })
  const found = await withRedis(server.redisUrl, async (redis) => redis.config('GET', 'appendfsync'))
  expect(found).toEqual(['appendfsync', 'everysec'])
})

test('a server that does not start says why', async () => {
  await expect(provideRedisServer({ dir, log, args: ['--no-such-option', 'x'] })).rejects.toMatchObject({
    name: 'SetupProblem',
    message: expect.stringContaining('no-such-option'),
    remedy: expect.stringContaining('redis.log'),
  })
})

test('a folder that cannot be made is a problem with a remedy', async () => {
  writeFileSync(join(dir, 'file'), '')
  await expect(provideRedisServer({ dir: join(dir, 'file/redis'), log })).rejects.toMatchObject({
    name: 'SetupProblem',
    remedy: expect.stringContaining('DATA_DIR'),
  })
})

// The other way of fetching, apt-get install as root, changes the machine and so is none of a test's business.
test(
  'where nothing may be installed, the fetched program runs from the cache',
  { timeout: fetchWithinMs },
  async () => {
    const program = await fetchIntoCache(dir, log)
    expect(program.path.startsWith(dir)).toBe(true)
    const { exitCode, output } = await runCommand(program.path, ['--version'], {
      withinMs: 5_000,
      env: redisEnvironment(program),
    })
    expect({ exitCode, output }).toEqual({ exitCode: 0, output: expect.stringMatching(/server v=\d+/) })

    const again = await fetchIntoCache(dir, log)
    expect(again).toEqual(program)
  },
)
