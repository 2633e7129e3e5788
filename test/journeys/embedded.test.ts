import { existsSync, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from 'vitest'
import { locateEmbeddedPostgres } from '../../src/runtime/embedded-postgres.ts'
import { processIdentity } from '../../src/runtime/process-identity.ts'
import { createDataFolder, type DataFolder, type EmbeddedSystem, startEmbedded } from '../support/embedded-system.ts'
import { keepStill } from '../support/keep-still.ts'
import { organisePoll, type PollShown, send } from '../support/organiser.ts'
import { childrenOf, commandOf } from '../support/process-figures.ts'
import { connectViewer } from '../support/viewer.ts'
import { createVoter } from '../support/voter.ts'
import { attemptVote } from '../support/voters.ts'
import { waitUntil } from '../support/wait-until.ts'

const startWithinMs = 15_000
const stopWithinMs = 10_000

let folder: DataFolder
const started: EmbeddedSystem[] = []

beforeAll(() => {
  folder = createDataFolder()
})
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') console.error(started.map((system) => system.output()).join('\n---\n'))
})
afterAll(async () => {
  await Promise.all(started.map(async (system) => system.stop()))
  folder.remove()
})

const start = async (dataDir = folder.path, env: Readonly<Record<string, string>> = {}): Promise<EmbeddedSystem> => {
  const system = await startEmbedded({ dataDir, env })
  started.push(system)
  return system
}

const postgresPid = (): number =>
  Number(readFileSync(join(folder.path, 'postgres/postmaster.pid'), 'utf8').split('\n')[0])

/** What a server or an instance that still runs has in the folder. */
const leftBehind = (): readonly string[] =>
  ['postgres/postmaster.pid', 'instance.lock'].filter((name) => existsSync(join(folder.path, name)))

const samplePollId = (system: EmbeddedSystem): string => {
  const found = /\/p\/([A-Za-z0-9_-]+)/.exec(system.output())?.[1]
  if (found === undefined) throw new Error(`no link to a poll was printed:\n${system.output()}`)
  return found
}

const listPolls = async (system: EmbeddedSystem): Promise<readonly PollShown[]> => {
  const adminToken = readFileSync(join(folder.path, 'admin-token'), 'utf8').trim()
  const answer = await send(system.url, 'GET', '/polls', { headers: { authorization: `Bearer ${adminToken}` } })
  // What the documented answer holds.
  return (answer.body as { readonly polls: readonly PollShown[] }).polls
}

/** One poll from its creation to what a viewer sees. */
const voteOnce = async (system: EmbeddedSystem): Promise<string> => {
  const poll = await organisePoll(system.url)
  const viewer = connectViewer(`${system.url.replace('http', 'ws')}/ws/polls/${poll.id}`)
  await viewer.sees((message) => message.total_votes === 0)
  const voter = createVoter(system.url, 'cookie')
  expect((await attemptVote(voter, poll.id, [2])).outcome.result).toBe('accepted')
  voter.close()
  await viewer.sees(({ options }) => options.find(({ id }) => id === 2)?.votes === 1)
  viewer.socket.terminate()
  return poll.id
}

let votedPoll = ''

test('on an empty folder it answers within 15 s, with a sample poll, and a poll can be created, voted in and watched', async () => {
  const beganAt = performance.now()
  const system = await start()
  await system.welcomes(startWithinMs)
  console.log(`answers after ${Math.round(performance.now() - beganAt)} ms`)

  expect(system.output()).toContain('/docs')
  expect(system.output()).toContain(`Make a poll        http://localhost:${system.ports.PORT}/\n`)
  expect(system.output()).toContain(folder.path)
  expect((await send(system.url, 'GET', `/polls/${samplePollId(system)}`)).status).toBe(200)
  expect((await listPolls(system)).map(({ id }) => id)).toEqual([samplePollId(system)])
  votedPoll = await voteOnce(system)
})

test('a token that gives power over polls can be read by its owner alone', () => {
  for (const name of ['admin-token', 'sample-poll.json']) {
    expect(statSync(join(folder.path, name)).mode & 0o077).toBe(0)
  }
})

test('a second instance on the same data folder says what to do, and ends', async () => {
  const second = await start()
  expect((await second.ended()).exitCode).toBe(1)
  expect(second.output()).toContain('is in use by another running Tallycast')
  expect(second.output()).toContain('What to do:')
  expect(started[0]?.isRunning()).toBe(true)
})

test('Ctrl-C ends it within 10 s with exit code 0, and nothing is left running', async () => {
  // The first test started it.
  const system = started[0]!
  const pid = postgresPid()
  expect(processIdentity(pid)).not.toBeNull()
  const beganAt = performance.now()
  system.signal('SIGINT')
  expect(await system.ended(stopWithinMs)).toEqual({ exitCode: 0, signal: null })
  console.log(`ended after ${Math.round(performance.now() - beganAt)} ms`)
  expect(processIdentity(pid)).toBeNull()
  expect(leftBehind()).toEqual([])
})

test('after a restart the data is there, and the sample poll is there once', async () => {
  const system = await start()
  await system.welcomes()
  expect((await listPolls(system)).map(({ id }) => id).toSorted()).toEqual([samplePollId(system), votedPoll].toSorted())
  const poll = (await send(system.url, 'GET', `/polls/${votedPoll}`)).body
  expect(poll).toMatchObject({ status: 'open', total_votes: 1 })
})

test('after kill -9 it is up again on the same data, although its PostgreSQL was left behind', async () => {
  // The test before this one started it.
  const killed = started.at(-1)!
  const orphan = postgresPid()
  killed.signal('SIGKILL')
  await killed.ended()
  expect(processIdentity(orphan)).not.toBeNull()

  const beganAt = performance.now()
  const system = await start()
  await system.welcomes(startWithinMs)
  console.log(`answers ${Math.round(performance.now() - beganAt)} ms after kill -9`)
  expect((await send(system.url, 'GET', `/polls/${votedPoll}`)).body).toMatchObject({ total_votes: 1 })
  await voteOnce(system)
  system.signal('SIGTERM')
  expect(await system.ended(stopWithinMs)).toEqual({ exitCode: 0, signal: null })
  expect(processIdentity(orphan)).toBeNull()
  expect(leftBehind()).toEqual([])
})

test('several api processes answer on the same data where that is asked for, and end with it', async () => {
  const system = await start(folder.path, { API_PROCESSES: '2' })
  await system.welcomes()
  const pids = childrenOf(system.pid())
  // PostgreSQL is one.
  expect(pids.length).toBe(3)
  expect((await send(system.url, 'GET', `/polls/${votedPoll}`)).body).toMatchObject({ total_votes: 1 })
  await voteOnce(system)
  system.signal('SIGINT')
  expect(await system.ended(stopWithinMs)).toEqual({ exitCode: 0, signal: null })
  expect(pids.filter((pid) => processIdentity(pid) !== null)).toEqual([])
  expect(leftBehind()).toEqual([])
})

test('nothing outlives it that it could not stop in time', async () => {
  const system = await start(folder.path, { API_PROCESSES: '2', SHUTDOWN_TIMEOUT_MS: '500' })
  await system.welcomes()
  const pids = childrenOf(system.pid())
  const hangs = pids.find((pid) => commandOf(pid).includes('api-process.ts'))
  if (hangs === undefined) throw new Error('no api process was found')
  // For whom PostgreSQL would stay where it is asked to end politely.
  const guest = new pg.Client(locateEmbeddedPostgres(folder.path))
  guest.on('error', () => undefined)
  onTestFinished(async () => guest.end())
  await guest.connect()
  {
    using _ = keepStill(hangs)
    system.signal('SIGINT')
    expect(await system.ended(stopWithinMs)).toEqual({ exitCode: 1, signal: null })
  }
  expect(system.output()).toContain('did not stop in time')
  await waitUntil(() => pids.every((pid) => processIdentity(pid) === null), {
    withinMs: stopWithinMs,
    what: 'its api processes and its PostgreSQL are gone',
  })
})

test('a port that is taken is named, with what to do, and nothing is left running', async () => {
  const holder = createServer()
  const { promise, resolve } = Promise.withResolvers<void>()
  holder.listen(0, '127.0.0.1', resolve)
  await promise
  const address = holder.address()
  if (address === null || typeof address === 'string') throw new Error('not listening on a port')
  const system = await start(folder.path, { PORT: String(address.port) })
  expect((await system.ended(20_000)).exitCode).toBe(1)
  holder.close()
  expect(system.output().split('Tallycast cannot start')).toHaveLength(2)
  expect(system.output()).toContain(`port ${address.port} is taken`)
  expect(system.output()).toContain('What to do:')
  expect(system.output()).not.toContain('    at ')
  expect(leftBehind()).toEqual([])
})

test('a data folder that cannot be written is named, with what to do', async () => {
  // A file in the way stops root as well, whom no permissions would.
  const system = await start(join(folder.path, 'admin-token', 'data'))
  expect((await system.ended(20_000)).exitCode).toBe(1)
  expect(system.output()).toContain('admin-token')
  expect(system.output()).toContain('What to do:')
  expect(system.output()).not.toContain('    at ')
})

test('a data folder of whose name there is a file is named so', async () => {
  const system = await start(join(folder.path, 'admin-token'))
  expect((await system.ended(20_000)).exitCode).toBe(1)
  expect(system.output()).toContain('there is a file of that name')
  expect(system.output()).toContain('DATA_DIR')
})

test('on single addresses, and on ports that the system picks, it says where it answers', async () => {
  const fresh = createDataFolder()
  const places = { HOST: '127.0.0.2', PORT: '0', GRPC_HOST: '127.0.0.3', GRPC_PORT: '0' }
  const system = await startEmbedded({ dataDir: fresh.path, env: places })
  try {
    await system.welcomes()
    const [, url = 'nowhere'] = /On this machine +(http:\/\/127\.0\.0\.2:\d+)\/p\//.exec(system.output()) ?? []
    // The sample poll was made there, by way of the admin role.
    expect((await send(url, 'GET', `/polls/${samplePollId(system)}`)).status).toBe(200)
  } finally {
    await system.stop()
    fresh.remove()
  }
})

test('an environment with mistakes is answered with all of them', async () => {
  const system = await start(folder.path, { PORT: 'many', LEASE_MS: '1', VOTE_PARTITIONS: '1000' })
  expect((await system.ended()).exitCode).toBe(1)
  for (const name of ['PORT', 'LEASE_MS', 'VOTE_PARTITIONS']) expect(system.output()).toContain(name)
})
