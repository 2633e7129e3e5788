import { randomBytes, randomUUID } from 'node:crypto'
import type { ManagePolls } from '../../src/application/manage-polls.ts'
import type { ManagedPoll } from '../../src/application/manage-polls/view-poll.ts'
import type { Poll, PollInput } from '../../src/domain/poll.ts'
import { isRefused, type Refused } from '../../src/domain/refusal.ts'
import { partitionOf, type VoterKey } from '../../src/domain/vote.ts'
import { type Adapters, connectAdapters } from '../../src/main/adapters.ts'
import { createAdminSteps, runAdmin } from '../../src/main/admin.ts'
import { runWorker } from '../../src/main/worker.ts'
import type { Caller } from '../../src/ports/poll-admin.ts'
import type { DoorAnswer, VoteDoor } from '../../src/ports/vote-door.ts'
import { type Config, readConfig } from '../../src/runtime/config.ts'
import { findFreePorts } from './free-ports.ts'
import { createLog } from '../../src/runtime/log.ts'
import { createMetricsRegistry } from '../../src/runtime/metrics.ts'
import { waitFor } from '../../src/runtime/stop-signal.ts'
import { createTestDatabase, type TestDatabase } from './postgres.ts'
import { shareTestRedis } from './redis.ts'
import { waitUntil } from './wait-until.ts'

export const adminToken = 'the-admin-token-of-this-test'
export const operator: Caller = { bearer: adminToken, requestId: 'test', address: null }
export const stranger: Caller = { bearer: null, requestId: 'test', address: null }

export type AdminSide = {
  readonly config: Config
  readonly database: TestDatabase
  readonly adapters: Adapters
  /** One admin's steps; called twice, two admins on the same poll store. */
  readonly createSteps: (change?: (adapters: Adapters) => Partial<Adapters>) => ReturnType<typeof createAdminSteps>
  /** Runs the whole role in this process; resolves with its gRPC address when it answers. */
  readonly runRole: () => Promise<{ readonly address: string; readonly stop: () => Promise<void> }>
  readonly stop: () => Promise<void>
}

/** Real adapters and a real worker on four partitions; the admin role is started by the test. */
export const startAdminSide = async (kind: 'postgres' | 'redis'): Promise<AdminSide> => {
  const database = await createTestDatabase()
  const { redisUrl, prefix } = shareTestRedis()
  const [port = 0] = await findFreePorts(1)
  const config = readConfig(
    {
      DATABASE_URL: database.databaseUrl,
      ...(kind === 'redis' ? { REDIS_URL: redisUrl, REDIS_PREFIX: prefix } : {}),
      ADMIN_TOKEN: adminToken,
      GRPC_PORT: `${port}`,
      VOTE_PARTITIONS: '4',
    },
    'admin',
  )
  const log = createLog({ name: 'test', level: 'error' })
  const adapters = await connectAdapters(config, log)
  const stopping = new AbortController()
  const context = {
    config,
    adapters,
    registry: createMetricsRegistry('test'),
    log,
    tracing: null,
    signal: stopping.signal,
  }
  const ready = Promise.withResolvers<void>()
  const running = [runWorker(context, ready.resolve)]
  await ready.promise
  await waitUntil(async () => isRecording(adapters, createAdminSteps(context).managePolls), { withinMs: 15_000 })

  return {
    config,
    database,
    adapters,
    createSteps: (change = () => ({})) =>
      createAdminSteps({ ...context, adapters: { ...adapters, ...change(adapters) } }),
    async runRole() {
      const own = new AbortController()
      const answers = Promise.withResolvers<void>()
      const role = runAdmin({ ...context, signal: AbortSignal.any([own.signal, stopping.signal]) }, answers.resolve)
      running.push(role)
      await Promise.race([answers.promise, role])
      const stop = async (): Promise<void> => {
        own.abort()
        await role
      }
      return { address: `127.0.0.1:${port}`, stop }
    },
    async stop() {
      stopping.abort()
      await Promise.all(running)
      await adapters[Symbol.asyncDispose]()
      await database.drop()
    },
  }
}

/** On a new stream the worker begins an epoch, which takes the doors from before along; from the first recorded vote on all is still. */
const isRecording = async ({ door, tallies }: Adapters, polls: ManagePolls): Promise<boolean> => {
  const { poll } = await createPoll(polls)
  if ((await voteEverywhere(door, poll)).some((answer) => answer !== 'accepted')) return false
  return waitFor(async () => (await tallies.read([poll.id]))[0]?.totalVotes === 4, { withinMs: 2000 })
}

export const lunch: PollInput = { question: 'Lunch?', options: [{ text: 'Soup' }, { text: 'Salad' }] }

/** What was not refused. */
export function granted<Answer extends object>(answer: Answer | Refused): Answer {
  if (isRefused(answer)) throw new Error(`refused: ${JSON.stringify(answer)}`)
  return answer
}

export type OwnPoll = { readonly poll: Poll; readonly organiser: Caller }

export const createPoll = async (polls: ManagePolls, input: Partial<PollInput> = {}): Promise<OwnPoll> => {
  const { poll, manageToken } = granted(await polls.create(stranger, { ...lunch, ...input }))
  return { poll, organiser: { bearer: manageToken, requestId: randomUUID(), address: null } }
}

export const pollOf = (managed: ManagedPoll | Refused): Poll => granted(managed).poll

/** A voter whose votes go to this partition, or to any. */
export const someVoterAt = (poll: Poll, partition?: number): VoterKey => {
  for (;;) {
    // The cast brands 32 hexadecimal digits.
    const voter = randomBytes(16).toString('hex') as VoterKey
    if (partition === undefined || partitionOf(voter, poll.partitions) === partition) return voter
  }
}

/** Votes as the api does that holds this definition. */
export const voteAt = async (
  door: VoteDoor,
  poll: Poll,
  voter: VoterKey,
  optionId = 1,
): Promise<DoorAnswer['answer'] | undefined> => {
  const { id: pollId, round, revision } = poll
  const call = { pollId, round, revision, kind: 'cast', voter, selection: [optionId], requestKey: null } as const
  const [answer] = await door.append(partitionOf(voter, poll.partitions), [call])
  return answer?.answer
}

/** One new voter's vote at each partition. */
export const voteEverywhere = async (door: VoteDoor, poll: Poll): Promise<readonly (string | undefined)[]> =>
  Promise.all(Array.from({ length: poll.partitions }, async (_, p) => voteAt(door, poll, someVoterAt(poll, p))))
