import { expect, test } from 'vitest'
import { Redis } from 'ioredis'
import { createTestDatabase } from '../support/postgres.ts'
import { startTestRedis, shareTestRedis } from '../support/redis.ts'

test('each test database is a clone of its own of the migrated template', async () => {
  await using one = await createTestDatabase()
  await using other = await createTestDatabase()
  await one.pool.query('create table mine (n int)')
  const { rows } = await other.pool.query<{ mine: string | null; migration: string | null }>(
    "select to_regclass('mine') as mine, to_regclass('migration') as migration",
  )
  expect(rows[0]).toEqual({ mine: null, migration: 'migration' })
})

test('a test Redis that is killed keeps its data for the restart', async () => {
  expect(shareTestRedis().prefix).not.toBe(shareTestRedis().prefix)
  await using server = await startTestRedis()
  const redis = new Redis(server.redisUrl)
  try {
    await redis.set('a', '1')
    await server.kill()
    await server.restart()
    expect(await redis.get('a')).toBe('1')
  } finally {
    redis.disconnect()
  }
})
