import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Config } from '../runtime/config.ts'

/** Starts a program of ours beside this one: its environment is ours, with what we have found and made ourselves. */
export function startChild(program: `${string}.ts`, args: readonly string[], config: Config): ChildProcess {
  const path = fileURLToPath(new URL(program, import.meta.url))
  // A process group of its own: Ctrl-C reaches this process alone, which then asks each to end, once. The channel closes
  // when this process dies without a word, and the child ends by that.
  return spawn(process.execPath, [path, ...args], {
    env: environmentOf(config),
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    // As JSON a measure that is no number would come as null.
    serialization: 'advanced',
  })
}

function environmentOf(config: Config): NodeJS.ProcessEnv {
  const own = {
    DATABASE_URL: config.databaseUrl ?? '',
    REDIS_URL: config.redisUrl ?? '',
    ADMIN_TOKEN: config.adminToken ?? '',
    ADMIN_GRPC_URL: config.adminGrpcUrl,
    PORT: String(config.port),
    GRPC_PORT: String(config.grpcPort),
    OPS_PORT: String(config.opsPort),
    LOG_LEVEL: config.logLevel,
  }
  // What a file gave is given by now, and both would contradict each other.
  const files = Object.keys(own).map((name) => [`${name}_FILE`, ''])
  return { ...process.env, ...Object.fromEntries(files), ...own }
}
