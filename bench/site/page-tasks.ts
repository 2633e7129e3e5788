import type { Browser, Page } from 'playwright-core'

type TraceEvent = {
  readonly name: string
  readonly pid: number
  readonly tid: number
  /** Microseconds; of what takes time. */
  readonly dur?: number
  readonly args?: { readonly name?: string }
}

const traced = ['__metadata', 'toplevel', 'disabled-by-default-devtools.timeline']

/** How long each task of a page's own thread took while something happened, in milliseconds: during a task it neither paints nor hears anybody. */
export async function traceTasks(
  browser: Browser,
  page: Page,
  during: () => Promise<void>,
): Promise<readonly number[]> {
  await browser.startTracing(page, { categories: traced })
  await during()
  // As Chromium's tracing documents it.
  const trace = JSON.parse((await browser.stopTracing()).toString()) as { readonly traceEvents: readonly TraceEvent[] }
  const threadOf = ({ pid, tid }: TraceEvent): string => `${pid} ${tid}`
  const pageThreads = new Set(
    trace.traceEvents
      .filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain')
      .map(threadOf),
  )
  const tasks = trace.traceEvents.filter((event) => event.name.endsWith('RunTask') && pageThreads.has(threadOf(event)))
  if (tasks.length === 0) throw new Error('the trace has no task of a page')
  return tasks.map(({ dur = 0 }) => dur / 1000)
}
