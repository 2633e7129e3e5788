import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { DependencyUnavailable } from '../../src/ports/unavailable.ts'
import type { HttpClient } from '../support/http-client.ts'
import { createCheckedClient } from '../support/openapi-document.ts'
import { type Profile, type RunningSystem, startSystem } from '../support/running-system.ts'
import { connectViewer } from '../support/viewer.ts'
import { waitUntil } from '../support/wait-until.ts'

describe.each<Profile>(['postgres', 'redis'])('how many watch, on %s', (profile) => {
  let system: RunningSystem
  let call: HttpClient
  const disagreements: string[] = []

  beforeAll(async () => {
    system = await startSystem(profile)
    call = await createCheckedClient(system.url, disagreements)
  })
  afterAll(async () => system.stop())

  async function makePoll(more: object = {}): Promise<string> {
    const json = { question: 'What?', options: ['Tea', 'Coffee'], ...more }
    return `/polls/${(await call('POST', '/polls', { json })).body.id}`
  }
  const viewersOf = async (path: string): Promise<number> => (await call('GET', `${path}/viewers`)).body.viewers
  const watch = (path: string) => connectViewer(`${system.url.replace('http', 'ws')}/ws${path}`)

  test('is told to everybody, of sockets and event streams, and falls when they leave', async () => {
    const [path, other] = [await makePoll({ results_visibility: 'never' }), await makePoll()]
    const first = await call('GET', `${path}/viewers`)
    expect([first.status, first.body, first.headers.get('cache-control')]).toEqual([
      200,
      { viewers: 0 },
      'public, max-age=1',
    ])
    const sockets = [watch(path), watch(path), watch(other)]
    const leaving = new AbortController()
    const stream = await fetch(`${system.url}${path}/events`, { signal: leaving.signal })
    const watchedBy = async (viewers: number, at = path): Promise<void> =>
      waitUntil(async () => (await viewersOf(at)) === viewers, { withinMs: 15_000, what: `${viewers} watch` })
    await watchedBy(3)
    await watchedBy(1, other)
    // Of other processes too.
    await system.adapters.viewerCounts.tell('another', [[path.slice('/polls/'.length), 40]], 60_000)
    await watchedBy(43)
    leaving.abort()
    await stream.body?.cancel().catch(() => {})
    sockets[0]?.socket.close()
    await watchedBy(41)
    for (const { socket } of sockets) socket.close()
  })

  test('is 404 for a poll that is not there, and 503 while nobody can say', async () => {
    const path = await makePoll()
    expect((await call('GET', '/polls/nosuchpoll12/viewers')).body.code).toBe('poll_not_found')
    const read = vi
      .spyOn(system.adapters.viewerCounts, 'read')
      .mockRejectedValue(new DependencyUnavailable('cache', 'away'))
    const refused = await call('GET', `${path}/viewers`)
    read.mockRestore()
    expect([refused.status, refused.body.code]).toEqual([503, 'unavailable'])
    expect(await viewersOf(path)).toBe(0)
  })

  test('every answer was as /openapi.json says', () => {
    expect(disagreements).toEqual([])
  })
})
