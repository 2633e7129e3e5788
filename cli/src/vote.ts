import type { Client } from '../../client/src/client.ts'
import type { AcceptedVote } from '../../client/src/polls.ts'
import { flag, text } from '../../src/terminal/parse-words.ts'
import { answer, type Asked, createCommand } from './command.ts'
import { exitCodesText } from './exit-codes.ts'
import { type PollWord, readPollWord } from './poll-word.ts'
import { type Environment, readPlace, urlOption, urlText, voterOption, voterText } from './place.ts'
import { Trouble, WrongWords } from './trouble.ts'
import { readWords } from './words.ts'

const usage = `Votes. However often it has to be sent until the service answers, it counts once.

  tallycast vote <poll> <option> [<option> …]
  tallycast vote <poll> --change <option> [<option> …]
  tallycast vote <poll> --retract

  <poll>                   its id or its link
  <option>                 its number, or its text
  --key <uuid>             a key of your own: who votes again with the same key has voted once
  --json                   the service's answer as one JSON document
${urlText}
${voterText}

Without a voter token each vote is somebody else's; the answer brings the one under which it can be changed or taken back.
${exitCodesText}`

type VoteAsked = Asked & {
  readonly poll: PollWord
  readonly does: 'vote' | 'change' | 'retract'
  readonly choices: readonly string[]
  readonly key: string | null
}

export function readVote(args: readonly string[], environment: Environment): VoteAsked | null {
  const given = readWords(args, {
    ...urlOption,
    ...voterOption,
    json: flag,
    key: text,
    change: flag,
    retract: flag,
  })
  if (given === null) return null
  const { values, positionals } = given
  const [word, ...choices] = positionals
  const poll = readPollWord(word)
  if (values.change === true && values.retract === true) throw new WrongWords('Say --change or --retract, not both.')
  if (values.retract === true && choices.length > 0) throw new WrongWords('--retract takes no option.')
  if (values.retract !== true && choices.length === 0)
    throw new WrongWords('Name an option, by its number or its text.')
  return {
    place: readPlace(values, environment, poll, ['voter-token']),
    isJson: values.json === true,
    poll,
    does: values.retract === true ? 'retract' : values.change === true ? 'change' : 'vote',
    choices,
    key: values.key ?? null,
  }
}

export const vote = createCommand({
  name: 'vote',
  usage,
  read: readVote,
  async act(asked, client, world) {
    const { poll, does, key } = asked
    const how = { signal: world.signal, ...(key !== null && { key }) }
    const accepted =
      does === 'retract'
        ? await client.retract(poll.id, how)
        : await client[does](poll.id, await findOptions(asked, client, world.signal), how)
    answer(world, asked, accepted, describeAccepted(asked, accepted))
  },
})

/** A text goes before a number. What is the text of one option and the number of another could be meant either way. */
async function findOptions(
  { poll, choices }: VoteAsked,
  client: Client,
  signal: AbortSignal,
): Promise<readonly number[]> {
  const { options } = await client.get(poll.id, { signal })
  return choices.map((choice) => {
    const named = options.filter((option) => option.text.toLowerCase() === choice.trim().toLowerCase())
    const numbered = options.filter(({ id }) => String(id) === choice && !named.some((option) => option.id === id))
    const [option, other] = [...named, ...numbered]
    if (option !== undefined && other === undefined) return option.id
    const what = JSON.stringify(choice)
    if (numbered.length > 0) throw new Trouble(`${what} is the text of one option and the number of another.`)
    throw new Trouble(`This poll has ${option === undefined ? 'no' : 'more than one'} option ${what}.`)
  })
}

function describeAccepted({ does }: VoteAsked, { vote_id: id, voter_token: token }: AcceptedVote): readonly string[] {
  const said = { vote: 'The vote is in.', change: 'The vote is changed.', retract: 'The vote is taken back.' }
  return [
    `${said[does]} Its receipt is ${id}.`,
    ...(token === undefined ? [] : ['', `  Voter token  ${token}`, '', 'Who shows it is the same voter again.']),
  ]
}
