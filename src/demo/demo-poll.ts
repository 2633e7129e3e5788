import { createClient } from '../../client/src/client.ts'
import { TallycastError } from '../../client/src/errors.ts'
import type { Results } from '../../client/src/polls.ts'

const finalWithinMs = 60_000
const lookEveryMs = 100

export const question = 'What gets you through a long evening?'
/** Each with its share of the crowd; nobody but the probes votes for the last one. */
const choices = [
  { text: 'Tea', share: 0.31 },
  { text: 'Coffee', share: 0.42 },
  { text: 'Good company', share: 0.19 },
  { text: 'A nap', share: 0.08 },
  { text: 'Something else', share: 0 },
] as const

/** Why the demo cannot show anything, in the words of the demo; the person at the terminal can mend it. */
export class DemoProblem extends Error {
  override readonly name = 'DemoProblem'
}

export type DemoOption = { readonly id: number; readonly text: string; readonly share: number }

export type DemoPoll = {
  readonly id: string
  readonly options: readonly DemoOption[]
  /** Closes the poll and waits for its final result. */
  close(): Promise<Results>
}

/** Creates the poll that the demo votes in, as an organiser does. */
export async function createDemoPoll(url: string): Promise<DemoPoll> {
  const organiser = createClient({ url })
  const made = organiser.create({ question, options: choices.map(({ text }) => text) })
  const {
    id,
    options,
    manage_token: token,
  } = await made.catch((cause: unknown) => {
    if (!(cause instanceof TallycastError) || cause.code !== 'unreachable') throw cause
    throw new DemoProblem(`nothing answers at ${url}. Start Tallycast with: npm start`, { cause })
  })
  return {
    id,
    options: choices.map((choice, index) => ({ ...choice, id: options[index]?.id ?? index + 1 })),
    async close() {
      await organiser.close(id, { token })
      const deadline = performance.now() + finalWithinMs
      for (;;) {
        const results = await organiser.results(id)
        if (results.results_final || performance.now() > deadline) return results
        await pause(lookEveryMs)
      }
    },
  }
}

/** Whom somebody of the crowd votes for. `random` from 0 to 1. */
export function chooseOption(options: readonly DemoOption[], random: number): number {
  let rest = random
  for (const { id, share } of options) {
    if (rest < share) return id
    rest -= share
  }
  return options[0]?.id ?? 0
}

async function pause(ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  setTimeout(resolve, ms)
  await promise
}
