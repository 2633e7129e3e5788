// The worker as its composition root has it, with hooks at what comes before and after a commit.
import { Counter } from 'prom-client'
import { runProcess } from '../../../src/main/role.ts'
import { runWorker } from '../../../src/main/worker.ts'
import { reach } from '../hooks.ts'

await runProcess('worker', async (context, onReady) => {
  const { ledger, feed } = context.adapters
  const fenced = new Counter({ name: 'test_fenced_total', help: 'Commits too late.', registers: [context.registry] })
  const adapters: typeof context.adapters = {
    ...context.adapters,
    ledger: {
      ...ledger,
      async record(batch) {
        if (batch.votes.length > 0) reach('before_record')
        const recorded = await ledger.record(batch)
        if (recorded === 'fenced') fenced.inc()
        if (batch.votes.length > 0) reach('after_commit')
        return recorded
      },
    },
    feed: {
      ...feed,
      async publishTally(tally) {
        await feed.publishTally(tally)
        reach('after_publish')
      },
    },
  }
  await runWorker({ ...context, adapters }, onReady)
})
