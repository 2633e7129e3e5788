import { resolve } from 'node:path'
import { type Config, readConfig } from '../runtime/config.ts'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../runtime/embedded-postgres.ts'
import { nameablePort } from '../runtime/free-port.ts'
import { createLog } from '../runtime/log.ts'
import { createMetricsRegistry } from '../runtime/metrics.ts'
import { migrate } from '../runtime/migrations.ts'
import { startOpsServer } from '../runtime/ops-server.ts'
import { refuseMissingLimits } from '../runtime/postgres-pooler.ts'
import { reportFailure } from '../runtime/setup-problem.ts'
import { createStopSignal } from '../runtime/stop-signal.ts'
import { connectAdapters, embeddedSettings } from './adapters.ts'
import { explainStart } from './explain-start.ts'
import { runAdmin } from './admin.ts'
import { runApis } from './api.ts'
import { provideAdminToken } from './owner-files.ts'
import type { Answers, RoleContext, RunRole } from './role.ts'
import { welcome } from './welcome.ts'
import { traceRecording } from './tracing/trace-recording.ts'
import { startTracing } from './tracing/tracing.ts'
import { runWorker } from './worker.ts'
import { ownAdminUrl } from './grpc-tls.ts'

/** Everything in one process, on an embedded PostgreSQL where DATABASE_URL names none: `npm start`. */
async function main(): Promise<void> {
  const given = readConfig(process.env, 'all')
  const log = createLog({ name: 'tallycast', level: given.logLevel })
  using stop = createStopSignal({ log, shutdownTimeoutMs: given.shutdownTimeoutMs })

  await using postgres =
    given.databaseUrl === null
      ? await startEmbeddedPostgres({
          dataDir: given.dataDir,
          log,
          signal: stop.signal,
          settings: embeddedSettings(given),
        })
      : null
  const databaseUrl = given.databaseUrl ?? postgres?.databaseUrl ?? null
  if (databaseUrl === null) throw new Error('neither a database was given nor one started')
  await migrate(databaseUrl, { log, signal: stop.signal })
  if (postgres === null) await refuseMissingLimits(databaseUrl)

  const { adminToken, where } = await provideAdminToken(given.dataDir, given.adminToken)
  const ports = { port: await nameablePort(given.port), grpcPort: await nameablePort(given.grpcPort) }
  const adminGrpcUrl = ownAdminUrl({ ...given, ...ports })
  const config: Config = { ...given, ...ports, databaseUrl, adminToken, adminGrpcUrl }
  const registry = createMetricsRegistry('all')
  let answers: Answers = async () => false
  const isReady: Answers = async () => !stop.signal.aborted && answers()
  await using ops = await startOpsServer({ host: config.opsHost, port: config.opsPort, registry, isReady, log })
  log.debug({ port: ops.port }, 'health and metrics answer')
  await using tracing = await startTracing(config, 'all', log)
  await using connected = await connectAdapters(config, log)

  const adapters = tracing === null ? connected : traceRecording(connected, tracing)
  const context = { config, adapters, registry, log, tracing, signal: stop.signal }
  await runTogether([runAdmin, runWorker, runApis], context, stop.stop, async (allAnswer) => {
    answers = allAnswer
    process.stdout.write(`${await welcome(config, where, describeStorage(config, postgres))}\n`)
  })
}

function describeStorage(config: Config, postgres: EmbeddedPostgres | null): string {
  return postgres === null ? 'the PostgreSQL that DATABASE_URL names' : resolve(config.dataDir)
}

/** Starts each role when the one before it answers. When one ends with a fault the others are stopped, and the fault is thrown. */
async function runTogether(
  roles: readonly RunRole[],
  context: RoleContext,
  stop: (reason: string) => void,
  onAllReady: (allAnswer: Answers) => Promise<void>,
): Promise<void> {
  const running: Promise<void>[] = []
  const answering: Answers[] = []
  async function startAll(): Promise<void> {
    for (const run of roles) {
      const ready = Promise.withResolvers<void>()
      const ended = run(context, (answers = async () => true) => {
        answering.push(answers)
        ready.resolve()
      })
      running.push(ended)
      await Promise.race([ready.promise, ended])
    }
    const allAnswer: Answers = async () => (await Promise.all(answering.map(async (ask) => ask()))).every(Boolean)
    if (!context.signal.aborted) await onAllReady(allAnswer)
    await Promise.race(running)
  }
  const [first] = await Promise.allSettled([startAll()])
  stop('a role that ended')
  const results = [first, ...(await Promise.allSettled(running))]
  const failed = results.find((result) => result.status === 'rejected')
  if (failed) throw failed.reason
}

await main().catch((fault: unknown) => reportFailure(explainStart(fault)))
