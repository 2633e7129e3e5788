import { createClient } from '../../client/src/client.ts'
import { createVoter, type VoteOutcome } from './voter.ts'

/** Voters who wait for their answers at the same moment. With many more, a probe would measure how long it stands in their queue. */
const atOnceMax = 50
/** Of so many voters one clicks twice, and another one tries to vote again for something else. */
const oneIn = 50

/** What the voters were told, added up. */
export class Told {
  /** Votes that were accepted, each voter once, by option id. */
  readonly accepted = new Map<number, number>()
  /** Voters of the crowd who are through. */
  votersDone = 0
  /** Second clicks that were answered as the first ones. */
  repeated = 0
  /** Refusals by code. */
  readonly refused = new Map<string, number>()
  /** Votes that nothing settled, by what was said of them last. */
  readonly unknown = new Map<string, number>()
  /** What must never be: a second click that got another vote, or a second vote that was accepted. */
  readonly wrong: string[] = []

  get acceptedTotal(): number {
    return sumOf(this.accepted)
  }

  get refusedTotal(): number {
    return sumOf(this.refused)
  }

  get unknownTotal(): number {
    return sumOf(this.unknown)
  }

  note(outcome: VoteOutcome, optionId: number): void {
    if (outcome.result === 'accepted') addOne(this.accepted, optionId)
    else if (outcome.result === 'refused') this.noteRefused(outcome.code)
    else addOne(this.unknown, outcome.code)
  }

  noteRefused(code: string): void {
    addOne(this.refused, code)
  }
}

function sumOf(counts: ReadonlyMap<unknown, number>): number {
  return [...counts.values()].reduce((sum, votes) => sum + votes, 0)
}

function addOne<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

type CrowdOptions = {
  readonly url: string
  readonly pollId: string
  readonly voters: number
  readonly rate: number | null
  /** Whom the next voter votes for. */
  readonly choose: () => number
  /** Whom those vote for who try it a second time. */
  readonly chooseAgain: (optionId: number) => number
}

/** Lets everybody vote, each with a session of its own. */
export async function letCrowdVote(options: CrowdOptions, told: Told): Promise<void> {
  const beganAt = performance.now()
  let next = 0

  async function takeTurns(): Promise<void> {
    while (next < options.voters) {
      const number = next
      next += 1
      if (options.rate !== null) await waitUntil(beganAt + (number / options.rate) * 1000)
      await voteAs(number, options, told)
    }
  }

  await Promise.all(Array.from({ length: Math.min(atOnceMax, options.voters) }, takeTurns))
}

async function voteAs(number: number, { url, pollId, choose, chooseAgain }: CrowdOptions, told: Told): Promise<void> {
  const voter = createVoter(createClient({ url }), pollId)
  const optionId = choose()
  const key = crypto.randomUUID()
  if (number % oneIn === 1) await clickTwice()
  else if (number % oneIn === 2) await voteTwice()
  else told.note(await voter.vote(optionId, key), optionId)
  told.votersDone += 1

  async function clickTwice(): Promise<void> {
    const [first, second] = await Promise.all([voter.vote(optionId, key), voter.vote(optionId, key)])
    told.note(first, optionId)
    if (first.result !== 'accepted' || second.result !== 'accepted') return
    if (first.voteId === second.voteId) told.repeated += 1
    else told.wrong.push('a double click became two votes')
  }

  async function voteTwice(): Promise<void> {
    const first = await voter.vote(optionId, key)
    told.note(first, optionId)
    // A vote that does not count leaves room for another.
    if (first.result !== 'accepted') return
    const again = await voter.vote(chooseAgain(optionId), crypto.randomUUID())
    if (again.result === 'accepted') told.wrong.push('a second vote of the same voter was accepted')
    else if (again.result === 'refused') told.noteRefused(again.code)
  }
}

async function waitUntil(at: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  setTimeout(resolve, Math.max(0, at - performance.now()))
  await promise
}
