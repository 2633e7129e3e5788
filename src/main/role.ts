import { type Config, readConfig } from '../runtime/config.ts'
import { createLog, type Log } from '../runtime/log.ts'
import { createMetricsRegistry } from '../runtime/metrics.ts'
import { refuseOlderSchema } from '../runtime/migrations.ts'
import { refuseMissingLimits, refuseSharedSessions } from '../runtime/postgres-pooler.ts'
import type { ProcessRegistry } from '../runtime/process-registry.ts'
import { startOpsServer } from '../runtime/ops-server.ts'
import { reportFailure } from '../runtime/setup-problem.ts'
import { createStopSignal } from '../runtime/stop-signal.ts'
import { type Adapters, connectAdapters } from './adapters.ts'
import { explainStart } from './explain-start.ts'
import { traceRecording } from './tracing/trace-recording.ts'
import { startTracing, type Tracing } from './tracing/tracing.ts'

/** What a role runs with. One process may run several roles on the same. */
export type RoleContext = {
  readonly config: Config
  readonly adapters: Adapters
  readonly registry: ProcessRegistry
  readonly log: Log
  /** Null where no traces are wanted. */
  readonly tracing: Tracing | null
  /** Aborts when the process is asked to stop. */
  readonly signal: AbortSignal
}

/** Whether a role that has become ready answers now. */
export type Answers = () => Promise<boolean>

/**
 * Serves until the signal aborts, then ends in order. Calls `onReady` when it answers: with how that is told from then on, where it is not so until
 * the signal aborts.
 */
export type RunRole = (context: RoleContext, onReady: (answers?: Answers) => void) => Promise<void>

/** What those who operate a process ask it. */
export type Shown = Pick<RoleContext, 'config' | 'registry' | 'log'> & { readonly isReady: Answers }

type ProcessOptions = {
  /** On top of the role, on everything that this process measures. */
  readonly labels?: Readonly<Record<string, string>>
  /** Where it answers them, until it is disposed of. Not given: on OPS_PORT. */
  readonly show?: (shown: Shown) => Promise<AsyncDisposable>
}

/** One process with one role: what `npm run api`, `worker` and `admin` start. Never rejects: sets the exit code. */
export async function runProcess(
  role: 'api' | 'worker' | 'admin',
  run: RunRole,
  { labels = {}, show = showOnOpsPort }: ProcessOptions = {},
): Promise<void> {
  try {
    const config = readConfig(process.env, role)
    const log = createLog({ name: role, level: config.logLevel })
    using stop = createStopSignal({ log, shutdownTimeoutMs: config.shutdownTimeoutMs })
    endWithParent(stop.stop)
    const registry = createMetricsRegistry(role, labels)
    await using tracing = await startTracing(config, role, log)
    await serveRole(run, { config, log, registry, tracing, signal: stop.signal }, show)
  } catch (error) {
    reportFailure(explainStart(error))
  }
}

/** Where another process of ours started this one, it ends with it. Elsewhere there is no channel, and nothing happens. */
function endWithParent(stop: (reason: string) => void): void {
  process.once('disconnect', () => stop('the end of the process that started it'))
  process.channel?.unref()
}

async function showOnOpsPort({
  config: { opsHost, opsPort },
  registry,
  log,
  isReady,
}: Shown): Promise<AsyncDisposable> {
  const ops = await startOpsServer({ host: opsHost, port: opsPort, registry, isReady, log })
  log.debug({ port: ops.port }, 'health and metrics answer')
  return ops
}

async function serveRole(
  run: RunRole,
  beginnings: Omit<RoleContext, 'adapters'>,
  show: NonNullable<ProcessOptions['show']>,
): Promise<void> {
  const { config, log, tracing, signal } = beginnings
  let answers: Answers = async () => false
  await using resources = new AsyncDisposableStack()
  resources.use(await show({ ...beginnings, isReady: async () => !signal.aborted && answers() }))
  const connected = resources.use(await connectAdapters(config, log))
  const adapters = tracing === null ? connected : traceRecording(connected, tracing)
  // Whoever starts on a database that is away or not migrated hears so now, not at the first call.
  await adapters.secrets.read()
  // `connectAdapters` has refused to go on without one.
  await refuseOlderSchema(config.databaseUrl!)
  await refuseMissingLimits(config.databaseUrl!)
  if (config.redisUrl === null) await refuseSharedSessions(config.databaseUrl!, 'a Tallycast without Redis')
  await run({ ...beginnings, adapters }, (stillAnswers = async () => true) => {
    answers = stillAnswers
    log.info('ready')
  })
}
