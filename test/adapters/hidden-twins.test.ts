import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createHttpClient, type HttpClient } from '../support/http-client.ts'
import { letPass } from '../support/let-pass.ts'
import { connectRawViewer } from '../support/raw-frames.ts'
import { listOperations, type OpenApiDocument } from '../support/openapi-document.ts'
import { type Profile, type RunningSystem, startSystem } from '../support/running-system.ts'
import { connectViewer, type TestViewer } from '../support/viewer.ts'
import { waitUntil } from '../support/wait-until.ts'

const UPDATES_MS = 20

type Twin = { readonly id: string; readonly bearer: string; readonly joinCode: string }

/** What the two polls have of their own by definition: names, moments at which something was done, and what is drawn by lot. */
const ownNames: readonly (readonly [RegExp, string])[] = [
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, 'time'],
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'request id'],
  [/[A-Za-z0-9_-]{60,}/g, 'vote id or token'],
  // Whoever watches is counted, voter or not, some seconds later.
  [/"viewers":\d+/g, 'viewers'],
  // Drawn by lot, so that many do not come back together.
  [/^retry: \d+$/gm, 'when to come back'],
]
const ownHeaders = ['date', 'x-request-id', 'set-cookie']

describe.each<Profile>(['redis', 'postgres'])('two polls that differ in nothing but hidden votes, on %s', (profile) => {
  let system: RunningSystem
  let call: HttpClient
  let document: OpenApiDocument

  beforeAll(async () => {
    system = await startSystem(profile, { UPDATE_INTERVAL_MS: String(UPDATES_MS) })
    call = createHttpClient(system.url)
    document = (await call('GET', '/openapi.json')).body
  })
  afterAll(async () => {
    await system.stop()
  })

  async function makeTwin(visibility: string): Promise<Twin> {
    const options = ['Tea', 'Coffee', 'Cocoa']
    const made = await call('POST', '/polls', {
      json: { question: 'What?', options, results_visibility: visibility, voter_visibility: 'public' },
    })
    return { id: made.body.id, bearer: made.body.manage_token, joinCode: made.body.join_code }
  }

  /** Every address that leads to this poll, as the service lists them itself, and the pages, which it does not. */
  function addressesOf({ id, joinCode }: Twin, voteIds: readonly string[]): readonly (readonly [string, string])[] {
    const listed = listOperations(document).flatMap(({ method, template }) =>
      template.includes('{vote_id}')
        ? voteIds.map((voteId) => [method.toUpperCase(), template.replace('{vote_id}', voteId)] as const)
        : [[method.toUpperCase(), template.replace('{poll_id}', id).replace('{join_code}', joinCode)] as const],
    )
    const pages = [`/p/${id}`, `/p/${id}/manage`, `/p/${id}?voted`, `/p/${id}/present`, `/p/${id}/embed`]
    const more = [`/polls/${id}/export.csv?part=votes`, ...pages]
    return [...listed, ...more.map((path) => ['GET', path] as const), ['HEAD', `/polls/${id}`], ['OPTIONS', `/p/${id}`]]
  }

  /** All that is answered to somebody who shows this, byte for byte, but what `mask` takes away. */
  async function everythingOf(
    twin: Twin,
    voteIds: readonly string[],
    headers: Readonly<Record<string, string>>,
  ): Promise<ReadonlyMap<string, string>> {
    const seen = new Map<string, string>()
    for (const [method, path] of addressesOf(twin, voteIds)) {
      // A session is begun whatever polls there are.
      if (path === '/session' || (path === '/polls' && method === 'POST')) continue
      const name = mask(`${method} ${path}`, twin)
      seen.set(name, mask(await answerOf(method, path, headers), twin))
    }
    return seen
  }

  /** Of an event stream the beginning, with its first message: it has no end. */
  async function answerOf(method: string, path: string, headers: Readonly<Record<string, string>>): Promise<string> {
    const isStream = path.endsWith('/events')
    const abort = new AbortController()
    const response = await fetch(`${system.url}${path}`, { method, headers: { ...headers }, signal: abort.signal })
    const kept = [...response.headers].filter(([name]) => !ownHeaders.includes(name))
    const body = isStream ? await beginningOf(response) : await response.text()
    abort.abort()
    return [response.status, JSON.stringify(kept), body].join('\n')
  }

  const mask = (text: string, { id, joinCode }: Twin): string =>
    ownNames.reduce(
      (masked, [form, name]) => masked.replaceAll(form, name),
      text.replaceAll(id, 'poll id').replaceAll(joinCode, 'join code'),
    )

  const watch = (twin: Twin, headers: Readonly<Record<string, string>>): TestViewer =>
    connectViewer(`${system.url.replace('http', 'ws')}/ws/polls/${twin.id}`, headers)

  async function countOf({ id, bearer }: Twin): Promise<number> {
    return (await call('GET', `/polls/${id}`, { bearer })).body.total_votes
  }

  test.each(['after_vote', 'after_close', 'never'])(
    'with %s cannot be told apart by anybody but their organisers, at any moment',
    async (visibility) => {
      const [one, two] = [await makeTwin(visibility), await makeTwin(visibility)]
      const stranger = { 'voter-token': (await call('POST', '/session')).body.voter_token }
      const viewers = [watch(one, stranger), watch(two, stranger)] as const
      await Promise.all(viewers.map((viewer) => viewer.sees(() => true)))
      const votes: (readonly [string, string])[] = []
      const before = [await everythingOf(one, [], stranger), await everythingOf(two, [], stranger)] as const
      expect(withoutEtags(before[0])).toEqual(withoutEtags(before[1]))
      expect(before[0].size).toBeGreaterThan(15)

      const choices: readonly (readonly [number, number])[] = [
        [1, 2],
        [1, 3],
        [2, 2],
        [1, 3],
        [3, 3],
      ]
      for (const [index, [atOne, atTwo]] of choices.entries()) {
        const voter = { voterToken: (await call('POST', '/session')).body.voter_token }
        const voted = await call('POST', `/polls/${one.id}/vote`, { json: { option_id: atOne }, ...voter })
        const votedToo = await call('POST', `/polls/${two.id}/vote`, { json: { option_id: atTwo }, ...voter })
        expect([voted.status, mask(voted.text, one)]).toEqual([202, mask(votedToo.text, two)])
        expect(voted.text.length).toBe(votedToo.text.length)
        votes.push([voted.body.vote_id, votedToo.body.vote_id])
        for (const twin of [one, two]) await waitUntil(async () => (await countOf(twin)) === index + 1)

        for (const shown of [{}, stranger]) {
          const [ofOne, ofTwo] = await Promise.all([
            everythingOf(
              one,
              votes.map(([voteId]) => voteId),
              shown,
            ),
            everythingOf(
              two,
              votes.map(([, voteId]) => voteId),
              shown,
            ),
          ])
          expect(withoutEtags(ofOne)).toEqual(withoutEtags(ofTwo))
        }
        // Nor does anything change for somebody who looks again after each vote, who knows no receipt.
        expect(await everythingOf(one, [], stranger)).toEqual(before[0])
      }
      await letPass(5 * UPDATES_MS)
      for (const viewer of viewers) {
        expect(viewer.messages).toHaveLength(1)
        viewer.socket.close()
      }
      const [shownOne, shownTwo] = viewers.map((viewer) => JSON.stringify(viewer.messages))
      expect(mask(shownOne ?? '', one)).toBe(mask(shownTwo ?? '', two))
    },
    60_000,
  )

  test('answer a handshake alike, byte for byte', async () => {
    const answers: string[] = []
    for (const twin of [await makeTwin('never'), await makeTwin('never')]) {
      const voter = { voterToken: (await call('POST', '/session')).body.voter_token }
      await call('POST', `/polls/${twin.id}/vote`, { json: { option_id: answers.length + 1 }, ...voter })
      await waitUntil(async () => (await countOf(twin)) === 1)
      const viewer = await connectRawViewer(system.url, `/ws/polls/${twin.id}`)
      answers.push(mask(viewer.handshake, twin))
      viewer.socket.destroy()
    }
    expect(answers[0]).toBe(answers[1])
  })
})

/** Opaque, and of one poll alone; that they do not change with a vote is another thing. */
function withoutEtags(seen: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  return new Map([...seen].map(([name, answer]) => [name, answer.replace(/\["etag","[^\]]+\]/, 'etag')]))
}

/** Up to the end of the first message, in however many pieces it comes. */
async function beginningOf(response: Response): Promise<string> {
  let text = ''
  for await (const piece of response.body ?? []) {
    text += Buffer.from(piece).toString()
    if (/^data: .*\n\n/m.test(text)) break
  }
  return text
}
