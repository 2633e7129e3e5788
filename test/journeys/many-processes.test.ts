import { describe, expect, test } from 'vitest'
import {
  killApiProcess,
  pauseApiProcesses,
  servingProcesses,
  stopApiProcesses,
} from '../support/faults/api-process-faults.ts'
import { workersComeAndGo } from '../support/faults/worker-faults.ts'
import { type Fault, survive } from '../support/fault-case.ts'
import { organisePoll, send } from '../support/organiser.ts'
import { childrenOf } from '../support/process-figures.ts'
import { startServerProcess } from '../support/server-process.ts'
import { sumMetric } from '../support/sum-metric.ts'
import { type Member, useSystem } from '../support/system.ts'
import { connectViewer, type TestViewer } from '../support/viewer.ts'
import { letVote } from '../support/voters.ts'
import { waitUntil } from '../support/wait-until.ts'

const processes = 2
const voters = 60
/** Above the rate that each case holds against what came. */
const votesPerSecond = 320
const withinMs = 20_000

const system = useSystem({
  apis: 1,
  workers: 3,
  partitions: 6,
  envOf: { api: { API_PROCESSES: String(processes) } },
})
const theApi = (): Member => system().apis[0]! // As planned.
/** A metric of each process behind the port. */
const measureEach = async (name: string): Promise<readonly number[]> =>
  Promise.all([1, 2].map(async (number) => sumMetric([theApi()], name, `api_process="${number}"`)))
const hasEach = async (name: string): Promise<boolean> => (await measureEach(name)).every((value) => value > 0)

describe('two api processes behind one port', () => {
  test('votes through both are counted together, viewers of both see the final count, and each is measured', async () => {
    const { url } = theApi()
    const poll = await organisePoll(url)
    const viewers: TestViewer[] = []
    await waitUntil(
      async () => {
        const viewer = connectViewer(`${url.replace('http', 'ws')}/ws/polls/${poll.id}`)
        viewers.push(viewer)
        await viewer.sees(() => true)
        return hasEach('tallycast_viewers')
      },
      { withinMs, what: 'each process has viewers' },
    )
    const accepted = 'tallycast_votes_accepted_total'
    let areBothMet = false
    const crowd = letVote({
      pollId: poll.id,
      optionIds: poll.optionIds,
      apiUrl: () => url,
      goOn: (number) => number < voters || !areBothMet,
    })
    await waitUntil(async () => hasEach(accepted), { withinMs, what: 'each process has accepted votes' })
    areBothMet = true
    await crowd.done
    expect(crowd.accepted()).toBe(crowd.attempts.length)
    await waitUntil(async () => (await sumMetric([theApi()], accepted)) === crowd.accepted(), {
      withinMs,
      what: 'all that was accepted is measured',
    })

    const watching = async () => (await send(url, 'GET', `/polls/${poll.id}/viewers`)).body
    await waitUntil(async () => JSON.stringify(await watching()).includes(`"viewers":${viewers.length}`), {
      withinMs,
      what: 'the viewers of both are counted together',
    })
    await poll.step('close')
    for (const viewer of viewers) {
      const final = await viewer.sees(({ results_final: isFinal }) => isFinal, withinMs)
      expect(final.total_votes).toBe(crowd.accepted())
      viewer.socket.terminate()
    }
  })

  test('there are as many as were asked for, and no second service comes onto their port unnoticed', async () => {
    expect(childrenOf(theApi().pid()).length).toBe(processes)
    await waitUntil(async () => (await servingProcesses(theApi())) === processes, {
      withinMs,
      what: 'all of them serve',
    })
    const other = startServerProcess({
      name: 'another',
      program: 'api',
      env: {
        DATABASE_URL: system().database.databaseUrl,
        REDIS_URL: system().redisUrl,
        HOST: '127.0.0.1',
        PORT: new URL(theApi().url).port,
        OPS_PORT: '0',
        API_PROCESSES: String(processes),
      },
    })
    expect(await other.ended()).toMatchObject({ exitCode: 1 })
    expect(other.output()).toContain('is taken by another program')
    await other.stop()
  })
})

describe('while over 300 people vote in each second', () => {
  const faults: readonly Fault[] = [killApiProcess, pauseApiProcesses, stopApiProcesses, workersComeAndGo]
  test.each(faults)('$fact', async (fault) => {
    await survive(system(), fault, { votesPerSecond, votesMin: 0 })
  })
})
