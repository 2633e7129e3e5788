import { TallycastError } from '../../client/src/errors.ts'
import { printable } from '../../src/terminal/printable.ts'
import { exitCodes } from './exit-codes.ts'

/** Why a command ends before it is done. The message is a sentence for people; it is empty where nobody needs one. */
export class Trouble extends Error {
  override readonly name = 'Trouble'
  readonly exitCode: number

  constructor(message: string, exitCode: number = exitCodes.refused, options?: ErrorOptions) {
    super(message, options)
    this.exitCode = exitCode
  }
}

/** The words of the command cannot be used. */
export class WrongWords extends Trouble {
  constructor(message: string) {
    super(message, exitCodes.usage)
  }
}

/** What the file system, or whoever reads, would not take. */
export function cannotBeWritten(cause: Error): Trouble {
  return new Trouble(`It cannot be written: ${cause.message}.`, exitCodes.refused, { cause })
}

/** The service speaks of headers, which nobody here writes. */
const waysToShow =
  'Here: the manage link in place of the id, --manage-token or --voter-token for one poll; --api-key for all.'

/** What a fault says to a person, in one line, and to the shell. `url` is where the service was looked for. */
export function explainFault(fault: unknown, url: string): Trouble {
  if (fault instanceof Trouble) return fault
  if (!(fault instanceof TallycastError)) {
    return new Trouble(fault instanceof Error ? fault.message : String(fault), exitCodes.refused, { cause: fault })
  }
  const { code, message, errors } = fault
  const fields = errors
    .filter(({ detail }) => !message.includes(detail))
    .map(({ pointer, detail }) => `${pointer}: ${detail}`)
  const ways = code === 'unauthenticated' ? [waysToShow] : []
  const where = code === 'unreachable' || code === 'unreadable' ? `${code}, ${url}` : code
  const exitCode = mayPass(fault) ? exitCodes.later : exitCodes.refused
  return new Trouble([message, ...fields, ...ways, `(${where})`].join(' '), exitCode, { cause: fault })
}

function mayPass({ code, status }: TallycastError): boolean {
  return code === 'unreachable' || status === 429 || (status >= 502 && status <= 504)
}

/** In one line, whatever a service or a file system wrote into it. */
export function lineOf({ message }: Trouble): string {
  return `tallycast: ${printable(message.replaceAll(/\s+/g, ' '))}\n`
}
