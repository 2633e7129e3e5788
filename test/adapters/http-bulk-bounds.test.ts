import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { sleep } from '../../src/runtime/stop-signal.ts'
import { type BulkHost, linesOf, openBulk, someVoters } from '../support/bulk-host.ts'
import { type BulkServer, startBulkServer } from '../support/bulk-server.ts'
import { createHttpClient, type HttpClient } from '../support/http-client.ts'
import { issueKey } from '../support/issue-key.ts'
import { letPass } from '../support/let-pass.ts'
import { connectRaw } from '../support/raw-http.ts'
import { shareTestRedis } from '../support/redis.ts'
import { adminToken, type Profile, type RunningSystem, startSystem } from '../support/running-system.ts'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'
import { waitUntil } from '../support/wait-until.ts'

/** Where nobody listens. */
const nowhere = 1
const megabyte = 1024 * 1024

describe.each<Profile>(['redis', 'postgres'])('a host that brings votes, on %s', (profile) => {
  let system: RunningSystem
  let call: HttpClient
  let stream: TcpProxy
  let streamPort: number
  let server: BulkServer | null = null
  const hosts: BulkHost[] = []

  beforeAll(async () => {
    const through = async (address: string): Promise<string> => {
      const url = new URL(address)
      streamPort = Number(url.port)
      stream = await startTcpProxy(url.hostname, streamPort)
      url.host = `127.0.0.1:${stream.port}`
      return url.href
    }
    const environment = { UNRECORDED_VOTES_MAX: '300' }
    system =
      profile === 'redis'
        ? await startSystem(profile, { ...environment, REDIS_URL: await through(shareTestRedis().redisUrl) })
        : await startSystem(profile, environment, through)
    call = createHttpClient(system.url)
  })
  afterEach(async () => {
    for (const host of hosts.splice(0)) host.drop()
    await server?.stop()
    server = null
  })
  afterAll(async () => {
    await system.stop()
    await stream.stop()
  })

  async function makePoll(): Promise<string> {
    const make = async () => call('POST', '/polls', { json: { question: 'What?', options: ['Tea', 'Coffee'] } })
    let made = await make()
    // The test before may have taken the stream away a moment ago.
    await waitUntil(
      async () => {
        if (made.status === 503) made = await make()
        return made.status !== 503
      },
      { withinMs: 20_000 },
    )
    expect(made.status).toBe(201)
    return made.body.id
  }

  async function open(url: string, pollId: string): Promise<BulkHost> {
    const host = await openBulk(url, pollId)
    hosts.push(host)
    return host
  }

  const codesOf = (host: BulkHost) => new Set(host.answers().map(({ code, status }) => code ?? status))

  async function counts(pollId: string, total: number): Promise<void> {
    let seen = 0
    const isCounted = async (): Promise<boolean> => {
      seen = (await call('GET', `/polls/${pollId}`)).body.total_votes
      return seen === total
    }
    await waitUntil(isCounted, { withinMs: 20_000, what: () => `${total} votes are counted, not ${seen}` })
    expect((await system.adapters.tallies.recount(pollId))?.differences).toEqual([])
  }

  test('is slowed down, not refused, where votes come faster than they can be recorded', async () => {
    const pollId = await makePoll()
    const host = await open(system.url, pollId)
    host.send(linesOf(someVoters(4000), [1, 2]))
    host.end()
    await host.finished()
    expect([host.over(), host.answers().length, codesOf(host)]).toEqual(['whole', 4000, new Set(['accepted'])])
    await counts(pollId, 4000)
  })

  test('waits with its votes while the stream is away for a moment, and loses none', async () => {
    const pollId = await makePoll()
    const host = await open(system.url, pollId)
    host.send(linesOf(someVoters(100), [1]))
    await host.answered(100)
    stream.leadTo(nowhere)
    host.send(linesOf(someVoters(200), [1]))
    await letPass(500)
    expect(host.answers().length).toBe(100)
    stream.leadTo(streamPort)
    host.end()
    await host.finished()
    expect([host.over(), host.answers().length, codesOf(host)]).toEqual(['whole', 300, new Set(['accepted'])])
    await counts(pollId, 300)
  })

  test('is told unavailable line by line while the stream stays away, and goes on when it is back', async () => {
    server = await startBulkServer(system, {}, { patienceMs: 700 })
    const pollId = await makePoll()
    const host = await open(server.url, pollId)
    const voters = someVoters(300)
    host.send(linesOf(voters.slice(0, 50), [1]))
    await host.answered(50)
    stream.leadTo(nowhere)
    host.send(linesOf(voters.slice(50, 150), [1]))
    await host.answered(150)
    host.send(linesOf(voters.slice(150), [1]))
    await host.answered(300)
    stream.leadTo(streamPort)
    const refused = host.answers().slice(50)
    expect(new Set(refused.map(({ code }) => code))).toEqual(new Set(['unavailable']))

    const rest = voters.filter((_voter, n) => host.answers()[n]?.code !== undefined)
    await waitUntil(
      async () => {
        const again = await open(system.url, pollId)
        again.send(linesOf(rest, [1]))
        again.end()
        await again.finished()
        return again.answers().length === rest.length && [...codesOf(again)].join() === 'accepted'
      },
      { withinMs: 20_000, what: 'those that were refused are accepted' },
    )
    host.end()
    await host.finished()
    expect(host.over()).toBe('whole')
    await counts(pollId, 300)
  })

  test('is not read while it does not read, and read on when it does', { timeout: 60_000 }, async () => {
    const pollId = await makePoll()
    const host = await open(system.url, pollId)
    await waitUntil(() => host.status() === 200)
    host.stopReading()
    // A line of three bytes has an answer of some sixty.
    const { takenBytes } = host.pour('[]\n'.repeat(5_000))
    let taken = 0
    let since = performance.now()
    await waitUntil(
      () => {
        if (takenBytes() > taken) since = performance.now()
        taken = takenBytes()
        return taken > 0 && performance.now() - since > 2_000
      },
      { withinMs: 15_000, what: 'nothing more is taken' },
    )
    console.log(`${(taken / 1024).toFixed(0)} KiB were taken while nothing was read`)
    host.readOn()
    await waitUntil(() => takenBytes() > taken + megabyte, { withinMs: 20_000, what: 'more is taken' })
    await waitUntil(() => host.answers().length > 200_000, { withinMs: 20_000, what: 'the answers come' })
    expect(host.over()).toBeNull()
  })

  test('finds its place taken where too many bring votes, and comes in when one has gone', async () => {
    server = await startBulkServer(system, { streamsMax: 2 })
    const pollId = await makePoll()
    const [first, second] = [await open(server.url, pollId), await open(server.url, pollId)]
    for (const host of [first, second]) await waitUntil(() => host.status() === 200)
    const bring = createHttpClient(server.url)
    const say = {
      raw: linesOf(someVoters(1), [1]),
      bearer: adminToken,
      headers: { 'content-type': 'application/x-ndjson' },
    }
    const refused = await bring('POST', `/polls/${pollId}/votes/bulk`, say)
    expect([refused.status, refused.body?.code, refused.headers.get('retry-after')]).toEqual([503, 'overloaded', '1'])
    first.drop()
    await waitUntil(async () => (await bring('POST', `/polls/${pollId}/votes/bulk`, say)).status === 200)
    await counts(pollId, 1)
  })

  test('that sends no whole line for too long is cut off behind its answers', async () => {
    server = await startBulkServer(system, { idleMsMax: 3_000 })
    const pollId = await makePoll()
    const silent = await open(server.url, pollId)
    const slow = await open(server.url, pollId)
    silent.send(linesOf(someVoters(2), [1]))
    slow.send(linesOf(someVoters(1), [1]))
    const trickle = setInterval(() => slow.send(' '), 50)
    await Promise.all([silent.finished(), slow.finished()])
    clearInterval(trickle)
    expect([silent.over(), silent.answers().length, codesOf(silent)]).toEqual(['cut', 2, new Set(['accepted'])])
    expect([slow.over(), slow.answers().length]).toEqual(['cut', 1])
    await counts(pollId, 3)
  })

  test('that waits for its answers is not silent, however long the stream is away', async () => {
    const idleMsMax = 3_000
    server = await startBulkServer(system, { idleMsMax }, { patienceMs: 20_000 })
    const pollId = await makePoll()
    const host = await open(server.url, pollId)
    await waitUntil(() => host.status() === 200)
    stream.leadTo(nowhere)
    host.send(linesOf(someVoters(1), [1]))
    await letPass(idleMsMax + 1_000)
    stream.leadTo(streamPort)
    await host.answered(1)
    expect([host.over(), codesOf(host)]).toEqual([null, new Set(['accepted'])])
    await host.finished()
    expect(host.over()).toBe('cut')
  })

  test('that would go on for ever is cut off behind its answers', async () => {
    server = await startBulkServer(system, { durationMsMax: 4_000 })
    const pollId = await makePoll()
    // Clients pass over what comes in one packet with the end; here every byte is looked at.
    const { socket, received, isEnded } = await connectRaw(server.url)
    const head = [
      `POST /polls/${pollId}/votes/bulk HTTP/1.1`,
      'Host: x',
      `Authorization: Bearer ${adminToken}`,
      'Content-Type: application/x-ndjson',
      'Transfer-Encoding: chunked',
    ]
    socket.write(`${head.join('\r\n')}\r\n\r\n`)
    const steady = setInterval(() => {
      const line = linesOf(someVoters(1), [1])
      socket.write(`${line.length.toString(16)}\r\n${line}\r\n`)
    }, 50)
    await waitUntil(isEnded, { withinMs: 15_000, what: 'it is cut off' })
    clearInterval(steady)
    socket.destroy()
    const answers = received().split('"status":"accepted"}\n').length - 1
    expect([answers > 0, received().includes('"code"'), received().endsWith('0\r\n\r\n')]).toEqual([true, false, false])
    await counts(pollId, answers)
  })

  test('is answered what was read when the api stops, then cut off, and no other is let in', async () => {
    server = await startBulkServer(system, {})
    const pollId = await makePoll()
    const host = await open(server.url, pollId)
    host.send(linesOf(someVoters(50), [1]))
    await host.answered(50)
    stream.leadTo(nowhere)
    host.send(linesOf(someVoters(1), [1]))
    // By then it has been read.
    await letPass(300)
    await server.stopReading()
    await host.finished()
    expect([host.over(), host.answers().length, host.answers()[50]?.code]).toEqual(['cut', 51, 'unavailable'])
    stream.leadTo(streamPort)
    const late = await open(server.url, pollId)
    await waitUntil(() => late.status() === 503)
    await counts(pollId, 50)
  })

  test('whose key is revoked while it brings votes is read no more, and what was read is answered', async () => {
    server = await startBulkServer(system, { judgeEveryMs: 50 })
    const pollId = await makePoll()
    const { key, secret } = await issueKey(system.adapters.keys, ['votes:write'])
    const host = await openBulk(server.url, pollId, secret)
    hosts.push(host)
    host.send(linesOf(someVoters(50), [1]))
    await host.answered(50)
    // Judged again and again meanwhile.
    await letPass(300)
    expect(host.over()).toBeNull()
    await system.adapters.keys.revoke(key.prefix)
    // Sooner than a host that is silent is cut off.
    await host.finished(5_000)
    expect([host.over(), host.answers().length, ...codesOf(host)]).toEqual(['cut', 50, 'accepted'])
    await counts(pollId, 50)
  })

  test('may take longer than any other request', { timeout: 60_000 }, async () => {
    const pollId = await makePoll()
    const host = await open(system.url, pollId)
    // Others are cut off after 10 s, at the latest 2 s after that.
    for (let seconds = 0; seconds < 15; seconds += 1) {
      host.send(linesOf(someVoters(1), [1]))
      await host.answered(seconds + 1)
      await sleep(1_000)
    }
    host.end()
    await host.finished()
    expect([host.over(), host.answers().length]).toEqual(['whole', 15])
    await counts(pollId, 15)
  })
})
