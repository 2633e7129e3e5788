import { sleep } from '../../src/runtime/stop-signal.ts'
import { type Answer, createKeepAliveClient, type KeepAliveClient, textIn } from './keep-alive-client.ts'

/** The part of a poll's body that journeys look at. */
export type PollShown = {
  readonly id: string
  readonly status: string
  readonly round: number
  readonly version: number
  readonly total_votes: number
  readonly results_final: boolean
  readonly options: readonly { readonly id: number; readonly votes: number }[]
}

export type OrganisedPoll = {
  readonly id: string
  readonly optionIds: readonly number[]
  readonly step: (step: 'open' | 'close' | 'reset') => Promise<Answer>
  readonly remove: () => Promise<Answer>
  readonly see: (url?: string) => Promise<PollShown>
}

/** For so long somebody may be told to come back by a service that has just been started, or has failed. */
const comesBackWithinMs = 15_000
const askEveryMs = 500

/** Creates a poll over HTTP, as soon as it can be had, and does with it what its organiser can. */
export const organisePoll = async (
  url: string,
  definition: Readonly<Record<string, unknown>> = {},
): Promise<OrganisedPoll> => {
  const body = { question: 'Tea or coffee?', options: ['Tea', 'Coffee', 'Neither'], ...definition }
  let created = await send(url, 'POST', '/polls', { body })
  for (const until = performance.now() + comesBackWithinMs; created.status === 503 && performance.now() < until;) {
    await sleep(askEveryMs)
    created = await send(url, 'POST', '/polls', { body })
  }
  const id = textIn(created.body, 'id')
  const manageToken = textIn(created.body, 'manage_token')
  if (created.status !== 201 || id === null || manageToken === null) {
    throw new Error(`no poll was created: ${created.status} ${JSON.stringify(created.body)}`)
  }
  const asOrganiser = { headers: { authorization: `Bearer ${manageToken}` } }
  return {
    id,
    // What the documented answer holds.
    optionIds: (created.body as PollShown).options.map((option) => option.id),
    step: async (step) => send(url, 'POST', `/polls/${id}/${step}`, asOrganiser),
    remove: async () => send(url, 'DELETE', `/polls/${id}`, asOrganiser),
    // What the documented answer holds.
    see: async (from = url) => (await send(from, 'GET', `/polls/${id}`)).body as PollShown,
  }
}

/** One request on a connection of its own. */
export const send = async (
  url: string,
  method: string,
  path: string,
  asked?: Parameters<KeepAliveClient['send']>[2],
): Promise<Answer> => {
  const client = createKeepAliveClient(url)
  try {
    return await client.send(method, path, asked)
  } finally {
    client.close()
  }
}
