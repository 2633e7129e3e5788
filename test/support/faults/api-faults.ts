import { createSecretStore } from '../../../src/adapters/postgres/secrets.ts'
import { createVoteIds } from '../../../src/application/cast-vote/vote-id.ts'
import { type Fault, type FaultScene, moreAccepted } from '../fault-case.ts'
import type { Hook } from '../hooks.ts'
import type { Load } from '../load.ts'
import { longestBlockMs } from '../sum-metric.ts'
import { waitUntil } from '../wait-until.ts'

const withinMs = 15_000
const kills = { least: 3, most: 12 }
const votesBetween = 300
const votesUntilMeasured = 40

/** Kills one api after the other, at no particular moment, until one of them has died with requests under way. */
export const killApis: Fault = {
  fact: 'apis that are killed at any moment cost nobody a vote: who asks again at another one, with the same key, counts once',
  async inject({ system, load }) {
    const cutOffBefore = cutOff(load)
    let killed = 0
    for (; killed < kills.least || (cutOff(load) === cutOffBefore && killed < kills.most); killed += 1) {
      // There are at least two apis.
      const victim = system.apis[killed % system.apis.length]!
      victim.signal('SIGKILL')
      await victim.ended()
      await moreAccepted(load, votesBetween)
      await victim.restart()
      await moreAccepted(load, votesBetween)
    }
    return { 'apis killed': killed, 'requests cut off': cutOff(load) - cutOffBefore }
  },
}

/** Kills an api when the log has votes that nobody was told of. Needs the hooked api. */
export const killApiAfterAppend = (hook: Hook): Fault => ({
  fact: 'votes that the log has when their api is killed before it answers are answered as the first time by another one',
  async inject(scene) {
    const { system, load } = scene
    hook.set('after_append', 'SIGKILL')
    await waitUntil(() => hook.isDone(), { withinMs, what: 'an api has appended' })
    const ended = () => system.apis.find((api) => !api.isRunning())
    await waitUntil(() => ended() !== undefined, { withinMs, what: 'an api has ended' })
    const killed = ended()
    await moreAccepted(load, votesBetween)
    await killed?.restart()
    await waitUntil(async () => (await countRecovered(scene)) > 0, {
      withinMs,
      what: 'a lost answer was asked for again',
    })
    return { 'apis killed': 1, 'lost answers given again': await countRecovered(scene) }
  },
})

/** Keeps an api's event loop busy when the log has votes that nobody was told of. Needs the hooked api. */
export const blockApi = (hook: Hook, spinMs: number): Fault => ({
  fact: 'an api whose event loop stands still for seconds answers everybody afterwards, and nothing counts twice',
  async inject({ system, load }) {
    await longestBlockMs(system.apis)
    // What is measured begins with the loop's next turn.
    await moreAccepted(load, votesUntilMeasured)
    hook.set('after_append', { spinMs })
    await waitUntil(() => hook.isDone(), { withinMs, what: 'an api has appended' })
    const begun = performance.now()
    await waitUntil(() => performance.now() > begun + spinMs, { withinMs: 2 * spinMs, what: 'the block is over' })
    await moreAccepted(load, votesBetween)
    const blockedMs = await longestBlockMs(system.apis)
    return { 'ms blocked': blockedMs < spinMs * 0.9 ? 0 : blockedMs }
  },
})

/** Requests that were under way and ended without an answer. Answers are counted by a number; who was refused was never heard. */
const cutOff = ({ answers }: Load): number =>
  [...answers].filter(([what]) => !/^(?:\d+|ECONNREFUSED)$/.test(what)).reduce((sum, [, times]) => sum + times, 0)

/** Votes whose answer was lost, and which were appended before that: the answer that they got in the end is about the first attempt. */
const countRecovered = async ({ system, load }: FaultScene): Promise<number> => {
  const voteIds = createVoteIds((await createSecretStore(system.database.pool).read()).service)
  return load.attempts.filter(({ outcome, answerLostAt = null }) => {
    if (outcome.result !== 'accepted' || answerLostAt === null) return false
    const receipt = voteIds.open(outcome.voteId)
    return receipt !== null && appendedAt(receipt.position) <= answerLostAt
  }).length
}

/** A position of a Redis stream holds when its entry was appended: the 12 digits behind the epoch. */
const appendedAt = (position: string): number => Number.parseInt(position.slice(8, 20), 16)
