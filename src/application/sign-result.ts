// Beside the flow: says under the key of the service what came of a poll, so that it can be proved later and elsewhere.
import { sign } from 'node:crypto'
import type { FinalResult, SignedResult } from '../../contract/messages.ts'
import { networkOf } from '../domain/network.ts'
import type { Poll } from '../domain/poll.ts'
import { isRefused, refuse, refuseForNow, type Refused } from '../domain/refusal.ts'
import { maySeeResults, type Tally } from '../domain/tally.ts'
import type { PollSnapshot } from '../ports/poll-snapshots.ts'
import { isUnavailable } from '../ports/unavailable.ts'
import { canonicalJson } from './canonical-json.ts'
import { digestVotes, type LedgerDigest } from './ledger-digest.ts'
import type { RequestLimits } from './limit-rates/request-limits.ts'
import type { ReadSnapshot } from './read-snapshot.ts'
import type { ResultKeys } from './result-keys.ts'
import type { LivePoll } from './watch-poll.ts'
import type { ReaderCredentials, SeePoll } from './watch-poll/see-poll.ts'

/** `text` is the whole signed document in canonical form, so that what was signed stands in it as it was signed. */
export type SignedPoll = { readonly poll: Poll; readonly text: string }

export type SignResult = {
  /**
   * The signed result of the poll's round once it is final, for those who may see results; always the same text while the definition,
   * the key and the address of the service stay. Throws where the ledger does not hold what the tally says: that is not signed.
   */
  run(pollId: string, shown: ReaderCredentials): Promise<SignedPoll | Refused>
}

export type SignResultParts = {
  readonly readSnapshot: ReadSnapshot
  readonly seePoll: Pick<SeePoll, 'see'>
  readonly requestLimits: Pick<RequestLimits, 'signedResults'>
  readonly resultKeys: ResultKeys
  /** Where people reach the service; null where nobody has said so. */
  readonly issuer: string | null
  /** Signed results in memory, some kilobytes each. Those go for which nobody has asked for the longest time. */
  readonly keptMax?: number
  /** For so long a ledger that was found not to hold what the tally says is not read again. */
  readonly faultKeptMs?: number
  /** Whoever has waited so long is told to come back; millions of votes take longer, and their reading goes on. */
  readonly waitMsMax?: number
  /** Told of a fault that came when nobody waited any more. */
  readonly report: (fault: unknown) => void
}

/** Results that one process reads at once, each from a snapshot of its own. */
export const signingsMax = 2

const keptMaxDefault = 100
const faultKeptMsDefault = 5_000
/** Below the time after which a silent connection is cut off, by us or by a proxy. */
const waitMsMaxDefault = 10_000

export function createSignResult(parts: SignResultParts): SignResult {
  const { readSnapshot, seePoll, requestLimits, resultKeys, issuer, report } = parts
  const { keptMax = keptMaxDefault, faultKeptMs = faultKeptMsDefault, waitMsMax = waitMsMaxDefault } = parts
  /** The longest unasked for first. Those that are being made are among them, so that many who ask at once read the ledger once. */
  const kept = new Map<string, Promise<SignedPoll | Refused>>()

  async function signSnapshot(snapshot: PollSnapshot | null): Promise<SignedPoll | Refused> {
    if (snapshot === null || snapshot.poll.status === 'deleted') return notFound
    const { poll, tally } = snapshot
    if (!tally.resultsFinal) return notFinal
    const ledger = await digestVotes(snapshot.votesByVoter(poll.round))
    refuseDifference(tally, ledger)
    return { poll, text: canonicalJson(signResult(describeResult(poll, tally, ledger, issuer), resultKeys)) }
  }

  /** What is in memory costs nothing. A bearer makes no difference: whoever makes polls has a manage token for each. */
  function takeReading(poll: Poll, { address }: ReaderCredentials): Refused | null {
    if (kept.has(nameOf(poll)) || address === undefined) return null
    return requestLimits.signedResults.take(networkOf(address))
  }

  function signOnce(live: LivePoll): Promise<SignedPoll | Refused> {
    const name = nameOf(live.poll)
    const known = kept.get(name)
    const signed = known ?? readSnapshot(live, signSnapshot)
    kept.delete(name)
    kept.set(name, signed)
    if (known === undefined) keepLasting(name, signed)
    return signed
  }

  /** Only what lasts drives others out: a flood of what is refused for now leaves all that is signed where it is. */
  function keepLasting(name: string, signed: Promise<SignedPoll | Refused>): void {
    const forget = (): void => {
      if (kept.get(name) === signed) kept.delete(name)
    }
    const dropOldest = (): void => {
      const [oldest] = kept.keys()
      if (kept.size > keptMax && oldest !== undefined) kept.delete(oldest)
    }
    signed.then(
      (result) => (isRefused(result) ? forget() : dropOldest()),
      (fault: unknown) => {
        if (isUnavailable(fault)) return forget()
        dropOldest()
        setTimeout(forget, faultKeptMs).unref()
      },
    )
  }

  async function waitFor(signed: Promise<SignedPoll | Refused>): Promise<SignedPoll | Refused> {
    const { promise: late, resolve } = Promise.withResolvers<Refused>()
    const timer = setTimeout(() => {
      resolve(beingRead)
      signed.catch(report)
    }, waitMsMax)
    try {
      return await Promise.race([signed, late])
    } finally {
      clearTimeout(timer)
    }
  }

  return {
    async run(pollId, shown) {
      const seen = await seePoll.see(pollId, shown)
      if (isRefused(seen)) return seen
      const { live, audience } = seen
      if (!live.tally.resultsFinal) return notFinal
      if (!maySeeResults(live.poll, audience)) return hidden
      const signed = takeReading(live.poll, shown) ?? (await waitFor(signOnce(live)))
      // The definition in memory may have been older than the snapshot.
      return isRefused(signed) || maySeeResults(signed.poll, audience) ? signed : hidden
    },
  }
}

/** Of another name where another document is signed. */
function nameOf({ id, round, revision }: Poll): string {
  return `${id} ${round} ${revision}`
}

function signResult(result: FinalResult, { signingKey, published: [{ id }] }: ResultKeys): SignedResult {
  const value = sign(null, Buffer.from(canonicalJson(result)), signingKey).toString('base64')
  return { result, signature: { algorithm: 'Ed25519', key_id: id, value } }
}

function describeResult(poll: Poll, tally: Tally, ledger: LedgerDigest, issuer: string | null): FinalResult {
  return {
    format: 'tallycast.result.v1',
    issuer,
    poll_id: poll.id,
    question: poll.question,
    description: poll.description,
    type: poll.type,
    options: poll.options.map(({ id, text }) => ({ id, text, votes: ledger.counts.get(id) ?? 0 })),
    min_choices: poll.minChoices,
    max_choices: poll.maxChoices,
    voter_identity: poll.voterIdentity,
    allow_vote_change: poll.allowVoteChange,
    opened_at: timeText(poll.openedAt),
    closed_at: timeText(poll.closedAt),
    edited_at: timeText(poll.editedAt),
    round: poll.round,
    revision: poll.revision,
    version: tally.version,
    total_votes: ledger.votes,
    ledger: { algorithm: 'sha-256', votes: ledger.votes, digest: ledger.digest },
  }
}

/** Somebody wrote to the database past us. A recount says what differs; nothing is repaired, and nobody vouches for it. */
function refuseDifference(tally: Tally, ledger: LedgerDigest): void {
  const published = new Map(tally.optionIds.map((id, index) => [id, tally.counts[index] ?? 0]))
  const optionIds = new Set([...published.keys(), ...ledger.counts.keys()])
  const isSame = [...optionIds].every((id) => (published.get(id) ?? 0) === (ledger.counts.get(id) ?? 0))
  if (isSame && tally.totalVotes === ledger.votes) return
  throw new Error(`tally and ledger differ: nothing is signed of poll ${tally.pollId}, round ${tally.round}`)
}

function timeText(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString()
}

const notFound = refuse('poll_not_found', 'There is no such poll.')
const notFinal = refuse(
  'poll_not_final',
  'A result is signed when it is final: once the poll is closed and every vote counted.',
)
const hidden = refuse('forbidden', 'The results of this poll are shown to its organiser alone.')
const beingRead = refuseForNow('unavailable', 'The votes are being read to be signed. Please come back.', 5_000)
