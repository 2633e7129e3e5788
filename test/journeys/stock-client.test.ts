import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findFreePorts } from '../support/free-ports.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { shareTestRedis } from '../support/redis.ts'
import { waitUntil } from '../support/wait-until.ts'

const root = join(import.meta.dirname, '../..')
const adminToken = 'the-admin-token-of-this-test'
const run = promisify(execFile)

type Process = { readonly stop: () => Promise<number | null> }

/** `node src/main/<role>.ts`, resolved when it is ready. */
const startRole = async (role: 'admin' | 'worker', env: Readonly<Record<string, string>>): Promise<Process> => {
  const [opsPort] = await findFreePorts(1)
  const child = spawn(process.execPath, [join(root, `src/main/${role}.ts`)], {
    env: { PATH: process.env['PATH'], LOG_LEVEL: 'warn', OPS_PORT: `${opsPort}`, ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const ended = once(child, 'exit')
  const isReady = async (): Promise<boolean> => {
    if (child.exitCode !== null) throw new Error(`${role} ended with ${child.exitCode}`)
    return fetch(`http://127.0.0.1:${opsPort}/health/ready`).then(
      (response) => response.ok,
      () => false,
    )
  }
  await waitUntil(isReady, { withinMs: 20_000, what: `${role} is ready` })
  return {
    stop: async () => {
      child.kill('SIGTERM')
      await ended
      return child.exitCode
    },
  }
}

type Answer = { readonly status: 'ok'; readonly reply: unknown } | { readonly status: string; readonly reasons: string }

/**
 * `buf curl`, a client that nobody here wrote and that has never seen our contract: it learns everything by reflection, and
 * is strict about what it learns.
 */
const createStockClient =
  (port: number) =>
  async (method: string, request: object, token?: string): Promise<Answer> => {
    const url = `http://127.0.0.1:${port}/${method.includes('.') ? method : `tallycast.admin.v1.AdminService/${method}`}`
    const bearer = token === undefined ? [] : ['--header', `authorization: Bearer ${token}`]
    const flags = [
      'curl',
      '--http2-prior-knowledge',
      '--protocol',
      'grpc',
      ...bearer,
      '--data',
      JSON.stringify(request),
    ]
    try {
      const { stdout } = await run(join(root, 'node_modules/.bin/buf'), [...flags, url])
      return { status: 'ok', reply: JSON.parse(stdout) }
    } catch (error) {
      // buf ends with a code that is not 0 and says why on stderr.
      const { stderr } = error as { stderr: string }
      const refused = JSON.parse(stderr) as { code: string; details: { type: string; value: string }[] }
      const reasons = refused.details.map(
        ({ type, value }) => `${type} ${Buffer.from(value, 'base64').toString('latin1')}`,
      )
      return { status: refused.code, reasons: reasons.join('\n') }
    }
  }

describe('a stock gRPC client', () => {
  let database: TestDatabase
  const roles: Process[] = []
  let call: ReturnType<typeof createStockClient>

  beforeAll(async () => {
    database = await createTestDatabase()
    const { redisUrl, prefix } = shareTestRedis()
    const [port = 0] = await findFreePorts(1)
    const shared = {
      DATABASE_URL: database.databaseUrl,
      REDIS_URL: redisUrl,
      REDIS_PREFIX: prefix,
      VOTE_PARTITIONS: '2',
    }
    const env = { ...shared, ADMIN_TOKEN: adminToken, GRPC_PORT: `${port}` }
    roles.push(...(await Promise.all([startRole('admin', env), startRole('worker', env)])))
    call = createStockClient(port)
  })
  afterAll(async () => {
    await Promise.all(roles.map(async (role) => role.stop()))
    await database.drop()
  })

  test('carries a poll through its life, and is told in its own words what it may not do', async () => {
    const created = await call('CreatePoll', { question: 'Lunch?', options: [{ text: 'Soup' }, { text: 'Salad' }] })
    expect(created).toMatchObject({
      reply: { poll: { status: 'POLL_STATUS_OPEN' }, manageToken: expect.stringMatching(/^mt_/) },
    })
    // The assertion above has shown what is there.
    const { poll, manageToken } = (created as { reply: { poll: { pollId: string }; manageToken: string } }).reply
    const { pollId } = poll

    expect(await call('ClosePoll', { pollId })).toEqual({
      status: 'unauthenticated',
      reasons: expect.stringMatching(/^google\.rpc\.ErrorInfo .*UNAUTHENTICATED.*tallycast/s),
    })
    expect(await call('UpdatePoll', { pollId, type: 'POLL_TYPE_MULTIPLE' }, manageToken)).toEqual({
      status: 'failed_precondition',
      reasons: expect.stringContaining('OPTIONS_FROZEN'),
    })
    expect(await call('UpdatePoll', { pollId, question: 'Dinner?' }, manageToken)).toMatchObject({ status: 'ok' })
    expect(await call('ClosePoll', { pollId }, manageToken)).toMatchObject({ status: 'ok' })
    await waitUntil(async () => JSON.stringify(await call('GetPoll', { pollId })).includes('POLL_STATUS_CLOSED'))
    expect(await call('WatchPoll', { pollId })).toMatchObject({
      reply: { question: 'Dinner?', status: 'POLL_STATUS_CLOSED', resultsFinal: true, totalVotes: '0' },
    })
    expect(await call('RecountPoll', { pollId }, manageToken)).toMatchObject({ reply: { isEqual: true } })
  })

  test('is shown which fields of its request are wrong', async () => {
    const wrong = await call('CreatePoll', { question: 'Lunch?', options: [{ text: 'Soup' }, { text: '' }] })
    expect(wrong).toEqual({
      status: 'invalid_argument',
      reasons: expect.stringMatching(/google\.rpc\.BadRequest .*options\[1\]\.text/s),
    })
  })

  test('asks for health and, as the operator, for the pipeline', async () => {
    const service = 'tallycast.admin.v1.AdminService'
    expect(await call('grpc.health.v1.Health/Check', { service })).toEqual({
      status: 'ok',
      reply: { status: 'SERVING' },
    })
    expect(await call('PipelineStatus', {}, adminToken)).toMatchObject({
      reply: { partitions: [{}, { partition: 1 }] },
    })
  })

  test('lists and replays, as the operator, what was set aside', async () => {
    const { rows } = await database.pool.query<{ id: string }>(
      `insert into set_aside (partition, position, poll_id, reason, payload)
       values (1, '\\x${'01'.repeat(16)}', 'lost', 'poll_unknown', $1) returning partition || '-' || encode(position, 'hex') as id`,
      [JSON.stringify({ round: 1, voter: 'ab'.repeat(16), kind: 'cast', selection: [2] })],
    )
    const id = rows[0]?.id
    expect(await call('ListSetAside', { poll_id: 'lost' }, adminToken)).toMatchObject({
      reply: { items: [{ id, pollId: 'lost', reason: 'SET_ASIDE_REASON_POLL_UNKNOWN', optionIds: [2] }] },
    })
    expect(await call('ReplaySetAside', { ids: [id] }, adminToken)).toMatchObject({
      reply: { items: [{ id, pollId: 'lost', outcome: 'REPLAY_OUTCOME_POLL_UNKNOWN' }] },
    })
  })

  test('both roles end by themselves when they are asked to', async () => {
    expect(await Promise.all(roles.splice(0).map(async (role) => role.stop()))).toEqual([0, 0])
  })
})
