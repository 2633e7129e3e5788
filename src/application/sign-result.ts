// Beside the flow: says under the key of the service what came of a poll, so that it can be proved later and elsewhere.
import { networkOf } from '../domain/network.ts'
import type { Poll } from '../domain/poll.ts'
import { isRefused, refuse, refuseForNow, type Refused } from '../domain/refusal.ts'
import { maySeeResults } from '../domain/tally.ts'
import { isUnavailable } from '../ports/unavailable.ts'
import type { RequestLimits } from './limit-rates/request-limits.ts'
import type { ReadSnapshot } from './read-snapshot.ts'
import { notFinal, type SignedPoll, type SignSnapshot } from './sign-snapshot.ts'
import type { LivePoll } from './watch-poll.ts'
import type { ReaderCredentials, SeePoll } from './watch-poll/see-poll.ts'

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
  readonly signSnapshot: SignSnapshot
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
  const { readSnapshot, seePoll, requestLimits, signSnapshot, report } = parts
  const { keptMax = keptMaxDefault, faultKeptMs = faultKeptMsDefault, waitMsMax = waitMsMaxDefault } = parts
  /** The longest unasked for first. Those that are being made are among them, so that many who ask at once read the ledger once. */
  const kept = new Map<string, Promise<SignedPoll | Refused>>()

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

const hidden = refuse('forbidden', 'The results of this poll are shown to its organiser alone.')
const beingRead = refuseForNow('unavailable', 'The votes are being read to be signed. Please come back.', 5_000)
