import { type ChannelOptions, Client, credentials, type Metadata, status } from '@grpc/grpc-js'
import * as grpc from '@grpc/grpc-js'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadAdminService } from '../../src/adapters/grpc/contract.ts'
import type { Poll__Output } from '../../src/adapters/grpc/gen/tallycast/admin/v1/Poll.ts'
import { connectPollAdmin } from '../../src/adapters/grpc/poll-admin.ts'
import { readRefusal, refusalStatus } from '../../src/adapters/grpc/refusal-status.ts'
import { createAdminServer } from '../../src/adapters/grpc/server.ts'
import type { PollAdmin } from '../../src/ports/poll-admin.ts'
import {
  type AdminSide,
  createPoll,
  granted,
  lunch,
  operator,
  someVoterAt,
  startAdminSide,
  stranger,
  voteAt,
} from '../support/admin-side.ts'
import { waitUntil } from '../support/wait-until.ts'

const deadlineMs = 10_000

describe('the admin role over gRPC', () => {
  let side: AdminSide
  let address: string
  let admin: PollAdmin & { disconnect(): void }
  let client: InstanceType<ReturnType<typeof loadAdminService>>

  beforeAll(async () => {
    side = await startAdminSide('redis')
    ;({ address } = await side.runRole())
    admin = connectPollAdmin({ address, deadlineMs })
    const AdminClient = loadAdminService()
    client = new AdminClient(address, credentials.createInsecure())
  })
  afterAll(async () => {
    admin.disconnect()
    client.close()
    await side.stop()
  })

  const bearer = (token: string | null): Metadata => {
    const metadata = new grpc.Metadata()
    if (token !== null) metadata.set('authorization', `Bearer ${token}`)
    return metadata
  }
  const getPoll = async (pollId: string, token: string | null = null): Promise<Poll__Output> => {
    const { promise, resolve, reject } = Promise.withResolvers<Poll__Output>()
    client.getPoll({ pollId }, bearer(token), (error, poll) => (poll ? resolve(poll) : reject(error!))) // one of them is there
    return promise
  }
  const create = async (input: Partial<typeof lunch> = {}) => {
    const { pollId, manageToken } = granted(await admin.create(stranger, { ...lunch, ...input }))
    return { pollId, organiser: { bearer: manageToken, requestId: 'mine', address: null } }
  }

  describe('the client', () => {
    test('carries a poll through its whole life', async () => {
      const { pollId, organiser } = await create({ draft: true, description: 'Today', type: 'multiple' })
      expect(await admin.update(organiser, pollId, { question: 'Dinner?', maxChoices: 1 })).toEqual({
        pollId,
        revision: 2,
      })
      expect(await admin.open(organiser, pollId)).toEqual({ pollId, revision: 3 })
      expect(granted(await admin.close(organiser, pollId)).revision).toBeGreaterThanOrEqual(4)
      expect(await admin.reset(organiser, pollId)).toMatchObject({ pollId })
      expect(await getPoll(pollId)).toMatchObject({
        question: 'Dinner?',
        description: 'Today',
        type: 'POLL_TYPE_MULTIPLE',
        status: 'POLL_STATUS_DRAFT',
        maxChoices: 1,
        round: 2,
      })
      expect(await admin.remove(organiser, pollId)).toMatchObject({ pollId })
      expect(await admin.open(organiser, pollId)).toMatchObject({ refused: 'poll_not_found' })
    })

    test('sets times to the millisecond and takes them away', async () => {
      const opensAt = (await side.adapters.door.now()) + 3_600_123
      const { pollId, organiser } = await create({ opensAt, closesAt: opensAt + 1 })
      expect(await side.adapters.polls.find(pollId)).toMatchObject({
        status: 'scheduled',
        opensAt,
        closesAt: opensAt + 1,
      })
      await admin.update(organiser, pollId, { opensAt: null, closesAt: null })
      expect(await side.adapters.polls.find(pollId)).toMatchObject({ status: 'draft', opensAt: null, closesAt: null })
    })

    test('keeps options by their ids', async () => {
      const { pollId, organiser } = await create({ draft: true })
      await admin.update(organiser, pollId, { options: [{ text: 'Bread' }, { id: 2, text: 'Salad!' }] })
      expect((await side.adapters.polls.find(pollId))?.options).toEqual([
        { id: 3, text: 'Bread', position: 0 },
        { id: 2, text: 'Salad!', position: 1 },
      ])
    })

    test('gets refusals back as they were: code, sentence, and every wrong field', async () => {
      const { pollId, organiser } = await create()
      expect(await admin.update(organiser, pollId, { type: 'multiple' })).toMatchObject({ refused: 'options_frozen' })
      expect(await admin.open(stranger, pollId)).toMatchObject({ refused: 'unauthenticated' })
      expect(await admin.open({ ...stranger, bearer: 'käse' }, pollId)).toMatchObject({ refused: 'token_invalid' })
      const wrong = { question: '', options: [{ text: 'a' }, { text: 'b' }, { text: '' }], minChoices: 2 }
      expect(await admin.create(stranger, wrong)).toMatchObject({
        refused: 'invalid_body',
        errors: [
          { pointer: '/question', detail: 'Give it a text that can be seen.' },
          { pointer: '/options/2/text' },
          { pointer: '/min_choices' },
        ],
      })
    })

    test('lists for the operator', async () => {
      const { pollId } = await create()
      const page = granted(await admin.list(operator, null, 1))
      expect(page.pollIds).toEqual([pollId])
      expect(granted(await admin.list(operator, page.nextCursor, 2)).pollIds).toHaveLength(2)
      expect(await admin.list(operator, null, 101)).toMatchObject({ errors: [{ pointer: '/page_size' }] })
      expect(await admin.list(stranger, null, 1)).toMatchObject({ refused: 'unauthenticated' })
    })

    test('takes what an older admin tells of all polls for nothing that was done to one', async () => {
      const steps = side.createSteps()
      // It does not know that the request may name a poll.
      const readAudit: typeof steps.readAudit = async (caller, _pollId, ...page) =>
        steps.readAudit(caller, null, ...page)
      const parts = { ...steps, readAudit, polls: steps.managePolls, report: () => undefined, tls: null }
      const server = createAdminServer(parts)
      const older = connectPollAdmin({ address: `127.0.0.1:${await server.listen('127.0.0.1', 0)}`, deadlineMs })
      const { pollId, organiser } = await create()
      await create()
      await expect(older.listAudit(operator, pollId, null, 2)).rejects.toMatchObject({ dependency: 'admin' })
      expect(granted(await older.listAudit(operator, null, null, 2)).events).toHaveLength(2)
      expect(await older.listAudit(organiser, pollId, null, 2)).toMatchObject({ refused: 'forbidden' })
      expect(granted(await admin.listAudit(operator, pollId, null, 2)).events).toMatchObject([{ pollId }])
      older.disconnect()
      await server.stop(1000)
      await steps.watchPoll.stop()
    })

    test('calls an admin that is away a dependency that is unavailable, within the deadline', async () => {
      const nobody = connectPollAdmin({ address: '127.0.0.1:1', deadlineMs: 500 })
      await expect(nobody.open(operator, 'p')).rejects.toMatchObject({
        name: 'DependencyUnavailable',
        dependency: 'admin',
      })
      nobody.disconnect()
    })
  })

  describe('the server', () => {
    test('ends a refused call with a status, the code in capitals and the fields', async () => {
      const { promise, resolve } = Promise.withResolvers<grpc.ServiceError | null>()
      client.createPoll({ question: 'x' }, (error) => resolve(error))
      const error = await promise
      expect(error).toMatchObject({ code: status.INVALID_ARGUMENT })
      const details = error?.metadata.get('grpc-status-details-bin')[0]?.toString()
      expect(details).toContain('INVALID_BODY')
      expect(details).toContain('tallycast')
      expect(details).toContain('type.googleapis.com/google.rpc.BadRequest')
    })

    test('names a word of a newer contract that it does not know', async () => {
      const { promise, resolve } = Promise.withResolvers<grpc.ServiceError | null>()
      // The cast stands for a client whose contract has more words than ours.
      client.createPoll({ ...lunch, options: [...lunch.options], type: 9 as 2 } as never, (error) => resolve(error))
      expect(readRefusal((await promise)!)).toMatchObject({ refused: 'invalid_body', errors: [{ pointer: '/type' }] }) // refused
    })

    test('answers with the request id of the caller, or one of its own', async () => {
      const metadata = bearer(null)
      metadata.set('x-request-id', 'abc-123')
      const seen = Promise.withResolvers<Metadata>()
      client.getPoll({ pollId: 'unknown' }, metadata, () => undefined).on('metadata', seen.resolve)
      expect((await seen.promise).get('x-request-id')).toEqual(['abc-123'])
    })

    test('takes a poll id that no poll can have for unknown', async () => {
      for (const pollId of ['', 'a\0b', '\ud83c', 'x'.repeat(5000)]) {
        await expect(getPoll(pollId)).rejects.toMatchObject({ code: status.NOT_FOUND })
      }
    })

    test('keeps hidden counts, total and version away from all but the organiser', async () => {
      const { pollId, organiser } = await create({ resultsVisibility: 'never' })
      const seen = await getPoll(pollId)
      expect([seen.totalVotes, seen.version, seen.options[0]?.votes]).toEqual([undefined, undefined, undefined])
      expect(await getPoll(pollId, organiser.bearer)).toMatchObject({
        totalVotes: 0,
        options: [{ votes: 0 }, { votes: 0 }],
      })
    })

    test('refuses a request that is larger than any definition', async () => {
      const { promise, resolve } = Promise.withResolvers<grpc.ServiceError | null>()
      client.createPoll({ question: 'x'.repeat(300_000) }, (error) => resolve(error))
      expect(await promise).toMatchObject({ code: status.RESOURCE_EXHAUSTED })
    })

    test('compares the tally with the ledger, and shows how far the partitions are recorded', async () => {
      const { pollId, organiser } = await create()
      const recount = Promise.withResolvers<unknown>()
      client.recountPoll({ pollId }, bearer(organiser.bearer), (error, reply) => recount.resolve(error ?? reply))
      expect(await recount.promise).toMatchObject({ pollId, round: 1, totalVotes: 0, isEqual: true, differences: [] })
      const pipeline = Promise.withResolvers<unknown>()
      client.pipelineStatus({}, bearer(operator.bearer), (error, reply) => pipeline.resolve(error ?? reply))
      const partition = { epoch: 1, owner: expect.any(String), waitingVotes: 0 }
      expect(await pipeline.promise).toMatchObject({
        partitions: [0, 1, 2, 3].map((n) => ({ ...partition, partition: n })),
      })
    })

    test('stops working for a client whose deadline is over', async () => {
      const { poll, organiser } = await createPoll(side.createSteps().managePolls)
      const { door } = side.adapters
      let attempts = 0
      const steps = side.createSteps(() => ({
        door: {
          ...door,
          async shut() {
            attempts += 1
            throw new Error('away')
          },
        },
      }))
      const server = createAdminServer({ ...steps, polls: steps.managePolls, report: () => undefined, tls: null })
      const port = await server.listen('127.0.0.1', 0)
      // Time enough for the call to come to the doors.
      const hasty = connectPollAdmin({ address: `127.0.0.1:${port}`, deadlineMs: 4_000 })
      await expect(hasty.close(organiser, poll.id)).rejects.toMatchObject({ cause: { code: status.DEADLINE_EXCEEDED } })
      hasty.disconnect()
      await server.stop(1000)
      const afterwards = attempts
      // A pass of the schedule later nobody has tried again through this server.
      await waitUntil(async () => (await side.adapters.polls.find(poll.id))?.status === 'closed')
      expect(attempts).toBe(afterwards)
      expect(afterwards).toBeGreaterThan(0)
    })
  })

  describe('watching a poll', () => {
    const watch = (pollId: string, token: string | null = null) => {
      const seen: Poll__Output[] = []
      const ended = Promise.withResolvers<number>()
      const call = client.watchPoll({ pollId }, bearer(token))
      call.on('data', (poll: Poll__Output) => seen.push(poll))
      call.on('error', (error: grpc.ServiceError) => ended.resolve(error.code))
      call.on('end', () => ended.resolve(status.OK))
      return { seen, call, ended: ended.promise }
    }

    test('shows the poll now, every newer state, and ends when it is final', async () => {
      const { poll, organiser } = await createPoll(side.createSteps().managePolls)
      const { seen, ended } = watch(poll.id)
      await waitUntil(() => seen.length > 0)
      await voteAt(side.adapters.door, poll, someVoterAt(poll))
      await waitUntil(() => seen.at(-1)?.totalVotes === 1)
      await admin.close(organiser, poll.id)
      expect(await ended).toBe(status.OK)
      expect(seen.at(-1)).toMatchObject({ status: 'POLL_STATUS_CLOSED', resultsFinal: true, totalVotes: 1 })
      const versions = seen.map(({ version }) => version ?? 0)
      expect(versions).toEqual(versions.toSorted((a, b) => a - b))
    })

    test('ends with the tombstone of a deleted poll', async () => {
      const { pollId, organiser } = await create()
      const { seen, ended } = watch(pollId)
      await waitUntil(() => seen.length > 0)
      await admin.remove(organiser, pollId)
      expect(await ended).toBe(status.OK)
      expect(seen.at(-1)).toMatchObject({ status: 'POLL_STATUS_DELETED' })
    })

    test('tells nothing of votes, not even their time, where results are hidden', async () => {
      const { poll, organiser } = await createPoll(side.createSteps().managePolls, { resultsVisibility: 'never' })
      const hidden = watch(poll.id)
      const shown = watch(poll.id, organiser.bearer)
      await waitUntil(() => hidden.seen.length > 0 && shown.seen.length > 0)
      await voteAt(side.adapters.door, poll, someVoterAt(poll))
      await waitUntil(() => shown.seen.at(-1)?.totalVotes === 1)
      granted(await admin.update(organiser, poll.id, { question: 'Dinner?' }))
      await waitUntil(() => hidden.seen.at(-1)?.question === 'Dinner?')
      expect(hidden.seen).toHaveLength(2)
      expect(hidden.seen.every(({ totalVotes, version }) => totalVotes === undefined && version === undefined)).toBe(
        true,
      )
      hidden.call.cancel()
      shown.call.cancel()
    })

    test('lets go of the poll when the client cancels', async () => {
      const steps = side.createSteps()
      const server = createAdminServer({ ...steps, polls: steps.managePolls, report: () => undefined, tls: null })
      const port = await server.listen('127.0.0.1', 0)
      const other = new (loadAdminService())(`127.0.0.1:${port}`, credentials.createInsecure())
      const { pollId } = await create()
      const call = other.watchPoll({ pollId })
      call.on('error', () => undefined)
      await waitUntil(() => steps.watchPoll.viewerCount() === 1)
      call.cancel()
      await waitUntil(() => steps.watchPoll.viewerCount() === 0)
      other.close()
      await server.stop(1000)
      await steps.watchPoll.stop()
    })

    test('an unknown poll ends it at once', async () => {
      expect(await watch('unknown').ended).toBe(status.NOT_FOUND)
      expect(await watch('a\0b').ended).toBe(status.NOT_FOUND)
    })
  })

  describe('stopping', () => {
    test('health turns, watching calls are ended as unavailable, a slow call ends within the grace', async () => {
      const { door } = side.adapters
      const steps = side.createSteps(() => ({
        door: {
          ...door,
          shut: async () => {
            throw new Error('away')
          },
        },
      }))
      const server = createAdminServer({ ...steps, polls: steps.managePolls, report: () => undefined, tls: null })
      const port = await server.listen('127.0.0.1', 0)
      const own = connectPollAdmin({ address: `127.0.0.1:${port}`, deadlineMs })
      const other = new (loadAdminService())(`127.0.0.1:${port}`, credentials.createInsecure())
      const { poll, organiser } = await createPoll(side.createSteps().managePolls)
      const watching = Promise.withResolvers<number>()
      const call = other.watchPoll({ pollId: poll.id })
      call.on('error', (error: grpc.ServiceError) => watching.resolve(error.code))
      await waitUntil(() => steps.watchPoll.viewerCount() === 1)

      const closing = own.close(organiser, poll.id).catch((error: unknown) => error)
      await waitUntil(async () => (await side.adapters.polls.find(poll.id))?.status !== 'open')
      const began = performance.now()
      await server.stop(500)
      expect(performance.now() - began).toBeLessThan(deadlineMs / 2)
      expect(await watching.promise).toBe(status.UNAVAILABLE)
      expect(await closing).toMatchObject({ name: 'DependencyUnavailable' })
      own.disconnect()
      other.close()
      await steps.watchPoll.stop()
    })

    test('a client that reads and answers no more is cut off when the grace is over', async () => {
      const taken: Socket[] = []
      // What Node documents for this channel.
      const note = (message: unknown): unknown => taken.push((message as { socket: Socket }).socket)
      subscribe('net.server.socket', note)
      const steps = side.createSteps()
      const server = createAdminServer({ ...steps, polls: steps.managePolls, report: () => undefined, tls: null })
      const port = await server.listen('127.0.0.1', 0)
      const { poll } = await createPoll(steps.managePolls)
      let toServer: Socket | undefined
      const between = createServer((fromClient) => {
        toServer = connect(port, '127.0.0.1')
        fromClient.pipe(toServer).pipe(fromClient)
        for (const socket of [fromClient, toServer]) socket.on('error', () => undefined)
      })
      between.listen(0, '127.0.0.1')
      await once(between, 'listening')
      // A server that listens on an address has one of this form.
      const indirect = `127.0.0.1:${(between.address() as AddressInfo).port}`
      const watcher = new (loadAdminService())(indirect, credentials.createInsecure())
      watcher.watchPoll({ pollId: poll.id }).on('error', () => undefined)
      await waitUntil(() => steps.watchPoll.viewerCount() === 1)
      toServer?.unpipe().pause()

      await server.stop(200)
      const atServer = taken.filter((socket) => socket.remotePort === toServer?.localPort)
      expect(atServer.map(({ destroyed }) => destroyed)).toEqual([true])
      unsubscribe('net.server.socket', note)
      toServer?.destroy()
      watcher.close()
      between.close()
      await steps.watchPoll.stop()
    })
  })

  test('the standard health check says that the service serves', async () => {
    const health = new Client(address, credentials.createInsecure(), {} satisfies ChannelOptions)
    const { promise, resolve } = Promise.withResolvers<Buffer | undefined>()
    // HealthCheckRequest{service: ""} is no bytes at all, HealthCheckResponse{status: SERVING} is 08 01.
    const raw = (bytes: Buffer): Buffer => bytes
    health.makeUnaryRequest('/grpc.health.v1.Health/Check', raw, raw, Buffer.alloc(0), (_error, reply) =>
      resolve(reply),
    )
    expect((await promise)?.toString('hex')).toBe('0801')
    health.close()
  })
})

describe('refusals on the wire', () => {
  test('many wrong fields still fit into the trailer, the first of them at least', () => {
    const errors = Array.from({ length: 100 }, (_, n) => ({ pointer: `/options/${n}/text`, detail: 'x'.repeat(100) }))
    const sent = refusalStatus({ refused: 'invalid_body', detail: 'many', errors })
    const read = readRefusal({ details: 'many', metadata: sent.metadata! }) // set by refusalStatus
    expect(read?.errors?.[0]).toEqual(errors[0])
    expect(read?.errors?.length).toBeLessThan(100)
  })

  test('what passes says when to come back', () => {
    const sent = refusalStatus({ refused: 'unavailable', detail: 'later', retryAfterMs: 1500 })
    expect(sent.code).toBe(status.UNAVAILABLE)
    expect(readRefusal({ details: 'later', metadata: sent.metadata! })).toEqual({
      // set by refusalStatus
      refused: 'unavailable',
      detail: 'later',
      retryAfterMs: 1500,
    })
  })
})
