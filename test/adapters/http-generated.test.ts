import { randomInt } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createSeen, plansOf, prepare } from '../support/generated-requests.ts'
import { createHttpClient, type HttpClient } from '../support/http-client.ts'
import { createCheckedClient, type DescribedOperation, listOperations } from '../support/openapi-document.ts'
import { type Profile, type RunningSystem, startSystem } from '../support/running-system.ts'

const requestsPerOperation = 150
/** Of different kinds, so that every answer can come. */
const polls = [
  {},
  { allow_vote_change: true },
  { type: 'multiple', max_choices: 2 },
  { draft: true },
  { results_visibility: 'after_vote', allow_vote_change: true },
  { results_visibility: 'after_close' },
  { voter_identity: 'none' },
  { voter_identity: 'code' },
  { voter_visibility: 'public' },
]

describe.each<Profile>(['postgres', 'redis'])('on %s', (profile) => {
  let system: RunningSystem
  let call: HttpClient
  let operations: readonly DescribedOperation[]
  const disagreements: string[] = []
  const seen = createSeen()

  beforeAll(async () => {
    system = await startSystem(profile)
    call = await createCheckedClient(system.url, disagreements)
    operations = listOperations((await createHttpClient(system.url)('GET', '/openapi.json')).body)
    for (const settings of polls)
      seen.note(await call('POST', '/polls', { json: { question: 'Q', options: ['a', 'b', 'c'], ...settings } }))
    for (let session = 0; session < 5; session += 1) seen.note(await call('POST', '/session'))
  })
  afterAll(async () => {
    await system.stop()
  })

  test('every operation keeps to its description, whatever is sent', { timeout: 120_000 }, async () => {
    const seed = randomInt(2 ** 31)
    const statuses = new Map<number, number>()
    const began = performance.now()
    let linesAnswered = 0
    /** What contradicts the description, with a request that shows it. */
    const contradictions = new Map<string, string>()
    const tryOut = async (described: DescribedOperation): Promise<void> => {
      for (const plan of fc.sample(plansOf(described.operation), { seed, numRuns: requestsPerOperation })) {
        const { method, path, say } = prepare(described, plan, seen)
        const answer = await call(method, path, say)
        seen.note(answer)
        statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1)
        const found = [...disagreements.splice(0), ...system.logged.splice(0).filter(isFault)]
        // A poll that is being reset is nothing to wonder about, where the description says so.
        if (answer.status >= 500 && answer.status !== 503) found.push(`${method} ${described.template} ${answer.text}`)
        if (answer.headers.get('content-type') === 'application/x-ndjson') {
          const lines = String(say.raw).split('\n').filter(isAnswered).length
          linesAnswered += lines
          if (answer.text.split('\n').length !== lines + 1) found.push(`${lines} lines were answered by ${answer.text}`)
        }
        if (plan.wrong !== null && answer.status < 400)
          found.push(`${method} ${described.template} ${answer.status}, though the ${plan.wrong} is wrong`)
        for (const one of found) contradictions.set(one, `${method} ${path} ${JSON.stringify(say)}`.slice(0, 1000))
      }
    }
    await Promise.all(operations.map(tryOut))
    const seconds = ((performance.now() - began) / 1000).toFixed(1)
    console.log(
      `seed ${seed}: ${operations.length * requestsPerOperation} requests in ${seconds} s, ${linesAnswered} lines in bulk`,
      Object.fromEntries(statuses),
    )
    expect(Object.fromEntries(contradictions)).toEqual({})
    // Else the requests did not get far.
    expect(linesAnswered).toBeGreaterThan(0)
    for (const status of [200, 201, 202, 304, 400, 401, 403, 404, 409, 413, 415, 422])
      expect(statuses.get(status) ?? 0).toBeGreaterThan(0)
  })
})

/** Of the lines of a body all but the blank ones. */
function isAnswered(line: string): boolean {
  return !/^[ \t\r]*$/.test(line)
}

/** Less than that a busy machine may make it say. */
function isFault(line: string): boolean {
  return /"level":[56]0/.test(line)
}
