import { beforeAll, describe, expect, test } from 'vitest'
import { type FaultReport, survive } from '../support/fault-case.ts'
import { flood, hangOn, sendNonsense } from '../support/faults/hostile-faults.ts'
import { organisePoll } from '../support/organiser.ts'
import { countConnections } from '../support/process-figures.ts'
import { type ServerProcess, startServerProcess } from '../support/server-process.ts'
import { type Member, useSystem } from '../support/system.ts'
import { waitUntil } from '../support/wait-until.ts'

/** After so long a stopped gRPC client has been let go of, and what a busy machine adds. */
const goneWithinMs = 45_000 + 15_000
const shutdownMs = 10_000
const watchers = 20

const system = useSystem({ admins: 2, env: { LOG_LEVEL: 'warn' } })
let api: Member

beforeAll(() => {
  // There is one, as planned.
  api = system().apis[0]!
})

const connections = async (of: Member): Promise<number> => countConnections(of.opsUrl)

/** Whoever votes meanwhile need not ask for long. */
const plan = { retriesMax: 1 }

const expectAccepted = ({ load }: FaultReport): void =>
  expect(load.attempts.filter(({ outcome }) => outcome.result !== 'accepted')).toEqual([])

describe.concurrent('who is slow on purpose, while 400 people vote in each second', () => {
  test.each([hangOn])('$fact', async (fault) => {
    expectAccepted(await survive(system(), fault, plan))
  })

  test('gRPC clients that stop in the middle of a stream are let go of, and do not keep the admin from ending', async () => {
    // The second of two: the first serves the api.
    const admin = system().admins[1]!
    const { host } = new URL(admin.url)
    const { id } = await organisePoll(api.url)
    const before = await connections(admin)
    const first = await startWatchers(host, id, watchers)
    try {
      await waitUntil(async () => (await connections(admin)) >= before + watchers, { what: 'all are connected' })
      first.signal('SIGSTOP')
      const began = performance.now()
      await waitUntil(async () => (await connections(admin)) < before + 5, {
        withinMs: goneWithinMs,
        what: 'the stopped watchers are let go of',
      })
      console.log(`stopped watchers were let go of after ${((performance.now() - began) / 1000).toFixed(1)} s`)
    } finally {
      first.signal('SIGKILL')
      await first.stop()
    }
    const second = await startWatchers(host, id, watchers)
    try {
      second.signal('SIGSTOP')
      const began = performance.now()
      admin.signal('SIGTERM')
      expect(await admin.ended(20_000)).toEqual({ exitCode: 0, signal: null })
      console.log(`with stopped watchers the admin ended after ${((performance.now() - began) / 1000).toFixed(1)} s`)
      expect(performance.now() - began).toBeLessThan(shutdownMs + 3_000)
    } finally {
      second.signal('SIGKILL')
      await second.stop()
    }
  })
})

/** A process that watches over connections of its own; resolves when it sees the poll on all of them. */
async function startWatchers(address: string, pollId: string, count: number): Promise<ServerProcess> {
  const env = { GRPC_ADDRESS: address, POLL_ID: pollId, CONNECTIONS: String(count) }
  const watching = startServerProcess({ name: 'watchers', program: 'programs/poll-watcher.ts', env })
  await waitUntil(() => watching.output().includes('all watch'), {
    withinMs: 20_000,
    what: 'the watchers see the poll',
  })
  return watching
}

test.each([sendNonsense])('$fact', async (fault) => {
  expectAccepted(await survive(system(), fault, plan))
})

test.each([flood])('$fact', async (fault) => {
  // The flood takes its share of the machine from the api: who is told to come back may be told so again, but not for ever.
  expectAccepted(await survive(system(), fault))
})
