// The worker as its composition root has it, with a ledger to which every batch goes three times, and with news and cached
// tallies that come doubled, late and in any order.
import { Counter } from 'prom-client'
import type { Tally } from '../../../src/domain/tally.ts'
import { runProcess } from '../../../src/main/role.ts'
import { runWorker } from '../../../src/main/worker.ts'

const rememberedMax = 8

await runProcess('worker', async (context, onReady) => {
  const { ledger, feed, cache } = context.adapters
  const registers = [context.registry]
  const commits = new Counter({ name: 'test_commits_repeated_total', help: 'Batches sent again.', registers })
  const otherwise = new Counter({ name: 'test_repeated_otherwise_total', help: 'Not fenced.', registers })
  const tallies = new Counter({ name: 'test_tallies_told_again_total', help: 'Tallies told again.', registers })
  const older = new Counter({ name: 'test_older_tallies_told_total', help: 'Of them, older ones.', registers })
  const told: Tally[] = []

  /** What was told lately, the newest among it, in any order. */
  const shuffleTold = (newest: Tally): readonly Tally[] => {
    told.push(newest)
    if (told.length > rememberedMax) told.shift()
    const again = told.map((tally) => ({ tally, place: Math.random() })).toSorted((a, b) => a.place - b.place)
    tallies.inc(again.length)
    older.inc(again.filter(({ tally }) => tally.version < newest.version).length)
    return again.map(({ tally }) => tally)
  }
  const adapters: typeof context.adapters = {
    ...context.adapters,
    ledger: {
      ...ledger,
      async record(batch) {
        const recorded = await ledger.record(batch)
        // An empty batch moves the checkpoint nowhere: it may come as often as it likes.
        if (recorded === 'fenced' || batch.to === batch.from.recorded) return recorded
        for (let time = 2; time <= 3; time += 1) {
          commits.inc()
          if ((await ledger.record(batch)) !== 'fenced') otherwise.inc()
        }
        return recorded
      },
    },
    feed: {
      ...feed,
      async publishTally(tally) {
        await feed.publishTally(tally)
        for (const again of shuffleTold(tally)) await feed.publishTally(again)
      },
    },
    cache: {
      ...cache,
      async putTally(tally) {
        await cache.putTally(tally)
        for (const again of shuffleTold(tally)) await cache.putTally(again)
      },
    },
  }
  await runWorker({ ...context, adapters }, onReady)
})
