import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { processIdentity } from '../../src/runtime/process-identity.ts'
import { createDataFolder } from '../support/embedded-system.ts'
import { findFreePorts, findPortsInRow } from '../support/free-ports.ts'
import { keepStill } from '../support/keep-still.ts'
import { organisePoll } from '../support/organiser.ts'
import { childrenOf, commandOf } from '../support/process-figures.ts'
import { type ServerProcess, startServerProcess } from '../support/server-process.ts'
import { connectViewer } from '../support/viewer.ts'
import { createVoter } from '../support/voter.ts'
import { attemptVote } from '../support/voters.ts'
import { waitUntil } from '../support/wait-until.ts'

/** Starts it, and ends it if the test does not. */
const withFull = async (use: (full: ServerProcess, port: number, dataDir: string) => Promise<void>): Promise<void> => {
  const folder = createDataFolder()
  const [port = 0, grpcPort = 0] = await findFreePorts(2)
  // One for each process.
  const [opsPort] = await findPortsInRow(3)
  const full = startServerProcess({
    name: 'full',
    program: 'full',
    env: {
      HOST: '127.0.0.1',
      DATA_DIR: folder.path,
      PORT: String(port),
      GRPC_PORT: String(grpcPort),
      OPS_PORT: String(opsPort),
      SHUTDOWN_TIMEOUT_MS: '5000',
      LOG_LEVEL: 'info',
    },
  })
  try {
    await waitUntil(() => full.output().includes('Ctrl-C stops it') || !full.isRunning(), {
      withinMs: 60_000,
      what: 'it says that it runs',
    })
    await use(full, port, folder.path)
  } catch (error) {
    console.error(full.output())
    throw error
  } finally {
    await full.stop()
    folder.remove()
  }
}

test('the full profile starts with one command, counts a vote, and one Ctrl-C ends all of it', async () => {
  await withFull(async (full, port, dataDir) => {
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
  await withFull(async (full) => {
    const pids = childrenOf(full.pid())
    const hangs = pids.find((pid) => commandOf(pid).includes('worker.ts'))
    if (hangs === undefined) throw new Error('no worker was found')
    using _ = keepStill(hangs)
    full.signal('SIGINT')
    expect(await full.ended(20_000)).toEqual({ exitCode: 0, signal: null })
    expect(pids.filter((pid) => processIdentity(pid) !== null)).toEqual([])
  })
})

/** The processes that have written to the log. */
const processesIn = (output: string): readonly number[] => [
  ...new Set([...output.matchAll(/"pid":(\d+)/g)].map(([, pid]) => Number(pid))),
]
