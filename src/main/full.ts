import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join, resolve } from 'node:path'
import { type Config, readConfig } from '../runtime/config.ts'
import { startEmbeddedPostgres } from '../runtime/embedded-postgres.ts'
import { nameablePort } from '../runtime/free-port.ts'
import { ownHost } from '../runtime/lan-url.ts'
import { createLog } from '../runtime/log.ts'
import { migrate } from '../runtime/migrations.ts'
import { checkOpsPortIsFree } from '../runtime/ops-server.ts'
import { provideRedisServer } from '../runtime/redis-server.ts'
import { reportFailure, SetupProblem } from '../runtime/setup-problem.ts'
import { stopChild } from '../runtime/stop-child.ts'
import { createStopSignal, waitFor } from '../runtime/stop-signal.ts'
import { embeddedSettings } from './adapters.ts'
import { explainStart } from './explain-start.ts'
import { provideAdminToken } from './owner-files.ts'
import { startChild } from './start-child.ts'
import { welcome } from './welcome.ts'
import { ownAdminUrl } from './grpc-tls.ts'

const readyWithinMs = 30_000
/** Of a process that did not end in time. */
const killWithinMs = 1_000
const roles = ['admin', 'worker', 'api'] as const
type ChildRole = (typeof roles)[number]
type OpsPorts = Readonly<Record<ChildRole, number>>

/** The full profile on one machine without Docker: own PostgreSQL, own Redis, and the three processes: `npm run full`. */
async function main(): Promise<void> {
  const given = readConfig(process.env, 'full')
  const log = createLog({ name: 'full', level: given.logLevel })
  using stop = createStopSignal({ log, shutdownTimeoutMs: 2 * given.shutdownTimeoutMs })
  const { signal } = stop

  await using postgres = await startEmbeddedPostgres({
    dataDir: given.dataDir,
    log,
    signal,
    settings: embeddedSettings(given),
  })
  await using redis = await provideRedisServer({ dir: join(given.dataDir, 'redis'), log, signal })
  await migrate(postgres.databaseUrl, { log, signal })
  const { adminToken, where } = await provideAdminToken(given.dataDir, given.adminToken)
  const ports = { port: await nameablePort(given.port), grpcPort: await nameablePort(given.grpcPort) }
  const adminGrpcUrl = ownAdminUrl({ ...given, ...ports })
  const { databaseUrl } = postgres
  const config: Config = { ...given, ...ports, databaseUrl, redisUrl: redis.redisUrl, adminToken, adminGrpcUrl }
  const opsPorts = await chooseOpsPorts(config)

  const children = new Map<ChildRole, ChildProcess>()
  try {
    for (const role of roles) {
      if (signal.aborted) break
      const child = startChild(`${role}.ts`, [], { ...config, opsPort: opsPorts[role] })
      children.set(role, child)
      child.once('exit', (exitCode, endedBy) => {
        if (signal.aborted) return
        // One that has failed has said itself what it failed of.
        if (exitCode !== 1) log.error({ exitCode, endedBy }, `the ${role} process ended unasked: all others end too`)
        process.exitCode = 1
        stop.stop(`the end of the ${role} process`)
      })
      await becomesReady(role, `http://${ownHost(config.opsHost)}:${opsPorts[role]}/health/ready`, signal)
    }
    if (!signal.aborted) {
      const storage = `${resolve(given.dataDir)} (PostgreSQL, and Redis at ${redis.redisUrl})`
      process.stdout.write(`${await welcome(config, where, storage)}\n`)
      // It may have come while the words above were found.
      if (!signal.aborted) await once(signal, 'abort')
    }
  } finally {
    await endAll([...children.values()], config)
  }
}

/** One after the other from OPS_PORT, as each process alone would take them by default. */
async function chooseOpsPorts({ opsHost, opsPort }: Config): Promise<OpsPorts> {
  const choose = async (place: number): Promise<number> => nameablePort(opsPort === 0 ? 0 : opsPort + place)
  const ports = { api: await choose(0), worker: await choose(1), admin: await choose(2) }
  for (const port of Object.values(ports)) await checkOpsPortIsFree(opsHost, port)
  return ports
}

async function becomesReady(role: ChildRole, url: string, signal: AbortSignal): Promise<void> {
  const answers = async (): Promise<boolean> =>
    fetch(url).then(
      ({ ok }) => ok,
      () => false,
    )
  const isReady = await waitFor(answers, { withinMs: readyWithinMs, everyMs: 50, signal })
  if (isReady || signal.aborted) return
  throw new SetupProblem(`the ${role} process did not become ready`, 'read its messages above, or set LOG_LEVEL=info')
}

/** Whoever does not end in time ends itself, by its own limit, and is killed only where not even that works. */
async function endAll(children: readonly ChildProcess[], { shutdownTimeoutMs }: Config): Promise<void> {
  const steps = [
    // One that was stopped hears of nothing else before it goes on.
    { signal: 'SIGCONT', withinMs: 0 },
    { signal: 'SIGTERM', withinMs: 1.5 * shutdownTimeoutMs },
    { signal: 'SIGKILL', withinMs: killWithinMs },
  ] as const
  await Promise.all(children.map(async (child) => stopChild(child, steps)))
}

await main().catch((fault: unknown) => reportFailure(explainStart(fault)))
