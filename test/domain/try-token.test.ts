import { afterEach, expect, test, vi } from 'vitest'
import { tryToken } from '../../web/organiser/try-token.ts'

afterEach(() => void vi.unstubAllGlobals())

const asked = vi.fn<(url: string, init: RequestInit) => void>()
/** A service that answers so, whatever it is asked. */
function answerWith(status: number): void {
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
    asked(url, init)
    return new Response('{}', { status })
  })
}

test.each([
  [201, 'good'],
  [401, 'refused'],
  [403, 'refused'],
  [404, 'no_poll'],
  // A service that has no time has not judged it, and a token is not forgotten for that.
  [429, 'good'],
  [503, 'good'],
])('a token that is answered %i is %s', async (status, outcome) => {
  answerWith(status)
  expect(await tryToken('a/b', 'secret')).toBe(outcome)
  const init = { method: 'POST', headers: { authorization: 'Bearer secret' } }
  expect(asked).toHaveBeenLastCalledWith('/polls/a%2Fb/ticket', expect.objectContaining(init))
})

test('where no answer comes, nothing is said of it', async () => {
  vi.stubGlobal('fetch', async () => Promise.reject(new TypeError('no connection')))
  await expect(tryToken('a', 'secret')).rejects.toThrow('no connection')
})
