import type { Client } from '../../client/src/client.ts'
import type { Poll } from '../../client/src/polls.ts'
import { answer, createCommand, type World } from './command.ts'
import { exitCodesText } from './exit-codes.ts'
import { followPoll } from './follow-poll.ts'
import { readOrganised } from './organised.ts'
import { organiserText, urlText } from './place.ts'
import { drawWhole } from './standing.ts'

/** The last accepted votes are recorded by then, unless the service has trouble of its own. */
const finalWithinMs = 60_000

const usage = `Closes a poll and shows its final result, for which it waits ${finalWithinMs / 1000} s at most.

  tallycast close <poll>   its id or its link; a manage link brings the token

  --json                   the closed poll as one JSON document
${urlText}
${organiserText}

Where the result is not final in time, the poll is closed all the same, and that is said.
${exitCodesText}`

export const close = createCommand({
  name: 'close',
  usage,
  read: readOrganised,
  async act(asked, client, world) {
    const { id } = asked.poll
    await client.close(id, { signal: world.signal })
    const poll = await readFinal(client, id, world)
    if (!poll.results_final) world.stderr.write('tallycast: closed; the result is not final yet\n')
    answer(world, asked, poll, drawWhole(poll, world.stdout))
  },
})

/** The poll when its result is final, or as it is when that takes too long. */
async function readFinal(client: Client, pollId: string, { signal }: World): Promise<Poll> {
  const enough = AbortSignal.any([signal, AbortSignal.timeout(finalWithinMs)])
  await followPoll(client, pollId, { onTally: () => undefined }, enough)
  return client.get(pollId, { signal })
}
