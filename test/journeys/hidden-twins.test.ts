import { expect, test } from 'vitest'
import { createHttpClient, type HttpClient } from '../support/http-client.ts'
import { sumMetric } from '../support/sum-metric.ts'
import { type Member, startSystem, type System } from '../support/system.ts'
import { connectViewer } from '../support/viewer.ts'
import { waitUntil } from '../support/wait-until.ts'

/** What one voter after the other chooses: the first vote, and the change where there is one. */
type Choices = readonly (readonly [first: number, then?: number])[]

// As many votes and changes in both, and no other counts in common.
const ofOne: Choices = [[1], [1], [2, 1], [1], [3], [1, 2], [1]]
const ofTwo: Choices = [[3], [2], [2, 3], [3], [3], [2, 1], [2]]

/** One poll from its creation to its end; what it counted. */
async function livedThrough(system: System, choices: Choices): Promise<readonly number[]> {
  const call = createHttpClient(system.apiUrl(0))
  const definition = { question: 'What?', options: ['Tea', 'Coffee', 'Cocoa'], results_visibility: 'never' }
  const { body: poll } = await call('POST', '/polls', { json: { ...definition, allow_vote_change: true } })
  const path = `/polls/${poll.id}`
  const bearer = poll.manage_token
  const viewer = connectViewer(`${system.apiUrl(0).replace('http', 'ws')}/ws${path}`)
  await viewer.sees(() => true)
  const { revision } = poll
  for (const [index, [first, then]] of choices.entries()) {
    const { voter_token: voterToken } = (await call('POST', '/session')).body
    const cast = async (method: string, optionId: number) =>
      (await call(method, `${path}/vote`, { json: { option_id: optionId }, voterToken })).status
    expect(await cast('POST', first)).toBe(202)
    const changes = choices.slice(0, index).filter((choice) => choice.length > 1).length
    await recorded(call, path, bearer, revision + index + 1 + changes)
    if (then === undefined) {
      // Another choice than the first, whatever that was.
      expect(await cast('POST', (first % 3) + 1)).toBe(409)
    } else {
      expect(await cast('PUT', then)).toBe(202)
      await recorded(call, path, bearer, revision + index + 2 + changes)
    }
  }
  expect((await call('POST', `${path}/vote`, { json: { option_id: 4 } })).status).toBe(422)
  expect((await call('POST', `${path}/close`, { bearer })).status).toBe(200)
  await waitUntil(async () => (await call('GET', path)).body.status === 'closed')
  viewer.socket.close()
  const counted = (await call('GET', path, { bearer })).body
  for (const name of ['tallycast_viewers', 'tallycast_unrecorded_votes', 'tallycast_partitions_without_owner']) {
    await waitUntil(async () => (await sumMetric(members(system), name)) === 0)
  }
  return counted.options.map(({ votes }: { readonly votes: number }) => votes)
}

/** Each vote in a commit of its own, or how many there are would be left to chance. */
async function recorded(call: HttpClient, path: string, bearer: string, version: number): Promise<void> {
  await waitUntil(async () => (await call('GET', path, { bearer })).body.version >= version)
}

/** What a process has written, without what is of its own: times, names and numbers of processes and polls. */
function linesOf(member: Member): readonly string[] {
  return (
    member
      .output()
      .replaceAll(/"(time|pid|hostname)":("[^"]*"|\d+),?/g, '')
      .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'uuid')
      .replaceAll(/"owner":"[^"]*"/g, 'owner')
      .replaceAll(/"voteId":"[^"]*"|"partition":\d+,"(recorded|position)":"[^"]*"/g, 'own')
      .replaceAll(/127\.0\.0\.1:\d+|"port":\d+|tallycast_test_\w+/g, 'place')
      .replaceAll(/\b[a-z0-9]{14}\b/g, 'poll')
      .trim()
      .split('\n')
      // How many commits hold nothing but a close marker, or nothing, is left to chance.
      .filter((line) => !line.includes('"written":0,"setAside":0'))
      .toSorted()
  )
}

/** Names, labels and values; of what measures time, memory or the machine no values. */
async function metricsOf({ opsUrl }: Member): Promise<readonly string[]> {
  const text = await (await fetch(`${opsUrl}/metrics`)).text()
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  const isOwn = (line: string): boolean => line.startsWith('tallycast_')
  const isTiming = (line: string): boolean => /^tallycast_\w*_(seconds|seconds_bucket|seconds_sum)[ {]/.test(line)
  const told = lines.flatMap((line) => {
    // How often is asked here until something is so.
    const isOfAsking = line.startsWith('tallycast_http_answers_total{status="200"')
    if (isOwn(line)) return [isTiming(line) || isOfAsking ? line.slice(0, line.lastIndexOf(' ')) : line]
    // Which handles are open, and what was collected, is of the moment.
    return /^nodejs_(active|gc)/.test(line) ? [] : [line.slice(0, line.lastIndexOf(' '))]
  })
  // Which partition was measured first is left to chance.
  return told.toSorted()
}

const members = ({ apis, workers, admins }: System): readonly Member[] => [...apis, ...workers, ...admins]

async function toldBy(system: System): Promise<readonly unknown[]> {
  return Promise.all(
    members(system).map(async (member) => [member.name, linesOf(member), await metricsOf(member)] as const),
  )
}

test('what processes log and measure is the same whatever is chosen where results are hidden', async () => {
  await using systems = new AsyncDisposableStack()
  const live = async (choices: Choices) => {
    const system = await startSystem({ partitions: 2, env: { LOG_LEVEL: 'trace' } })
    systems.defer(system.stop)
    return { counts: await livedThrough(system, choices), told: await toldBy(system) }
  }
  const [one, two] = [await live(ofOne), await live(ofTwo)]
  expect([one.counts, two.counts]).toEqual([
    [5, 1, 1],
    [1, 2, 4],
  ])
  expect(one.told).toEqual(two.told)
})
