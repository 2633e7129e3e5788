import { afterAll, beforeAll, expect, test } from 'vitest'
import { createHttpClient } from '../support/http-client.ts'
import { startSystem } from '../support/running-system.ts'

const voters = 10

let system: Awaited<ReturnType<typeof startSystem>>
beforeAll(async () => {
  system = await startSystem('redis')
})
afterAll(async () => system.stop())

test('whoever votes by the form alone finds the own vote in the numbers of the page that follows', async () => {
  const call = createHttpClient(system.url)
  const { body: poll } = await call('POST', '/polls', { json: { question: 'Tea?', options: ['Yes', 'No'] } })
  const page = `${system.url}/p/${poll.id}`
  const totals: string[] = []
  for (let voter = 0; voter < voters; voter++) {
    const voted = await fetch(page, {
      method: 'POST',
      redirect: 'manual',
      headers: { origin: system.url },
      body: new URLSearchParams({ option: '1', do: 'cast' }),
    })
    expect(voted.status).toBe(303)
    const cookie = voted.headers.getSetCookie()[0]?.split(';')[0] ?? ''
    const html = await (await fetch(page, { headers: { cookie } })).text()
    totals.push(/id="total">(\d+) votes?</.exec(html)?.[1] ?? 'no total')
  }
  expect(totals).toEqual(Array.from({ length: voters }, (_, voter) => `${voter + 1}`))
})
