import { answer, createCommand } from './command.ts'
import { confirm, readConfirmed, sureText } from './confirm.ts'
import { exitCodesText } from './exit-codes.ts'
import { organiserText, urlText } from './place.ts'
import { drawWhole } from './standing.ts'

const usage = `Begins a poll anew: all its votes go out of the result for good, and it waits until somebody opens it.

  tallycast reset <poll>   its id or its link; a manage link brings the token

${sureText}
  --json                   the poll in its new round as one JSON document
${urlText}
${organiserText}

${exitCodesText}`

export const reset = createCommand({
  name: 'reset',
  usage,
  read: readConfirmed,
  async act(asked, client, world) {
    await confirm(asked, client, world, ({ round }) => `Its votes of round ${round} will count no more.`)
    const poll = await client.reset(asked.poll.id, { signal: world.signal })
    answer(world, asked, poll, [...drawWhole(poll, world.stdout), '', `Round ${poll.round} begins when it is opened.`])
  },
})
