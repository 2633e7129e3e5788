import { expect, test } from 'vitest'
import { pageCacheMegabytes } from '../../src/runtime/postgres-memory.ts'

const gigabyte = 2 ** 30

test('the embedded PostgreSQL keeps pages in an eighth of the memory, 128 MB at least and 1 GB at most', () => {
  const megabytes = (total: number, constrained?: number) => pageCacheMegabytes(total, constrained)
  expect([0.5, 1, 2, 4, 8, 64].map((size) => megabytes(size * gigabyte))).toEqual([128, 128, 256, 512, 1_024, 1_024])
})

test('the memory of a container is its own, where it has a limit', () => {
  expect(pageCacheMegabytes(64 * gigabyte, 2 * gigabyte)).toBe(256)
  expect(pageCacheMegabytes(2 * gigabyte, 2 ** 62)).toBe(256)
  expect(pageCacheMegabytes(2 * gigabyte, 0)).toBe(256)
})
