import { afterAll, beforeAll, expect, test } from 'vitest'
import { createHttpClient } from '../support/http-client.ts'
import { startSystem } from '../support/running-system.ts'
import { waitUntil } from '../support/wait-until.ts'

/** So many find it. */
const voters = 10
/** A recording that takes longer than this is not waited for. */
const waitedMostMs = 500

let system: Awaited<ReturnType<typeof startSystem>>
beforeAll(async () => {
  system = await startSystem('redis')
})
afterAll(async () => system.stop())

test('whoever votes by the form alone finds the own vote in the numbers of the page that follows', async () => {
  const call = createHttpClient(system.url)
  const { body: poll } = await call('POST', '/polls', { json: { question: 'Tea?', options: ['Yes', 'No'] } })
  const page = `${system.url}/p/${poll.id}`
  const total = async (cookie = ''): Promise<string> => {
    const html = await (await fetch(page, { headers: { cookie } })).text()
    return /id="total">(\d+) votes?</.exec(html)?.[1] ?? 'no total'
  }
  let voted = 0
  for (let found = 0; found < voters;) {
    const begun = performance.now()
    const answer = await fetch(page, {
      method: 'POST',
      redirect: 'manual',
      headers: { origin: system.url },
      body: new URLSearchParams({ option: '1', do: 'cast' }),
    })
    const waitedMs = performance.now() - begun
    expect(answer.status).toBe(303)
    voted += 1
    if (waitedMs < waitedMostMs) {
      expect(await total(answer.headers.getSetCookie()[0]?.split(';')[0])).toBe(`${voted}`)
      found += 1
    } else await waitUntil(async () => (await total()) === `${voted}`)
  }
})
