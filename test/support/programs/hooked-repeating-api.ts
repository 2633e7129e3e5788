// The api as its composition root has it, with a door to which every batch of calls goes three times.
import { Counter } from 'prom-client'
import { runApi } from '../../../src/main/api.ts'
import { runProcess } from '../../../src/main/role.ts'

await runProcess('api', async (context, onReady) => {
  const { door } = context.adapters
  const registers = [context.registry]
  const repeated = new Counter({ name: 'test_calls_repeated_total', help: 'Calls sent again.', registers })
  const otherwise = new Counter({ name: 'test_repeated_otherwise_total', help: 'Answered otherwise.', registers })
  const adapters: typeof context.adapters = {
    ...context.adapters,
    door: {
      ...door,
      async append(partition, calls) {
        const first = await door.append(partition, calls)
        let last = first
        for (let time = 2; time <= 3; time += 1) {
          last = await door.append(partition, calls)
          repeated.inc(calls.length)
          for (const [index, answer] of first.entries()) {
            const again = last[index]
            const isSame =
              answer.answer !== 'accepted' || (again?.answer === 'accepted' && again.position === answer.position)
            if (!isSame) otherwise.inc()
          }
        }
        return last
      },
    },
  }
  await runApi({ ...context, adapters }, onReady)
})
