import { runApi } from './api.ts'
import { answerParent, tellReady } from './api-channel.ts'
import { runProcess } from './role.ts'

// One of the api processes that share a port. Who starts it (`api-processes.ts`) gives it its number.
const number = process.argv[2] ?? ''

await runProcess(
  'api',
  async (context, onReady) =>
    runApi(context, () => {
      onReady()
      tellReady()
    }),
  { labels: { api_process: number }, show: answerParent },
)
