import { createClient } from '../../client/src/client.ts'
import type { Audience } from './audience.ts'
import type { Told } from './crowd.ts'
import { createVoter } from './voter.ts'

const probesMin = 10
const probesMax = 1_000
const seenWithinMs = 10_000

type ProbeOptions = {
  readonly url: string
  readonly pollId: string
  /** Nobody but the probes votes for it, so that a viewer who sees n votes has seen the n-th probe arrive. */
  readonly optionId: number
  /** Whether the crowd is still voting. */
  readonly goOn: () => boolean
}

export type Latencies = {
  readonly probes: number
  /** From the click to each viewer's screen, in milliseconds, ascending. */
  readonly ms: readonly number[]
  /** Viewers that did not see a probe in time, over all probes. */
  readonly missed: number
}

/** Sends one vote after the other, each when all have seen the one before, while the crowd votes. */
export async function sendProbes(options: ProbeOptions, audience: Audience, told: Told): Promise<Latencies> {
  const { url, pollId, optionId, goOn } = options
  const ms: number[] = []
  let probes = 0
  let accepted = 0
  let missed = 0
  while (probes < probesMin || (goOn() && probes < probesMax)) {
    probes += 1
    const expected = accepted + 1
    const sentAt = performance.now()
    const seen = audience.momentsOf(
      ({ options: tally }) => (tally.find(({ id }) => id === optionId)?.votes ?? 0) >= expected,
      seenWithinMs,
    )
    const outcome = await createVoter(createClient({ url }), pollId).vote(optionId, crypto.randomUUID())
    told.note(outcome, optionId)
    if (outcome.result === 'accepted') {
      accepted += 1
      const moments = await seen
      ms.push(...moments.map((at) => at - sentAt))
      missed += audience.size - moments.length
    }
    // Whoever is refused now will be refused again.
    if (outcome.result === 'refused') break
  }
  return { probes, ms: ms.toSorted((a, b) => a - b), missed }
}
