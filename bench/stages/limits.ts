import { randomBytes } from 'node:crypto'
import { makeHostKey } from '../../test/support/host-application.ts'
import { againstFloor, type Outcome, type Percentiles, percentilesOf, plainFigure } from '../figure.ts'
import { type Accepted, prepareAccepted } from '../site/accepted-votes.ts'
import { cpuTimeSince, readCpuTimes, sumOf } from '../site/cpu-time.ts'
import { type Installation, startInstallation } from '../site/installation.ts'
import { type Load, type LoadReport, type LoadTarget, startLoad, voteRequest, votesOf } from '../site/load.ts'
import { raisedLimits } from '../../test/support/raised-limits.ts'

const rounds = 9
/** Of each of two apis that share a core: some third of what both could take. */
const acceptedPerSecond = 3_000
const roundMs = 4_000
const warmUpMs = 3_000
const votesPerSecond = 500
/**
 * Many, and in turns of seconds: that the machine itself stands still for a while comes to a tenth of the rounds by chance, and with
 * nine long pairs it was chance that decided (0.88 to 1.53 for the same program).
 */
const floodRounds = 40
/** So that the p99 of a round is that of twenty votes. */
const floodRoundMs = 4_000
/** 100,000 in a minute. */
const invalidPerSecond = 1_667
const connections = 32
/** At that rate chance brings no more than these together; a sender that had to wait for its core would. */
const floodConnections = 8
const nearlyAll = 0.98
/** Each limit is what it is where nobody has set it. */
const asDelivered = Object.fromEntries(Object.keys(raisedLimits).map((name) => [name, '']))

/** What limits take from votes, and what they keep a flood from taking. */
export async function limits(): Promise<Outcome> {
  const cost = await costOfLimits()
  const flood = await votesInFlood()
  return { figures: [...cost.figures, ...flood.figures], checked: [...cost.checked, ...flood.checked] }
}

/** Votes with a session each into the log, in the same seconds by an installation that limits and by one that limits nobody. */
async function costOfLimits(): Promise<Outcome> {
  const undo: (() => Promise<void>)[] = []
  try {
    const sides: { readonly load: Load; readonly installation: Installation }[] = []
    for (const env of [asDelivered, { RATE_LIMITS: 'off' }]) {
      const load = startLoad()
      undo.push(load.stop)
      const installation = await startInstallation({ underTest: 'api', env })
      undo.push(installation.stop)
      sides.push({ load, installation })
    }
    const measureBoth = async (forMs: number): Promise<{ readonly product: number; readonly floor: number }> => {
      const begin: (() => Promise<Accepted>)[] = []
      for (const { load, installation } of sides)
        begin.push(await prepareAccepted(load, installation, { forMs, perSecond: acceptedPerSecond }))
      const [limited, free] = await Promise.all(begin.map(async (measureOne) => measureOne()))
      return { product: limited?.cpu ?? 0, floor: free?.cpu ?? 0 }
    }
    await measureBoth(warmUpMs)
    const measured: { readonly product: number; readonly floor: number }[] = []
    for (let round = 0; round < rounds; round += 1) measured.push(await measureBoth(roundMs))
    return {
      figures: [againstFloor('CPU of api and redis', 'us/vote', measured, 'the same without limits', { atMost: 1.05 })],
      checked: ['every 202 is in the ledger, the tally and the cache, and nothing else is, with limits and without'],
    }
  } finally {
    for (const step of undo.toReversed()) await step()
  }
}

/** Votes at a steady rate, with and without a flood of made-up tokens from the same address: what that takes from those who vote. */
async function votesInFlood(): Promise<Outcome> {
  // Who floods has a machine of its own: what it takes to send must not be taken from what votes are timed with.
  const [load, flood] = [startLoad(), startLoad({ givesWay: true })]
  const undo: (() => Promise<void>)[] = [load.stop, flood.stop]
  try {
    const { publicPem } = await makeHostKey('EdDSA')
    const env = { ...asDelivered, HOST_TOKEN_PUBLIC_KEYS: publicPem.replaceAll('\n', '\\n') }
    const installation = await startInstallation({ underTest: 'api', env })
    undo.push(installation.stop)
    const ofHost = await installation.createPoll({ voter_identity: 'token' })
    const measureRound = async (isFlooded: boolean, forMs: number): Promise<Round> => {
      if (isFlooded) await flood.prepare(madeUpTokens(installation, ofHost.id, forMs))
      return measure(installation, load, isFlooded ? flood : null, forMs)
    }
    await measureRound(false, warmUpMs)
    await measureRound(true, warmUpMs)
    const measured: { readonly calm: Round; readonly flooded: Round }[] = []
    for (let round = 0; round < floodRounds; round += 1) {
      const calm = await measureRound(false, floodRoundMs)
      measured.push({ calm, flooded: await measureRound(true, floodRoundMs) })
    }
    const against = (percentile: string, goal: { readonly atMost: number } | null) =>
      againstFloor(
        `${percentile} of votes in a flood`,
        'ms',
        measured.map(({ calm, flooded }) => ({
          product: flooded.latency[percentile] ?? 0,
          floor: calm.latency[percentile] ?? 0,
        })),
        'the same without one',
        goal,
      )
    return {
      figures: [
        against('p99', { atMost: 1.2 }),
        against('p50', null),
        plainFigure(
          'CPU of the api',
          'us/made-up token',
          measured.map(({ calm, flooded }) => (flooded.cpu - calm.cpu) / flooded.invalid),
          null,
        ),
      ],
      checked: [
        'no valid vote is refused; each is in the ledger, the tally and the cache, and nothing else is',
        'each made-up token is answered 401 or 429, and as many come as are to come',
      ],
    }
  } finally {
    for (const step of undo.toReversed()) await step()
  }
}

type Round = {
  readonly latency: Percentiles
  /** Of the api, in microseconds, over the whole round. */
  readonly cpu: number
  /** Made-up tokens that were answered. */
  readonly invalid: number
}

async function measure(installation: Installation, load: Load, flood: Load | null, forMs: number): Promise<Round> {
  const poll = await installation.createPoll()
  await load.prepare(votesOf(installation, poll.id, Math.ceil((forMs / 1000) * votesPerSecond)))
  const before = readCpuTimes(installation.pids())
  const [votes, invalid] = await Promise.all([
    load.run({ connections, perSecond: votesPerSecond, forMs }),
    flood?.run({ connections: floodConnections, perSecond: invalidPerSecond, forMs }) ?? null,
  ])
  const cpu = sumOf(cpuTimeSince(before, readCpuTimes(installation.pids())), ['api'])
  proveAnswers(votes, ['202'], votesPerSecond)
  if (invalid !== null) proveAnswers(invalid, ['401', '429'], invalidPerSecond)
  await installation.provesVotes(poll, votes.answered)
  return { latency: percentilesOf(votes.latencies), cpu, invalid: invalid?.answered ?? 0 }
}

function proveAnswers(
  { statuses, answered, sent, ms }: LoadReport,
  expected: readonly string[],
  perSecond: number,
): void {
  const others = Object.keys(statuses).filter((status) => !expected.includes(status))
  const isWhole = answered === sent && answered >= nearlyAll * perSecond * (ms / 1000)
  if (others.length > 0 || !isWhole) {
    throw new Error(`of ${sent} in ${Math.round(ms)} ms ${answered} were answered: ${JSON.stringify(statuses)}`)
  }
}

/** Tokens that are right in everything but their signature, each another one. */
function madeUpTokens({ apiPort }: Installation, pollId: string, forMs: number): LoadTarget {
  const count = Math.ceil((forMs / 1000) * invalidPerSecond)
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url')
  const header = encode({ alg: 'EdDSA', kid: 'one' })
  const exp = Math.floor(Date.now() / 1000) + 600
  const varying = Array.from({ length: count }, (_, number) => {
    const claims = encode({ sub: `voter-${number}`, aud: 'tallycast', poll_id: pollId, exp })
    return `voter-token: ${header}.${claims}.${randomBytes(64).toString('base64url')}\r\n`
  })
  return { port: apiPort, ...voteRequest(pollId), varying }
}
