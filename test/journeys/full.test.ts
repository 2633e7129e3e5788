import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { processIdentity } from '../../src/runtime/process-identity.ts'
import { createDataFolder, type DataFolder } from '../support/embedded-system.ts'
import { findFreePorts, findPortsInRow } from '../support/free-ports.ts'
import { keepStill } from '../support/keep-still.ts'
import { organisePoll } from '../support/organiser.ts'
import { childrenOf, commandOf } from '../support/process-figures.ts'
import { type ServerProcess, startServerProcess } from '../support/server-process.ts'
import { connectViewer } from '../support/viewer.ts'
import { createVoter } from '../support/voter.ts'
import { attemptVote } from '../support/voters.ts'
import { waitUntil } from '../support/wait-until.ts'

type Environment = Readonly<Record<string, string>>
type Full = { readonly full: ServerProcess; readonly port: number; readonly dataDir: string }

const startFull = async (folder: DataFolder, env: Environment): Promise<Full> => {
  const [port = 0, grpcPort = 0] = await findFreePorts(2)
  // One for each process.
  const [opsPort] = await findPortsInRow(3)
  const ports = { PORT: String(port), GRPC_PORT: String(grpcPort), OPS_PORT: String(opsPort) }
  const full = startServerProcess({
    name: 'full',
    program: 'full',
    env: { HOST: '127.0.0.1', DATA_DIR: folder.path, SHUTDOWN_TIMEOUT_MS: '5000', LOG_LEVEL: 'info', ...ports, ...env },
  })
  return { full, port, dataDir: folder.path }
}

/** Starts it, uses it once it says that it runs, and ends it if the test does not. */
const withFull = async (env: Environment, use: (started: Full) => Promise<void>): Promise<void> => {
  const folder = createDataFolder()
  const started = await startFull(folder, env)
  const { full } = started
  try {
    await waitUntil(() => full.output().includes('Ctrl-C stops it') || !full.isRunning(), {
      withinMs: 60_000,
      what: 'it says that it runs',
    })
    await use(started)
  } catch (error) {
    console.error(full.output())
    throw error
  } finally {
    await full.stop()
    folder.remove()
  }
}

const workerOf = (full: ServerProcess): number => {
  const worker = childrenOf(full.pid()).find((pid) => commandOf(pid).includes('worker.ts'))
  if (worker === undefined) throw new Error('no worker was found')
  return worker
}

test('the full profile starts with one command, counts a vote, and one Ctrl-C ends all of it', async () => {
  await withFull({}, async ({ full, port, dataDir }) => {
    const url = `http://127.0.0.1:${port}`
    const poll = await organisePoll(url)
    const viewer = connectViewer(`${url.replace('http', 'ws')}/ws/polls/${poll.id}`)
    const voter = createVoter(url, 'cookie')
    expect((await attemptVote(voter, poll.id, [1])).outcome.result).toBe('accepted')
    voter.close()
    await viewer.sees(({ total_votes: total }) => total === 1)
    viewer.socket.terminate()

    const servers = ['postgres/postmaster.pid', 'redis/redis.pid'].map((name) =>
      Number.parseInt(readFileSync(join(dataDir, name), 'utf8'), 10),
    )
    const pids = [...processesIn(full.output()), ...servers]
    expect(pids.filter((pid) => processIdentity(pid) !== null).length).toBeGreaterThanOrEqual(5)
    full.signal('SIGINT')
    expect(await full.ended(20_000)).toEqual({ exitCode: 0, signal: null })
    expect(pids.filter((pid) => processIdentity(pid) !== null)).toEqual([])
  })
})

test('a process of the full profile that hangs is killed, and the others, PostgreSQL and Redis end in order all the same', async () => {
  await withFull({}, async ({ full }) => {
    const pids = childrenOf(full.pid())
    using _ = keepStill(workerOf(full))
    full.signal('SIGINT')
    expect(await full.ended(20_000)).toEqual({ exitCode: 0, signal: null })
    expect(pids.filter((pid) => processIdentity(pid) !== null)).toEqual([])
  })
})

test('where one of its processes is killed it says which one, and ends all of it', async () => {
  // Those for health are picked one by one.
  await withFull({ OPS_PORT: '0' }, async ({ full }) => {
    process.kill(workerOf(full), 'SIGKILL')
    expect((await full.ended(20_000)).exitCode).toBe(1)
    expect(full.output()).toContain('the worker process ended unasked: all others end too')
  })
})

test('another program that says of itself that it is ready is not taken for one of its processes', async () => {
  const folder = createDataFolder()
  const other = createServer((_, response) => response.end())
  other.listen(0, '127.0.0.1')
  await once(other, 'listening')
  // A server that listens on a port has one.
  const { port } = other.address() as AddressInfo
  const { full } = await startFull(folder, { OPS_PORT: String(port) })
  try {
    expect((await full.ended(30_000)).exitCode).toBe(1)
    expect(full.output()).toContain(`port ${port} of 127.0.0.1, for health and metrics, is taken by another program`)
    expect(full.output()).toContain('What to do:')
  } finally {
    await full.stop()
    other.close()
    folder.remove()
  }
})

/** The processes that have written to the log. */
const processesIn = (output: string): readonly number[] => [
  ...new Set([...output.matchAll(/"pid":(\d+)/g)].map(([, pid]) => Number(pid))),
]
