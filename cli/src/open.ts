import { answer, createCommand } from './command.ts'
import { exitCodesText } from './exit-codes.ts'
import { readOrganised } from './organised.ts'
import { organiserText, urlText } from './place.ts'
import { drawWhole } from './standing.ts'

const usage = `Opens a poll that waits: from now on it takes votes.

  tallycast open <poll>    its id or its link; a manage link brings the token

  --json                   the open poll as one JSON document
${urlText}
${organiserText}

${exitCodesText}`

export const open = createCommand({
  name: 'open',
  usage,
  read: readOrganised,
  async act(asked, client, world) {
    const poll = await client.open(asked.poll.id, { signal: world.signal })
    answer(world, asked, poll, drawWhole(poll, world.stdout))
  },
})
