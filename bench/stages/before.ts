import { execFileSync } from 'node:child_process'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { OrganisedPoll } from '../../test/support/organiser.ts'
import { againstFloor, median, type Outcome } from '../figure.ts'
import { type Accepted, prepareAccepted } from '../site/accepted-votes.ts'
import { acceptedOf, CONNECTIONS as connections } from '../site/bare-post.ts'
import { cpuTimeSince, readCpuTimes, sumOf } from '../site/cpu-time.ts'
import { type Crowd, startCrowd } from '../site/crowd.ts'
import { type Installation, startInstallation } from '../site/installation.ts'
import { type Load, startLoad, votesOf } from '../site/load.ts'
import { watchRecording } from '../site/recorded-votes.ts'
import { versionWith } from '../site/shown-version.ts'

/**
 * Both are begun anew so often, every other time this tree first: one process reads results for up to 8 % less than another of the same
 * code as long as it lives, and of two starts with six rounds each reads came out between 1.00 and 1.07 on the same two trees.
 */
const starts = 6
const rounds = 2
const roundMs = 4_000
/** Of each of two apis that share a core: some third of what both could take. */
const acceptedPerSecond = 3_000
const readsPerSecond = 8_000
/** On both sides everything runs, on two cores. */
const recordedPerSecond = 1_200
const viewers = 3_000
const comePerSecond = 1_500
/** Enough for a change in every update interval. */
const shownPerSecond = 12
const goal = { atMost: 1.03 }

/** Microseconds of CPU per vote, answer or message, or milliseconds until an answer; of this tree and of the one before in the same seconds. */
type Pair = { readonly product: number; readonly floor: number }
type Side = { readonly installation: Installation; readonly load: Load }
type Measured = {
  readonly accepted: Pair[]
  readonly answeredMs: Pair[]
  readonly read: Pair[]
  readonly recorded: Pair[]
  readonly shown: Pair[]
}

/**
 * What a vote, an answer and a message cost in this tree, against another clone of an earlier commit (`npm ci` done there): both installed at
 * once on this machine, so that a slow minute slows both.
 */
export async function before(folder: string | null): Promise<Outcome> {
  if (folder === null) throw new Error('the benchmark before takes --before FOLDER: a clone of the earlier commit')
  const program = pathToFileURL(join(resolve(folder), 'bench/site/installation.ts')).href
  // The same module of an earlier commit.
  const earlier = (await import(program)) as { readonly startInstallation: typeof startInstallation }
  const measured: Measured = { accepted: [], answeredMs: [], read: [], recorded: [], shown: [] }
  const trees = [startInstallation, earlier.startInstallation]
  for (let start = 0; start < starts; start += 1) {
    const inOrder = <Value>(values: readonly Value[]) => (start % 2 === 0 ? values : values.toReversed())
    const pair = (values: readonly number[]): Pair => {
      const [product = 0, floor = 0] = inOrder(values)
      return { product, floor }
    }
    await measureBoth(inOrder(trees), pair, measured)
  }
  const floorIs = 'the same before'
  return {
    figures: [
      againstFloor('CPU of api and redis, a vote into the log', 'us/vote', measured.accepted, floorIs, goal),
      againstFloor('until a vote is answered', 'ms', measured.answeredMs, floorIs, goal),
      againstFloor('CPU of the api, results read', 'us/answer', measured.read, floorIs, goal),
      againstFloor('CPU of all processes, a vote to its end', 'us/vote', measured.recorded, floorIs, goal),
      againstFloor('CPU of the api, an update to its viewers', 'us/message', measured.shown, floorIs, goal),
    ],
    checked: [
      `before is ${commitOf(folder)}`,
      'every 202 is in the ledger, the tally and the cache, and nothing else is; every viewer ends at the last version',
    ],
  }
}

function commitOf(folder: string): string {
  return execFileSync('git', ['rev-parse', '--short=12', 'HEAD'], { cwd: folder, encoding: 'utf8' }).trim()
}

async function measureBoth(
  trees: readonly (typeof startInstallation)[],
  pair: (values: readonly number[]) => Pair,
  measured: Measured,
): Promise<void> {
  const undo: (() => Promise<void>)[] = []
  try {
    const sides: Side[] = []
    for (const start of trees) {
      const load = startLoad()
      undo.push(load.stop)
      const installation = await start({ underTest: 'api' })
      undo.push(installation.stop)
      sides.push({ load, installation })
    }
    const each = async (
      into: readonly Pair[][],
      measure: () => Promise<readonly (readonly number[])[]>,
    ): Promise<void> => {
      // The first round warms up.
      for (let round = 0; round <= rounds; round += 1) {
        const values = await measure()
        if (round > 0) for (const [index, pairs] of into.entries()) pairs.push(pair(values[index] ?? []))
      }
    }
    await each([measured.accepted, measured.answeredMs], async () => {
      const accepted = await acceptOn(sides)
      return [accepted.map(({ cpu }) => cpu), accepted.map(({ latencies }) => median(latencies))]
    })
    await each([measured.read], async () => [await readOn(sides)])
    await each([measured.recorded], async () => [await recordOn(sides)])
    const watched: Watched[] = []
    for (const side of sides) watched.push(await gather(side, undo))
    await each([measured.shown], async () => [await showOn(watched)])
  } finally {
    for (const step of undo.toReversed()) await step()
  }
}

async function acceptOn(sides: readonly Side[]): Promise<readonly Accepted[]> {
  const plan = { forMs: roundMs, perSecond: acceptedPerSecond }
  const begin: (() => Promise<Accepted>)[] = []
  for (const { load, installation } of sides) begin.push(await prepareAccepted(load, installation, plan))
  return Promise.all(begin.map(async (measure) => measure()))
}

async function readOn(sides: readonly Side[]): Promise<readonly number[]> {
  for (const { load, installation } of sides) {
    const { id } = await installation.createPoll()
    const head = `GET /polls/${id}/results HTTP/1.1\r\nhost: 127.0.0.1\r\n`
    await load.prepare({ port: installation.apiPort, head, body: '', varying: [] })
  }
  return Promise.all(
    sides.map(async ({ load, installation }) => {
      const pid = installation.role('api').pid()
      const cpuBefore = readCpuTimes({ pid })
      const { answered, statuses } = await load.run({ connections, perSecond: readsPerSecond, forMs: roundMs })
      if (answered === 0 || statuses[200] !== answered) throw new Error(`reads: ${JSON.stringify(statuses)}`)
      return sumOf(cpuTimeSince(cpuBefore, readCpuTimes({ pid }))) / answered
    }),
  )
}

async function recordOn(sides: readonly Side[]): Promise<readonly number[]> {
  const begin: (() => Promise<number>)[] = []
  for (const { load, installation } of sides) {
    const poll = await installation.createPoll()
    await load.prepare(votesOf(installation, poll.id, Math.ceil((roundMs / 1000) * recordedPerSecond)))
    begin.push(async () => {
      const cpuBefore = readCpuTimes(installation.pids())
      const accepted = acceptedOf(await load.run({ connections, perSecond: recordedPerSecond, forMs: roundMs }))
      await watchRecording(installation.database, [poll.id], accepted)
      const used = cpuTimeSince(cpuBefore, readCpuTimes(installation.pids()))
      await installation.provesVotes(poll, accepted)
      return sumOf(used) / accepted
    })
  }
  return Promise.all(begin.map(async (measure) => measure()))
}

type Watched = Side & { readonly poll: OrganisedPoll; readonly crowd: Crowd; votes: number }

async function gather({ load, installation }: Side, undo: (() => Promise<void>)[]): Promise<Watched> {
  const poll = await installation.createPoll()
  const coming = { port: installation.apiPort, pollId: poll.id, viewers, perSecond: comePerSecond, notedEvery: 0 }
  const crowd = await startCrowd(coming)
  undo.push(crowd.stop)
  return { load, installation, poll, crowd, votes: 0 }
}

async function showOn(watched: readonly Watched[]): Promise<readonly number[]> {
  const votes = Math.ceil((roundMs / 1000) * shownPerSecond)
  for (const { load, installation, poll } of watched) await load.prepare(votesOf(installation, poll.id, votes))
  return Promise.all(
    watched.map(async (side) => {
      const { installation, load, poll, crowd } = side
      const pid = installation.role('api').pid()
      const seenBefore = await crowd.seen()
      const cpuBefore = readCpuTimes({ pid })
      side.votes += acceptedOf(await load.run({ connections, perSecond: shownPerSecond, forMs: roundMs }))
      const seen = await crowd.allSee(await versionWith(installation, poll, side.votes))
      if (seen.timesBack > 0 || seen.ended > 0) throw new Error(`viewers were lost: ${JSON.stringify(seen)}`)
      return sumOf(cpuTimeSince(cpuBefore, readCpuTimes({ pid }))) / (seen.messages - seenBefore.messages)
    }),
  )
}
