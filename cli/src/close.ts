import type { Client } from '../../client/src/client.ts'
import type { Poll } from '../../client/src/polls.ts'
import { flag } from '../../src/terminal/parse-words.ts'
import { spaceOf } from '../../src/terminal/space.ts'
import { answer, type Asked, createCommand, type World } from './command.ts'
import { exitCodesText } from './exit-codes.ts'
import { followPoll } from './follow-poll.ts'
import { type PollWord, readOnlyPoll } from './poll-word.ts'
import { type Environment, organiserOptions, organiserText, readPlace, urlOption, urlText } from './place.ts'
import { drawPoll } from './standing.ts'
import { readWords } from './words.ts'

/** The last accepted votes are recorded by then, unless the service has trouble of its own. */
const finalWithinMs = 60_000

const usage = `Closes a poll and shows its final result, for which it waits ${finalWithinMs / 1000} s at most.

  tallycast close <poll>   its id or its link; a manage link brings the token

  --json                   the closed poll as one JSON document
${urlText}
${organiserText}

Where the result is not final in time, the poll is closed all the same, and that is said.
${exitCodesText}`

type CloseAsked = Asked & { readonly poll: PollWord }

export function readClose(args: readonly string[], environment: Environment): CloseAsked | null {
  const given = readWords(args, { ...urlOption, ...organiserOptions, json: flag })
  if (given === null) return null
  const poll = readOnlyPoll(given.positionals)
  const place = readPlace(given.values, environment, poll, ['manage-token', 'api-key'])
  return { place, isJson: given.values.json === true, poll }
}

export const close = createCommand({
  name: 'close',
  usage,
  read: readClose,
  async act(asked, client, world) {
    const { id } = asked.poll
    await client.close(id, { signal: world.signal })
    const poll = await readFinal(client, id, world)
    if (!poll.results_final) world.stderr.write('tallycast: closed; the result is not final yet\n')
    answer(world, asked, poll, drawPoll(poll, poll, '', { ...spaceOf(world.stdout), rows: Infinity }))
  },
})

/** The poll when its result is final, or as it is when that takes too long. */
async function readFinal(client: Client, pollId: string, { signal }: World): Promise<Poll> {
  const enough = AbortSignal.any([signal, AbortSignal.timeout(finalWithinMs)])
  await followPoll(client, pollId, { onTally: () => undefined }, enough)
  return client.get(pollId, { signal })
}
