import { createClient } from '../../client/src/index.ts'
import { plainFetch } from './plain-fetch.ts'

/** Where a session may be kept, or given up (null). What a browser does not allow throws, or is as if it had not been asked for. */
export type Place = {
  readonly read: (name: string) => string | null
  readonly write: (name: string, voterToken: string | null) => void
}

const pageStorage: Place = {
  read: (name) => localStorage.getItem(name),
  write: (name, voterToken) =>
    voterToken === null ? localStorage.removeItem(name) : localStorage.setItem(name, voterToken),
}

/** Until the page is left. */
const unstored = new Map<string, string | null>()
const memory: Place = {
  read: (name) => unstored.get(name) ?? null,
  write: (name, voterToken) => void unstored.set(name, voterToken),
}

let places: readonly Place[] = [pageStorage, memory]
const beginning = new Map<string, Promise<string>>()

const nameOf = (service: string): string => `tallycast ${service}`

/** For a page to which browsers may deny its storage and leave another place. */
export function alsoKeepIn(place: Place): void {
  places = [pageStorage, place, memory]
}

/** The session with this service that is kept here; null before the first vote. */
export function readSession(service: string): string | null {
  for (const place of places) {
    const kept = attempt(() => place.read(nameOf(service)))
    if (kept !== null) return kept
  }
  return null
}

/**
 * The session that was kept, or a new one. It is kept before anything is sent with it: so a vote whose answer is lost is still that voter's, and two
 * polls on one page that are voted in at the same moment have one voter.
 */
export async function beginSession(service: string): Promise<string> {
  const kept = readSession(service)
  if (kept !== null) return kept
  const begun =
    beginning.get(service) ??
    inTurn(nameOf(service), async () => begin(service)).finally(() => beginning.delete(service))
  beginning.set(service, begun)
  return begun
}

/** One page of this site after the other. Browsers have no locks over plain http, and deny them with the storage: there all at once. */
async function inTurn(name: string, work: () => Promise<string>): Promise<string> {
  let begun: Promise<string> | undefined
  const once = async (): Promise<string> => (begun ??= work())
  try {
    // The types know of no page over http.
    await (navigator as Partial<Navigator>).locks?.request(name, once)
  } catch {
    // Whatever has failed in its turn is told below.
  }
  return once()
}

async function begin(service: string): Promise<string> {
  const made = readSession(service) ?? (await createClient({ url: service, fetch: plainFetch }).beginSession())
  // Without locks another page of this site may have been faster.
  const voterToken = readSession(service) ?? made
  for (const place of places) {
    attempt(() => place.write(nameOf(service), voterToken))
    if (readSession(service) === voterToken) break
  }
  return voterToken
}

/** Of a session that the service does not take any more. */
export function forgetSession(service: string): void {
  for (const place of places) attempt(() => place.write(nameOf(service), null))
}

/** Null where the browser forbids it. */
function attempt<Value>(ask: () => Value): Value | null {
  try {
    return ask()
  } catch {
    return null
  }
}
