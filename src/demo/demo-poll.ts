import { createHttpClient, textIn } from './http-client.ts'
import type { Results } from './summary.ts'

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

/** Why the demo cannot show anything; the person at the terminal can mend it. */
export class DemoProblem extends Error {
  override readonly name = 'DemoProblem'
}

export type DemoOption = { readonly id: number; readonly text: string; readonly share: number }

export type DemoPoll = {
  readonly id: string
  readonly options: readonly DemoOption[]
  /** Closes the poll and waits for its final result. */
  close(): Promise<Results>
  leave(): void
}

/** Creates the poll that the demo votes in, as an organiser does. */
export async function createDemoPoll(url: string): Promise<DemoPoll> {
  const organiser = createHttpClient(url)
  const answer = await organiser
    .send('POST', '/polls', { body: { question, options: choices.map(({ text }) => text) } })
    .catch((cause: unknown) => {
      throw new DemoProblem(`nothing answers at ${url}. Start Tallycast with: npm start`, { cause })
    })
  const manageToken = textIn(answer.body, 'manage_token')
  const id = textIn(answer.body, 'id')
  if (answer.status !== 201 || manageToken === null || id === null) {
    throw new DemoProblem(`${url} did not create a poll: ${answer.status} ${JSON.stringify(answer.body)}`)
  }
  // A created poll has its options, in the order in which they were given.
  const { options } = answer.body as { readonly options: readonly { readonly id: number }[] }

  return {
    id,
    options: choices.map((choice, index) => ({ ...choice, id: options[index]?.id ?? index + 1 })),
    async close() {
      const headers = { authorization: `Bearer ${manageToken}` }
      const closed = await organiser.send('POST', `/polls/${id}/close`, { headers })
      if (closed.status !== 200) throw new DemoProblem(`the poll could not be closed: ${JSON.stringify(closed.body)}`)
      const deadline = performance.now() + finalWithinMs
      for (;;) {
        // What this call answers with when it succeeds.
        const results = (await organiser.send('GET', `/polls/${id}/results`)).body as Results
        if (results.results_final || performance.now() > deadline) return results
        await pause(lookEveryMs)
      }
    },
    leave: () => organiser.close(),
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
