import { isWebAddress, parseWords, text } from '../terminal/parse-words.ts'

const defaults = { url: 'http://127.0.0.1:8000', voters: 2_000, viewers: 200 }
const votersMax = 1_000_000
/** Each is an open connection, of which one process may have a limited number. */
const viewersMax = 10_000
const rateMax = 100_000

export type DemoOptions = {
  /** Where the service answers. */
  readonly url: string
  readonly voters: number
  readonly viewers: number
  /** Votes per second; null: as fast as they are answered. */
  readonly rate: number | null
}

export const usage = `Votes in a running Tallycast as an audience would, watches it as one, and checks the count.

  npm run demo -- [--url http://127.0.0.1:8000] [--voters 2000] [--viewers 200] [--rate N]

  --url      where Tallycast answers (default ${defaults.url})
  --voters   people who vote, each with a session of its own (default ${defaults.voters})
  --viewers  people who watch, each over a connection of its own (default ${defaults.viewers})
  --rate     votes per second (default: as fast as they are answered)`

/** Reads the words behind the command. A text is what is wrong with them; null asks for help. */
export function readDemoOptions(args: readonly string[]): DemoOptions | string | null {
  const given = parseWords(args, { url: text, voters: text, viewers: text, rate: text })
  if (given === null || typeof given === 'string') return given
  const { values, positionals } = given
  const [stranger] = positionals
  if (stranger !== undefined) return `${JSON.stringify(stranger)} belongs to no option`
  const { url = defaults.url } = values
  if (!isWebAddress(url)) return `--url ${url} is no http address`
  const voters = readNumber('--voters', values.voters, defaults.voters, votersMax)
  if (typeof voters === 'string') return voters
  const viewers = readNumber('--viewers', values.viewers, defaults.viewers, viewersMax)
  if (typeof viewers === 'string') return viewers
  const rate = values.rate === undefined ? null : readNumber('--rate', values.rate, 0, rateMax)
  if (typeof rate === 'string') return rate
  return { url, voters, viewers, rate }
}

function readNumber(name: string, given: string | undefined, fallback: number, most: number): number | string {
  if (given === undefined) return fallback
  const number = Number(given)
  const isFitting = /^\d+$/.test(given) && number >= 1 && number <= most
  return isFitting ? number : `${name} ${given} is no number from 1 to ${most}`
}
