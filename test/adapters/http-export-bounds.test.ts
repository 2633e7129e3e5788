import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startExportServer } from '../support/export-server.ts'
import { createHttpClient, type HttpClient } from '../support/http-client.ts'
import { letPass } from '../support/let-pass.ts'
import { insertVotes } from '../support/many-votes.ts'
import { adminToken, type Profile, type RunningSystem, startSystem } from '../support/running-system.ts'
import { connectRaw } from '../support/raw-http.ts'
import { openSlowReader, type SlowReader } from '../support/slow-reader.ts'
import { waitUntil } from '../support/wait-until.ts'

const exportsMax = 2
const manyVotes = 20_000
/** In a file of votes it makes lines of some 800 bytes, so that the file is larger than what lies in sockets on its way. */
const longText = '\u{1f363}'.repeat(190)

describe.each<Profile>(['redis', 'postgres'])('the exports of an api, on %s', (profile) => {
  let system: RunningSystem
  let call: HttpClient
  let large: string
  let small: string
  let secret: string
  const readers: SlowReader[] = []

  beforeAll(async () => {
    system = await startSystem(profile, { EXPORTS_MAX: String(exportsMax) })
    call = createHttpClient(system.url)
    large = await makePoll()
    small = await makePoll()
    secret = await makePoll({ voter_visibility: 'secret' })
    await insertVotes(system.database.pool, idOf(large), manyVotes)
    await insertVotes(system.database.pool, idOf(small), 10)
  })
  afterEach(async () => {
    for (const reader of readers.splice(0)) reader.drop()
    await waitUntil(async () => (await snapshots()).length === 0)
    system.logged.splice(0)
  })
  afterAll(async () => {
    await system.stop()
  })

  async function makePoll(more: object = {}): Promise<string> {
    const options = [`1${longText}`, `2${longText}`]
    const json = { question: 'What?', options, voter_visibility: 'public', ...more }
    const { status, headers } = await call('POST', '/polls', { json })
    expect(status).toBe(201)
    return String(headers.get('location'))
  }

  async function open(path: string, url = system.url): Promise<SlowReader> {
    const reader = await openSlowReader(`${url}${path}`)
    readers.push(reader)
    return reader
  }

  /** The snapshots that are held open, with the time of the last page, and whether it is being read. */
  async function snapshots(): Promise<
    readonly { readonly pid: number; readonly query_start: Date; readonly state: string }[]
  > {
    const { rows } = await system.database.pool.query(
      `select pid, query_start, state from pg_stat_activity
       where application_name = 'tallycast snapshots' and datname = current_database() and xact_start is not null`,
    )
    return rows
  }

  /** What the log says of exports: a fault names the places that it came by. */
  function faults(): readonly string[] {
    return system.logged.filter((line) => /poll-snapshots|send-pieces/.test(line))
  }

  /** When nothing more is read for those who have stopped reading. */
  async function heldUp(): Promise<Awaited<ReturnType<typeof snapshots>>> {
    let last = await snapshots()
    const isStill = async (): Promise<boolean> => {
      const before = last
      await letPass(200)
      last = await snapshots()
      const isReading = last.some(({ state }) => state !== 'idle in transaction')
      return !isReading && JSON.stringify(last) === JSON.stringify(before)
    }
    await waitUntil(isStill)
    return last
  }

  test('read no further for a client that does not read, and on when it does', async () => {
    const reader = await open(`${large}/export.csv?part=votes`)
    const held = await heldUp()
    expect([reader.status, held.length]).toEqual([200, 1])
    await letPass(500)
    expect(await snapshots()).toEqual(held)
    const { over, bytes } = await reader.readOn()
    expect(over).toBe('whole')
    expect(bytes).toBeGreaterThan(manyVotes * 790)
    await waitUntil(async () => (await snapshots()).length === 0)
    expect(faults()).toEqual([])
  })

  test('take no place while another answer on their connection is under way', async () => {
    const asked = `GET ${large}/export.csv?part=votes HTTP/1.1\r\nHost: x\r\n\r\n`
    const connection = await connectRaw(system.url)
    connection.socket.pause()
    connection.socket.write(asked.repeat(exportsMax + 1))
    await waitUntil(async () => (await snapshots()).length === 1)
    await heldUp()
    expect((await call('GET', `${small}/export.csv?part=votes`)).status).toBe(200)
    connection.socket.destroy()
  })

  test('end when their clients go away', async () => {
    const reader = await open(`${large}/export.csv?part=votes`)
    expect((await heldUp()).length).toBe(1)
    reader.drop()
    await waitUntil(async () => (await snapshots()).length === 0)
    expect(faults()).toEqual([])
  })

  test('are so many with votes at once, and a further one is told when to come back, until one has ended', async () => {
    const first = await open(`${large}/export.csv?part=votes`)
    const last = await open(`${large}/export.csv?part=votes`)
    expect([first.status, last.status, exportsMax]).toEqual([200, 200, 2])
    for (const form of ['csv?part=votes', 'json']) {
      const refused = await call('GET', `${small}/export.${form}`)
      expect([refused.status, refused.body?.code, refused.headers.get('retry-after')]).toEqual([503, 'overloaded', '5'])
      expect(refused.headers.get('content-disposition')).toBeNull()
    }
    expect((await call('GET', '/polls/unknown/export.json')).status).toBe(404)
    for (const path of [`${small}/export.csv`, `${secret}/export.json`]) {
      expect([path, (await call('GET', path)).status]).toEqual([path, 200])
    }
    first.drop()
    await waitUntil(async () => (await call('GET', `${small}/export.json`)).status === 200)
    expect((await last.readOn()).over).toBe('whole')
    const both = await Promise.all([call('GET', `${small}/export.json`), call('GET', `${small}/export.csv?part=votes`)])
    expect(both.map(({ status }) => status)).toEqual([200, 200])
  })

  test('take so long and no longer', async () => {
    const durationMsMax = 5_000
    const server = await startExportServer(system, { exportsMax, durationMsMax, pieceMsMax: 60_000 })
    try {
      const began = performance.now()
      const slow = await open(`${large}/export.csv?part=votes`, server.url)
      const fast = await open(`${small}/export.csv?part=votes`, server.url)
      await waitUntil(async () => (await snapshots()).length === 1, {
        what: 'the fast one is over, the slow one is not',
      })
      await waitUntil(async () => (await snapshots()).length === 0, { withinMs: 15_000 })
      expect(performance.now() - began).toBeGreaterThan(durationMsMax)
      expect([(await slow.readOn()).over, (await fast.readOn()).over]).toEqual(['cut', 'whole'])
    } finally {
      await server.stop()
    }
  })

  test('are lost to who takes too long for a piece of them, long before all of their time is over', async () => {
    const server = await startExportServer(system, { exportsMax, durationMsMax: 600_000, pieceMsMax: 5_000 })
    try {
      const stopped = await open(`${large}/export.csv?part=votes`, server.url)
      const pausing = await open(`${large}/export.csv?part=votes`, server.url)
      expect((await heldUp()).length).toBe(2)
      expect((await pausing.readOn()).over).toBe('whole')
      await waitUntil(async () => (await snapshots()).length === 0)
      expect((await stopped.readOn()).over).toBe('cut')
    } finally {
      await server.stop()
    }
  })

  test('give their places back, however they end', async () => {
    const asked = [
      `${small}/export.csv`,
      `${small}/export.json`,
      `${small}/export.csv?part=votes`,
      '/polls/unknown/export.csv',
    ]
    for (let time = 0; time < 3 * exportsMax; time += 1) {
      for (const path of asked) {
        for (const method of ['GET', 'HEAD']) {
          const { status } = await call(method, path)
          expect([path, status]).toEqual([path, path.includes('unknown') ? 404 : 200])
        }
      }
      expect((await call('GET', `${small}/export.json`, { bearer: 'mt_wrong' })).status).toBe(401)
      readers.push(await openSlowReader(`${system.url}${large}/export.csv?part=votes`))
      readers.pop()?.drop()
      await waitUntil(async () => (await snapshots()).length === 0)
    }
  })

  test('that fail in the middle are cut off, so that nobody takes a half for the whole', async () => {
    const reader = await open(`${large}/export.csv?part=votes`)
    const [snapshot] = await heldUp()
    await system.database.pool.query('select pg_terminate_backend($1)', [snapshot?.pid])
    const { over, text } = await reader.readOn()
    expect([over, text.split(',', 1)]).toEqual(['cut', ['voter']])
    await waitUntil(() => faults().length > 0)
    expect((await call('GET', `${small}/export.json`)).status).toBe(200)
  })

  test('that fail before the first byte are a problem', async () => {
    const locker = await system.database.pool.connect()
    await locker.query('begin; lock table vote in access exclusive mode')
    const asked = call('GET', `${small}/export.csv?part=votes`)
    // Of this database: other tests lock votes on the same server, and wait for theirs.
    const waiting = `select pid from pg_stat_activity where application_name = 'tallycast snapshots' and wait_event = 'relation'
                     and datname = current_database()`
    let waiter: { readonly pid: number } | undefined
    await waitUntil(async () => {
      const { rows } = await system.database.pool.query<{ pid: number }>(waiting)
      waiter = rows[0]
      return waiter !== undefined
    })
    // As the time limit of a statement would.
    await system.database.pool.query('select pg_cancel_backend($1)', [waiter?.pid])
    const refused = await asked
    await locker.query('rollback')
    locker.release()
    expect([refused.status, refused.body.code]).toEqual([503, 'unavailable'])
    expect(refused.headers.get('retry-after')).toMatch(/^\d+$/)
    expect(refused.headers.get('content-disposition')).toBeNull()
    expect((await call('GET', `${small}/export.csv?part=votes`)).status).toBe(200)
  })

  test('keep no vote waiting, and no reader', async () => {
    for (let n = 0; n < exportsMax; n += 1) await open(`${large}/export.csv?part=votes`)
    await heldUp()
    const voted = await call('POST', `${small}/vote`, { json: { option_id: 1 } })
    expect(voted.status).toBe(202)
    await waitUntil(async () => (await call('GET', small)).body.total_votes === 11)
    expect((await call('GET', '/polls', { bearer: adminToken })).status).toBe(200)
  })
})

function idOf(path: string): string {
  return path.replace('/polls/', '')
}
