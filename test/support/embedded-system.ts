import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findFreePorts } from './free-ports.ts'
import { keepOnLeash, type Leash } from './leash.ts'
import { raisedLimits } from './raised-limits.ts'
import { becomesReady, type ServerProcess, startServerProcess } from './server-process.ts'
import { waitUntil } from './wait-until.ts'

export type DataFolder = {
  readonly path: string
  /** Stops a PostgreSQL that was left behind in it, and removes it. */
  readonly remove: () => void
}

/** An empty place for the data of one installation. */
export const createDataFolder = (): DataFolder => {
  const parent = mkdtempSync(join(tmpdir(), 'tallycast-data-'))
  const leash: Leash = keepOnLeash(parent, 'data/postgres/postmaster.pid')
  return {
    path: join(parent, 'data'),
    remove() {
      rmSync(parent, { recursive: true, force: true })
      leash.release()
    },
  }
}

export type EmbeddedSystem = ServerProcess & {
  readonly url: string
  readonly ports: { readonly PORT: string; readonly GRPC_PORT: string; readonly OPS_PORT: string }
  /** Waits until it has said to the person who started it that it runs. */
  readonly welcomes: (withinMs?: number) => Promise<void>
}

type EmbeddedPlan = {
  readonly dataDir: string
  readonly env?: Readonly<Record<string, string>>
}

/** `npm start`, as far as `node src/main/all.ts` is it: one process, on ports of its own. Does not wait for anything. */
export const startEmbedded = async ({ dataDir, env = {} }: EmbeddedPlan): Promise<EmbeddedSystem> => {
  const [port = 0, grpcPort = 0, opsPort = 0] = await findFreePorts(3)
  const ports = { PORT: String(port), GRPC_PORT: String(grpcPort), OPS_PORT: String(opsPort), ...env }
  const server = startServerProcess({
    name: 'all',
    program: 'all',
    env: { HOST: '127.0.0.1', DATA_DIR: dataDir, ...raisedLimits, ...ports },
  })
  return {
    ...server,
    url: `http://127.0.0.1:${ports.PORT}`,
    ports,
    async welcomes(withinMs = 30_000) {
      await becomesReady(server, Number(ports.OPS_PORT), withinMs)
      await waitUntil(() => server.output().includes('Ctrl-C stops it'), { what: 'it says that it runs' })
    },
  }
}
