import { expect, test } from 'vitest'
import { createQueue } from '../../src/application/queue.ts'

/** Work that ends when the test says so. */
const createWork = () => {
  const ends: (() => void)[] = []
  return {
    begun: () => ends.length,
    end: (number: number) => ends[number]?.(),
    run: async (): Promise<string> => {
      const { promise, resolve } = Promise.withResolvers<string>()
      ends.push(() => resolve('done'))
      return promise
    },
  }
}

const settled = async (): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>()
  setImmediate(resolve)
  await promise
}

const orNotYet = async (result: Promise<string>): Promise<string> =>
  Promise.race([result, settled().then(() => 'not yet')])

test('as many as may run do, as many as may wait follow in their order, and a further one is turned away at once', async () => {
  const work = createWork()
  const inTurn = createQueue({ runningMax: 2, waitingMax: 2, full: () => new Error('full') })
  const order: number[] = []
  const all = [0, 1, 2, 3].map(async (number) =>
    inTurn(async () => {
      order.push(number)
      return work.run()
    }),
  )
  await settled()
  expect(work.begun()).toBe(2)
  await expect(orNotYet(inTurn(work.run))).rejects.toThrow('full')
  work.end(1)
  await settled()
  expect(work.begun()).toBe(3)
  const later = inTurn(work.run)
  await expect(orNotYet(inTurn(work.run))).rejects.toThrow('full')
  for (let number = 0; number < 5; number += 1) {
    work.end(number)
    await settled()
  }
  expect(await Promise.all([...all, later])).toEqual(Array(5).fill('done'))
  expect(order).toEqual([0, 1, 2, 3])
})

test('one that fails gives its place to the next', async () => {
  const inTurn = createQueue({ runningMax: 1, waitingMax: 1, full: () => new Error('full') })
  const failing = inTurn(async () => Promise.reject(new Error('broken')))
  const next = inTurn(async () => 'done')
  await expect(failing).rejects.toThrow('broken')
  expect(await next).toBe('done')
})
