import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sleep } from '../../src/runtime/stop-signal.ts'
import { findFreePorts } from '../support/free-ports.ts'
import { createHttpClient, type HttpClient } from '../support/http-client.ts'
import { insertVotes } from '../support/many-votes.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { residentMiB } from '../support/process-figures.ts'
import { becomesReady, type ServerProcess, startServerProcess } from '../support/server-process.ts'
import { openSlowReader } from '../support/slow-reader.ts'
import { digestInSql } from '../support/some-result.ts'
import { waitUntil } from '../support/wait-until.ts'

const votes = 100_000
/** Makes a file of some 80 MB, of which an api that gathered it first would hold twice as much. */
const longText = '\u{1f363}'.repeat(190)
const grownMiBMax = 60

let dataDir: string
let database: TestDatabase
let server: ServerProcess
let call: HttpClient
let url: string

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'tallycast-export-'))
  database = await createTestDatabase()
  const [port = 0, grpcPort = 0, opsPort = 0] = await findFreePorts(3)
  const env = {
    DATABASE_URL: database.databaseUrl,
    DATA_DIR: dataDir,
    HOST: '127.0.0.1',
    PORT: `${port}`,
    GRPC_PORT: `${grpcPort}`,
    OPS_PORT: `${opsPort}`,
    ADMIN_TOKEN: 'the-admin-token-of-this-test',
    // Else Node lets garbage lie for as long as the machine has memory.
    NODE_OPTIONS: '--max-semi-space-size=1 --max-old-space-size=90',
  }
  server = startServerProcess({ name: 'all', program: 'all', env })
  await becomesReady(server, opsPort)
  url = `http://127.0.0.1:${port}`
  call = createHttpClient(url)
})
afterAll(async () => {
  await server.stop()
  await database.drop()
  await rm(dataDir, { recursive: true })
})

test(
  'a large export is sent in bounded memory, to who reads fast and to who does not read',
  { timeout: 120_000 },
  async () => {
    const json = { question: 'What?', options: [`1${longText}`, `2${longText}`], voter_visibility: 'public' }
    const { body: poll } = await call('POST', '/polls', { json })
    await insertVotes(database.pool, poll.id, votes)
    const file = `${url}/polls/${poll.id}/export.csv?part=votes`
    const before = residentMiB(server.pid())
    const idle = await openSlowReader(file)
    await sleep(3_000)
    const whileIdle = residentMiB(server.pid()) - before
    const late = await idle.readOn()
    const { over, bytes } = await (await openSlowReader(file)).readOn()
    const whileReading = residentMiB(server.pid()) - before
    const exported = (await call('GET', `/polls/${poll.id}/export.json`)).body
    const atTheEnd = residentMiB(server.pid()) - before
    const grown = [whileIdle, whileReading, atTheEnd].map(Math.round)
    console.log(`${Math.round(bytes / 1e6)} MB: grown by ${grown.join(', ')} MiB`)

    expect([over, late.over, late.bytes]).toEqual(['whole', 'whole', bytes])
    expect(bytes).toBeGreaterThan(votes * 790)
    expect([exported.totals.total_votes, exported.votes.length]).toEqual([votes, votes])
    expect(new Set(exported.votes.map(({ voter }: { readonly voter: string }) => voter)).size).toBe(votes)
    expect(Math.max(whileIdle, whileReading, atTheEnd)).toBeLessThan(grownMiBMax)
  },
)

test(
  'a result of many votes is signed in bounded memory, also for many who ask at once',
  { timeout: 60_000 },
  async () => {
    const { body: poll } = await call('POST', '/polls', { json: { question: 'What?', options: ['1', '2'] } })
    await insertVotes(database.pool, poll.id, votes)
    await call('POST', `/polls/${poll.id}/close`, { bearer: poll.manage_token })
    await waitUntil(async () => (await call('GET', `/polls/${poll.id}`)).body.results_final === true)
    const before = residentMiB(server.pid())
    const begun = performance.now()
    const answers = await Promise.all(Array.from({ length: 10 }, () => call('GET', `/polls/${poll.id}/results/signed`)))
    const tookMs = Math.round(performance.now() - begun)
    const grown = Math.round(residentMiB(server.pid()) - before)
    console.log(`${votes} votes signed in ${tookMs} ms: grown by ${grown} MiB`)
    const digests = new Set(answers.map(({ body }) => body.result.ledger.digest))
    expect(digests).toEqual(new Set([await digestInSql(database.pool, poll.id)]))
    expect(answers[0]?.body.result.total_votes).toBe(votes)
    expect(grown).toBeLessThan(grownMiBMax)
  },
)
