import type { Poll } from '../../client/src/polls.ts'
import { printable } from '../../src/terminal/printable.ts'
import { answer, createCommand } from './command.ts'
import { exitCodesText } from './exit-codes.ts'
import { organiserText, urlText, voterText } from './place.ts'
import { readSeen } from './seen.ts'
import { drawWhole } from './standing.ts'

const usage = `Shows a poll as it is now: question, options, votes, and what becomes of it.

  tallycast show <poll>    its id or its link

  --json                   the poll as one JSON document
${urlText}
${organiserText}
${voterText}

Who may see hidden results shows a token.
${exitCodesText}`

export const show = createCommand({
  name: 'show',
  usage,
  read: readSeen,
  async act(asked, client, world) {
    const poll = await client.get(asked.poll.id, { signal: world.signal })
    answer(world, asked, poll, [...drawWhole(poll, world.stdout), '', ...describePoll(poll)])
  },
})

function describePoll(poll: Poll): readonly string[] {
  const { description, min_choices: min, max_choices: max } = poll
  const choices = min === max ? `${max}` : `${min} to ${max}`
  const facts = [
    ['Poll', `${poll.id}, round ${poll.round}`],
    ['About', description === '' ? null : printable(description.replaceAll(/\s+/g, ' '))],
    ['Choices', `${choices} of ${poll.options.length}`],
    ['Voters', `${poll.voter_identity}; results ${poll.results_visibility}; single votes ${poll.voter_visibility}`],
    ['Opens', poll.opens_at],
    ['Opened', poll.opened_at],
    ['Closes', poll.closes_at],
    ['Closed', poll.closed_at],
    ['To join', poll.join_code],
  ] as const
  return facts.flatMap(([name, fact]) => (fact === null ? [] : [`  ${name.padEnd(8)} ${fact}`]))
}
