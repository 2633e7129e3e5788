import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { errorOf, TallycastError } from '../../client/src/errors.ts'
import { flag, text } from '../../src/terminal/parse-words.ts'
import { type Asked, createCommand, type World } from './command.ts'
import { exitCodes, exitCodesText } from './exit-codes.ts'
import { type PollWord, readOnlyPoll } from './poll-word.ts'
import {
  addressOf,
  type Environment,
  organiserOptions,
  organiserText,
  readerTokens,
  readPlace,
  type Place,
  urlOption,
  urlText,
  voterOption,
  voterText,
} from './place.ts'
import { cannotBeWritten, Trouble, WrongWords } from './trouble.ts'
import { readWords } from './words.ts'

const usage = `Writes a poll as a file: CSV with a line for each option and its votes.

  tallycast export <poll>  its id or its link

  --votes                  CSV with a line for each single vote, where the poll shows them to you
  --json                   poll, totals and votes as one JSON document
  --output <file>          there, and only when it is whole; else to the standard output
${urlText}
${organiserText}
${voterText}

${exitCodesText}`

type ExportAsked = Asked & { readonly poll: PollWord; readonly hasVotes: boolean; readonly output: string | null }

export function readExport(args: readonly string[], environment: Environment): ExportAsked | null {
  const given = readWords(args, {
    ...urlOption,
    ...organiserOptions,
    ...voterOption,
    json: flag,
    votes: flag,
    output: text,
  })
  if (given === null) return null
  const { values, positionals } = given
  const poll = readOnlyPoll(positionals)
  const { json: isJson = false, votes: hasVotes = false, output = null } = values
  if (isJson && hasVotes) throw new WrongWords('--votes is for CSV; the JSON document has votes and totals.')
  return { place: readPlace(values, environment, poll, readerTokens), isJson, poll, hasVotes, output }
}

export const exportPoll = createCommand({
  name: 'export',
  usage,
  read: readExport,
  async act(asked, _client, world) {
    const body = await openExport(asked, world.signal)
    if (asked.output === null) await writeAll(body, world)
    else await writeFile(body, asked.output, world)
  },
})

/** The client has no call for it: an export is read while it is sent, however large it is. */
async function openExport({ place, poll, isJson, hasVotes }: ExportAsked, signal: AbortSignal): Promise<Readable> {
  const form = isJson ? 'export.json' : hasVotes ? 'export.csv?part=votes' : 'export.csv'
  const address = addressOf(place.url, `polls/${encodeURIComponent(poll.id)}/${form}`)
  let response
  try {
    response = await fetch(address, { headers: headersOf(place), signal })
  } catch (cause) {
    signal.throwIfAborted()
    throw new TallycastError({ code: 'unreachable', detail: 'The service cannot be reached right now.', cause })
  }
  if (!response.ok || response.body === null) throw await errorOf(response)
  return Readable.fromWeb(response.body)
}

function headersOf({ token, voterToken }: Place): Readonly<Record<string, string>> {
  return {
    ...(token !== null && { authorization: `Bearer ${token}` }),
    ...(voterToken !== null && { 'voter-token': voterToken }),
  }
}

async function writeAll(body: Readable, { stdout, signal }: World): Promise<void> {
  try {
    await pipeline(body, stdout, { end: false, signal })
  } catch (fault) {
    signal.throwIfAborted()
    throw explainBreak(fault)
  }
}

/** The file is there when it is whole; until then another lies beside it. */
async function writeFile(body: Readable, path: string, { signal }: World): Promise<void> {
  const part = `${path}.part`
  try {
    await pipeline(body, createWriteStream(part), { signal })
    await rename(part, path)
  } catch (fault) {
    await rm(part, { force: true })
    signal.throwIfAborted()
    throw explainBreak(fault)
  }
}

/** What the file system says of itself names the call; everything else came from the network. */
function explainBreak(cause: unknown): Trouble {
  if (cause instanceof Error && 'syscall' in cause) {
    return cannotBeWritten(cause)
  }
  return new Trouble('The export broke off and is not whole.', exitCodes.later, { cause })
}
