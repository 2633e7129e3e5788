import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { fetchUntilSilent } from '../../web/organiser/fetch-until-silent.ts'
import { createOrganiserCalls } from '../../web/manage/organiser-calls.ts'

let say: (piece: string) => void
let end: () => void

/** What answers is silent before its answer, or answers and says what the test says. */
function answerWith(isSilent: boolean): void {
  vi.stubGlobal('fetch', async (_url: string, { signal }: RequestInit) => {
    const body = new ReadableStream({
      start(out) {
        say = (piece) => out.enqueue(new TextEncoder().encode(piece))
        end = () => out.close()
        signal?.addEventListener('abort', () => out.error(signal.reason))
      },
    })
    if (isSilent)
      await new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(new Error('given up'))))
    return new Response(body)
  })
}

beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

const calls = createOrganiserCalls('poll', 'token')

test('an answer that does not come is given up after ten seconds', async () => {
  answerWith(true)
  const outcomes = Promise.allSettled([calls.audit(null), calls.fetchFile('export.json'), fetchUntilSilent('/', {})])
  await vi.advanceTimersByTimeAsync(10_000)
  expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
})

test('a file takes as long as it comes, and is given up once nothing more of it does', async () => {
  answerWith(false)
  const file = calls.fetchFile('export.csv')
  for (let piece = 0; piece < 5; piece += 1) {
    await vi.advanceTimersByTimeAsync(0)
    say(String(piece))
    await vi.advanceTimersByTimeAsync(9_000)
  }
  end()
  expect(await (await file).text()).toBe('01234')
  const broken = Promise.allSettled([calls.fetchFile('export.csv')])
  await vi.advanceTimersByTimeAsync(0)
  say('0')
  await vi.advanceTimersByTimeAsync(10_001)
  expect(await broken).toMatchObject([{ status: 'rejected', reason: { code: 'unreachable' } }])
})
