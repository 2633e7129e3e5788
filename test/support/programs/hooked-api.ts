// The api as its composition root has it, with a hook between the log's having a vote and the answer.
import { runApi } from '../../../src/main/api.ts'
import { runProcess } from '../../../src/main/role.ts'
import { reach } from '../hooks.ts'

await runProcess('api', async (context, onReady) => {
  const { door } = context.adapters
  const adapters: typeof context.adapters = {
    ...context.adapters,
    door: {
      ...door,
      async append(partition, calls) {
        const answers = await door.append(partition, calls)
        if (answers.some(({ answer }) => answer === 'accepted')) reach('after_append')
        return answers
      },
    },
  }
  await runApi({ ...context, adapters }, onReady)
})
