import type { Registry } from 'prom-client'
import { type Config, readConfig } from '../runtime/config.ts'
import { createLog, type Log } from '../runtime/log.ts'
import { createMetricsRegistry } from '../runtime/metrics.ts'
import { startOpsServer } from '../runtime/ops-server.ts'
import { reportFailure } from '../runtime/setup-problem.ts'
import { createStopSignal } from '../runtime/stop-signal.ts'
import { type Adapters, connectAdapters } from './adapters.ts'
import { explainStart } from './explain-start.ts'

/** What a role runs with. One process may run several roles on the same. */
export type RoleContext = {
  readonly config: Config
  readonly adapters: Adapters
  readonly registry: Registry
  readonly log: Log
  /** Aborts when the process is asked to stop. */
  readonly signal: AbortSignal
}

/** Serves until the signal aborts, then ends in order. Calls `onReady` when it answers. */
export type RunRole = (context: RoleContext, onReady: () => void) => Promise<void>

/** One process with one role: what `npm run api`, `worker` and `admin` start. Never rejects: sets the exit code. */
export async function runProcess(role: 'api' | 'worker' | 'admin', run: RunRole): Promise<void> {
  try {
    const config = readConfig(process.env, role)
    const log = createLog({ name: role, level: config.logLevel })
    using stop = createStopSignal({ log, shutdownTimeoutMs: config.shutdownTimeoutMs })
    endWithParent(stop.stop)
    await serveRole(role, run, config, log, stop.signal)
  } catch (error) {
    reportFailure(explainStart(error))
  }
}

/** Where another process of ours started this one, it ends with it. Elsewhere there is no channel, and nothing happens. */
function endWithParent(stop: (reason: string) => void): void {
  process.once('disconnect', () => stop('the end of the process that started it'))
  process.channel?.unref()
}

async function serveRole(role: string, run: RunRole, config: Config, log: Log, signal: AbortSignal): Promise<void> {
  const registry = createMetricsRegistry(role)
  let isServing = false
  await using ops = await startOpsServer({
    host: config.opsHost,
    port: config.opsPort,
    registry,
    isReady: () => isServing && !signal.aborted,
    log,
  })
  log.debug({ port: ops.port }, 'health and metrics answer')
  await using adapters = await connectAdapters(config, log)
  // Whoever starts on a database that is away or not migrated hears so now, not at the first call.
  await adapters.secrets.read()
  await run({ config, adapters, registry, log, signal }, () => {
    isServing = true
    log.info('ready')
  })
}
