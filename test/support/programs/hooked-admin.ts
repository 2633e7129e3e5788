// The admin as its composition root has it, with a hook between the saving of a close and the shutting of the doors.
import { runAdmin } from '../../../src/main/admin.ts'
import { runProcess } from '../../../src/main/role.ts'
import { reach } from '../hooks.ts'

await runProcess('admin', async (context, onReady) => {
  const { door } = context.adapters
  const adapters: typeof context.adapters = {
    ...context.adapters,
    door: {
      ...door,
      async shut(...asked) {
        reach('before_shut')
        return door.shut(...asked)
      },
    },
  }
  await runAdmin({ ...context, adapters }, onReady)
})
