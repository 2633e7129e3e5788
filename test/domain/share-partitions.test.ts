import { expect, test } from 'vitest'
import { createSharePartitions } from '../../src/application/record-votes/share-partitions.ts'

async function sharesOf(partitions: number, workers: number): Promise<readonly number[]> {
  const shares: number[] = []
  for (let before = 0; before < workers; before += 1) {
    const lease = { present: async () => ({ workers, before }) }
    const hooks = { sleep: async () => {}, onError: () => {} }
    const share = createSharePartitions(lease, `worker-${before}`, 1_000, () => partitions, hooks)
    await share.start()
    shares.push(share.most())
  }
  return shares
}

test.each([
  [6, 4, [2, 2, 1, 1]],
  [9, 4, [3, 2, 2, 2]],
  [7, 3, [3, 2, 2]],
  [2, 3, [1, 1, 0]],
])('%i partitions are shared by %i workers as %j', async (partitions, workers, shares) => {
  expect(await sharesOf(partitions, workers)).toEqual(shares)
})

test('all shares together are all partitions, and no two differ by more than one', async () => {
  for (let partitions = 1; partitions <= 64; partitions += 1) {
    for (let workers = 1; workers <= 9; workers += 1) {
      const shares = await sharesOf(partitions, workers)
      expect(shares.reduce((sum, share) => sum + share, 0)).toBe(partitions)
      expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1)
    }
  }
})
