import { expect } from 'vitest'
import { type Fault, type FaultScene, moreAccepted } from '../fault-case.ts'
import type { Hook } from '../hooks.ts'
import type { Answer } from '../keep-alive-client.ts'
import { organisePoll, type OrganisedPoll } from '../organiser.ts'
import type { Member, System } from '../system.ts'
import { waitUntil } from '../wait-until.ts'
import { watchDrain } from '../watch-drain.ts'
import { watchRecording } from '../watch-recording.ts'
import { isOwned } from './worker-faults.ts'

const votesMeanwhile = 200
/** A balancer that asks four times a second has seen by then that the api is not ready. */
const leadMinMs = 250
/** Promise G5 for those who watch; far below the lease, after which a partition would be taken over anyway. */
const handoverMaxMs = 2_000
const ownedWithinMs = 15_000
const finalWithinMs = 10_000

/** Asks a process to end, waits until it has, with status 0 and within its own limit, and starts it again. */
export const restartInOrder = async (member: Member): Promise<void> => {
  member.signal('SIGTERM')
  expect(await member.ended()).toEqual({ exitCode: 0, signal: null })
  await member.restart()
}

/** One api after the other. What people see of it is a connection that is closed, and another api. */
export const restartApis: Fault = {
  fact: 'apis that are restarted one after the other lose no vote and refuse none to a client that asks once more',
  async inject({ system, poll, load }) {
    let answers = 0
    for (const api of system.apis) {
      const drain = watchDrain(api.url, poll.id)
      await restartInOrder(api)
      const { leadMs, answers: answered, keptOpen } = await drain
      console.log(`  ${api.name} was unready ${Math.round(leadMs)} ms before it refused connections`)
      expect(leadMs).toBeGreaterThanOrEqual(leadMinMs)
      expect(keptOpen).toBe(0)
      answers += answered
      await moreAccepted(load, votesMeanwhile)
    }
    return {
      'apis restarted': system.apis.length,
      'answers of an api that was stopping': answers,
      'first attempts refused': load.answers.get('ECONNREFUSED') ?? 0,
    }
  },
}

/** One worker after the other. Its partitions are recorded on by those that stay, without waiting for leases to run out. */
export const restartWorkers: Fault = {
  fact: 'workers that are restarted one after the other hand their partitions over at once',
  async inject({ system, load }) {
    const recording = watchRecording(system.database.pool)
    let handedOver = 0
    for (const worker of system.workers) {
      handedOver += (await ownersOf(system)).filter((owner) => owner.includes(`-${worker.pid()}-`)).length
      await restartInOrder(worker)
      await moreAccepted(load, votesMeanwhile)
      await waitUntil(async () => isOwned(system), { withinMs: ownedWithinMs, what: 'every partition is owned' })
    }
    const pauseMs = await recording.longestPauseMs()
    console.log(`  the longest pause of a partition's recording: ${Math.round(pauseMs)} ms`)
    expect(pauseMs).toBeLessThan(handoverMaxMs)
    return { 'workers restarted': system.workers.length, 'partitions handed over': handedOver }
  },
}

const ownersOf = async ({ database }: System): Promise<readonly string[]> => {
  const { rows } = await database.pool.query<{ owner: string }>('select owner from checkpoint where owner is not null')
  return rows.map(({ owner }) => owner)
}

/** Organisers go on opening and closing meanwhile: each call succeeds or says when to come back, and then it does. */
export const restartAdmin: Fault = {
  fact: 'an admin that is restarted while organisers work lets each of them succeed, at once or when it is back',
  async inject({ system }) {
    const [admin] = system.admins
    if (admin === undefined) throw new Error('the system has no admin')
    const polls = await organiseSome(system, 20)
    let isBack = false
    const restarted = restartInOrder(admin).finally(() => {
      isBack = true
    })
    const answers: Answer[] = []
    while (!isBack) {
      const turn = polls[answers.length % polls.length]
      answers.push(await turn!.step(answers.length % (2 * polls.length) < polls.length ? 'close' : 'reset'))
    }
    await restarted
    expectSuccessOrLater(answers)
    await Promise.all(polls.map(async (poll) => untilSuccess(poll, 'reset')))
    const comeBacks = answers.filter(({ status }) => status === 503).length
    return { 'admins restarted': 1, 'life-cycle calls meanwhile': answers.length, 'told to come back': comeBacks }
  },
}

/** Dies between having saved that a poll closes and shutting its doors; nobody asks for the close again. Needs the hooked admin. */
export const killAdmin = (hook: Hook): Fault => ({
  fact: 'an admin that is killed in the middle of a close finishes it when it is back',
  async inject({ system }) {
    const [admin] = system.admins
    if (admin === undefined) throw new Error('the system has no admin')
    const polls = await organiseSome(system, 5)
    hook.set('before_shut', 'SIGKILL')
    const closes = polls.map(async (poll) => poll.step('close'))
    await admin.ended()
    const answers = await Promise.all(closes)
    expectSuccessOrLater(answers)
    // Who was not saved in time stays open.
    const closing = await listClosing(system, polls)
    await admin.restart()
    const areFinal = async (): Promise<boolean> => {
      const seen = await Promise.all(closing.map(async (poll) => poll.see()))
      return seen.every((poll) => poll.results_final)
    }
    await waitUntil(areFinal, { withinMs: finalWithinMs, what: 'the polls are final' })
    return {
      'closes told to come back': answers.filter(({ status }) => status === 503).length,
      'polls whose doors all stood open': closing.length,
    }
  },
})

const organiseSome = async (system: FaultScene['system'], count: number): Promise<readonly OrganisedPoll[]> =>
  Promise.all(Array.from({ length: count }, async (_, number) => organisePoll(system.apiUrl(number))))

const listClosing = async (
  { database }: System,
  polls: readonly OrganisedPoll[],
): Promise<readonly OrganisedPoll[]> => {
  const { rows } = await database.pool.query<{ id: string }>(
    "select id from poll where id = any($1) and status = 'closing'",
    [polls.map(({ id }) => id)],
  )
  const ids = new Set(rows.map(({ id }) => id))
  return polls.filter(({ id }) => ids.has(id))
}

const expectSuccessOrLater = (answers: readonly Answer[]): void => {
  const isFine = ({ status, headers }: Answer): boolean =>
    status === 200 || (status === 503 && headers['retry-after'] !== undefined)
  expect(answers.filter((answer) => !isFine(answer))).toEqual([])
}

const untilSuccess = async (poll: OrganisedPoll, step: 'reset'): Promise<void> =>
  waitUntil(async () => (await poll.step(step)).status === 200, { withinMs: finalWithinMs, what: `${step} succeeds` })
