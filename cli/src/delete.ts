import { answer, createCommand } from './command.ts'
import { confirm, readConfirmed, sureText } from './confirm.ts'
import { exitCodesText } from './exit-codes.ts'
import { organiserText, urlText } from './place.ts'

const usage = `Deletes a poll with all its votes, for good. Export it before.

  tallycast delete <poll>  its id or its link; a manage link brings the token

${sureText}
  --json                   the id of the poll and its status, deleted, as one JSON document
${urlText}
${organiserText}

${exitCodesText}`

export const deletePoll = createCommand({
  name: 'delete',
  usage,
  read: readConfirmed,
  async act(asked, client, world) {
    const { id } = asked.poll
    await confirm(asked, client, world, () => 'It will be gone, with all its votes.')
    await client.delete(id, { signal: world.signal })
    answer(world, asked, { id, status: 'deleted' }, [`Poll ${id} is deleted.`])
  },
})
