import type { TallyMessage } from '../../contract/messages.ts'
import { TallycastError } from './errors.ts'
import type { AcceptedVote, CreatedPoll, NewPoll, OwnVote, Poll, PollEdit, Receipt, Results } from './polls.ts'
import { randomKey } from './random-key.ts'
import { createSend } from './send.ts'
import { type Watch, type WatchListener, watchPoll } from './watch.ts'

export type ClientOptions = {
  /** Where the service is, as `https://polls.example.org`. Default: where the page comes from. */
  readonly url?: string | URL
  /** Shown as an organiser: a manage token, or an API key. */
  readonly token?: string
  /** Shown as a voter: a session that was kept, a token of the host application, or a voting code. */
  readonly voterToken?: string
  /**
   * Told of each session that the service makes, so that it can be kept for the next visit. This client shows it from then on by itself. A
   * page of the service itself has a cookie instead, and hears nothing.
   */
  readonly onVoterToken?: (voterToken: string) => void
  readonly fetch?: typeof fetch
}

export type CallOptions = {
  readonly signal?: AbortSignal
  /** Instead of the client's own: the manage token of this poll. */
  readonly token?: string
}

export type VoteOptions = Pick<CallOptions, 'signal'> & {
  /** A UUID (version 4 or 7). One that was kept makes a vote that is sent again later the same vote. Default: a new one. */
  readonly key?: string
  /** The round of the poll for which it is meant. In another one it is refused as `round_not_current`. */
  readonly round?: number
}

/**
 * Every call resolves with what the service answered and rejects with a `TallycastError`, or with the reason of its signal. Reading and voting are tried up
 * to five times where the service cannot be reached or has no time; a vote is the same vote each time, and counts once.
 */
export type Client = {
  readonly create: (poll: NewPoll, options?: CallOptions) => Promise<CreatedPoll>
  /**
   * A session, which this client shows from then on: a new one, or the one that it shows, for another year. Whoever keeps it before the first vote
   * is the same voter also where the answer to that vote is lost and the page is left. `key` (a UUID): whoever begins one with the same key, be it at the
   * same moment, has the same.
   */
  readonly beginSession: (options?: Pick<VoteOptions, 'signal' | 'key'>) => Promise<string>
  readonly get: (pollId: string, options?: CallOptions) => Promise<Poll>
  /** How many watch it, as of some seconds ago. */
  readonly viewers: (pollId: string, options?: CallOptions) => Promise<number>
  readonly results: (pollId: string, options?: CallOptions) => Promise<Results>
  /** Resolves when the service has the vote for good. `option`: the id of one option, or of several. */
  readonly vote: (pollId: string, option: number | readonly number[], options?: VoteOptions) => Promise<AcceptedVote>
  readonly change: (pollId: string, option: number | readonly number[], options?: VoteOptions) => Promise<AcceptedVote>
  readonly retract: (pollId: string, options?: VoteOptions) => Promise<AcceptedVote>
  /** The caller's own vote; null before the first and after a retract. */
  readonly ownVote: (pollId: string, options?: CallOptions) => Promise<OwnVote | null>
  /** What has become of a vote, by the id that the service gave it. */
  readonly receipt: (voteId: string, options?: CallOptions) => Promise<Receipt>
  /** What is left out stays. */
  readonly edit: (pollId: string, edit: PollEdit, options?: CallOptions) => Promise<Poll>
  readonly open: (pollId: string, options?: CallOptions) => Promise<Poll>
  readonly close: (pollId: string, options?: CallOptions) => Promise<Poll>
  readonly reset: (pollId: string, options?: CallOptions) => Promise<Poll>
  readonly delete: (pollId: string, options?: CallOptions) => Promise<void>
  /** New voting codes for a poll that asks for them, at most 10,000 a call. They are told this once. */
  readonly createCodes: (pollId: string, count: number, options?: CallOptions) => Promise<readonly string[]>
  /** Follows the poll; a function alone hears of tallies. */
  readonly watch: (pollId: string, listener: WatchListener | ((tally: TallyMessage) => void)) => Watch
}

/** A client of the Tallycast at `url`. It keeps no connection but those of its watches. */
export function createClient(options: ClientOptions = {}): Client {
  const { token, onVoterToken, fetch: given = globalThis.fetch.bind(globalThis) } = options
  const { base, hasCookies } = placeOf(options.url)
  let { voterToken } = options
  const headers = (): Readonly<Record<string, string>> => ({
    ...(voterToken !== undefined && { 'voter-token': voterToken }),
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
  })
  const send = createSend({ base, fetch: given, headers, random: Math.random })
  const pathOf = (pollId: string, rest = ''): string => `polls/${encodeURIComponent(pollId)}${rest}`

  // The casts in these three name what the service's own description says of its answers.
  const read = async <Body>(path: string, { signal, token: own }: CallOptions): Promise<Body> =>
    (await send({ method: 'GET', path, headers: bearer(own), signal, mayRepeat: true })) as Body
  const organise = async <Body>(method: string, path: string, body: unknown, asked: CallOptions): Promise<Body> =>
    (await send({ method, path, body, headers: bearer(asked.token), signal: asked.signal, mayRepeat: false })) as Body
  async function cast(
    method: string,
    path: string,
    body: unknown,
    { key = randomKey(), signal }: VoteOptions,
  ): Promise<AcceptedVote> {
    const asked = { method, path, body, headers: { 'idempotency-key': key }, signal }
    const accepted = (await send({ ...asked, mayRepeat: true })) as AcceptedVote
    if (accepted.voter_token !== undefined && !hasCookies) keepSession(accepted.voter_token)
    return accepted
  }
  function keepSession(made: string): void {
    voterToken = made
    onVoterToken?.(made)
  }

  /** Of no ticket for whoever shows only what says nothing in this poll, as a session does where voting codes are asked for: that one watches as anybody. */
  async function ticket(pollId: string, signal: AbortSignal): Promise<string | null> {
    if (Object.keys(headers()).length === 0) return null
    try {
      const answer = await send({ method: 'POST', path: pathOf(pollId, '/ticket'), signal, mayRepeat: false })
      return (answer as { readonly ticket: string }).ticket // As the service describes it.
    } catch (error) {
      const isStranger = error instanceof TallycastError && error.status === 401
      if (isStranger && token === undefined) return null
      throw error
    }
  }

  return {
    create: (poll, asked = {}) => organise('POST', 'polls', poll, asked),
    async beginSession({ signal, key } = {}) {
      const keyed = key !== undefined && { headers: { 'idempotency-key': key } }
      const made = await send({ method: 'POST', path: 'session', ...keyed, signal, mayRepeat: true })
      const { voter_token: begun } = made as { readonly voter_token: string } // As the service describes it.
      keepSession(begun)
      return begun
    },
    get: (pollId, asked = {}) => read(pathOf(pollId), asked),
    viewers: async (pollId, asked = {}) =>
      (await read<{ readonly viewers: number }>(pathOf(pollId, '/viewers'), asked)).viewers,
    results: (pollId, asked = {}) => read(pathOf(pollId, '/results'), asked),
    vote: (pollId, option, asked = {}) => cast('POST', pathOf(pollId, '/vote'), choiceOf(option, asked), asked),
    change: (pollId, option, asked = {}) => cast('PUT', pathOf(pollId, '/vote'), choiceOf(option, asked), asked),
    retract: (pollId, asked = {}) => cast('DELETE', pathOf(pollId, retractPath(asked)), undefined, asked),
    ownVote: async (pollId, asked = {}) =>
      (await read<{ readonly vote: OwnVote | null }>(pathOf(pollId, '/vote'), asked)).vote,
    receipt: (voteId, asked = {}) => read(`votes/${encodeURIComponent(voteId)}`, asked),
    edit: (pollId, edit, asked = {}) => organise('PATCH', pathOf(pollId), edit, asked),
    open: (pollId, asked = {}) => organise('POST', pathOf(pollId, '/open'), undefined, asked),
    close: (pollId, asked = {}) => organise('POST', pathOf(pollId, '/close'), undefined, asked),
    reset: (pollId, asked = {}) => organise('POST', pathOf(pollId, '/reset'), undefined, asked),
    async delete(pollId, asked = {}) {
      await organise('DELETE', pathOf(pollId), undefined, asked)
    },
    async createCodes(pollId, count, asked = {}) {
      const made = organise<{ readonly codes: readonly string[] }>('POST', pathOf(pollId, '/codes'), { count }, asked)
      return (await made).codes
    },
    watch: (pollId, listener) =>
      watchPoll(
        { base, fetch: given, headers, ticket, look: (id) => read<Results>(pathOf(id, '/results'), {}) },
        pollId,
        typeof listener === 'function' ? { onTally: listener } : listener,
      ),
  }
}

/** What is undefined is not written. */
function choiceOf(option: number | readonly number[], { round }: VoteOptions): object {
  return { option_ids: typeof option === 'number' ? [option] : option, round }
}

function retractPath({ round }: VoteOptions): string {
  return round === undefined ? '/vote' : `/vote?round=${round}`
}

function bearer(token: string | undefined): Readonly<Record<string, string>> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` }
}

/** The address that paths are put behind, and whether the page comes from there. A service may lie below a path of its own. */
function placeOf(url: string | URL | undefined): { readonly base: string; readonly hasCookies: boolean } {
  // Only a page has an address, and it is asked for where there is no other.
  const here = (globalThis as { readonly location?: { readonly origin: string } }).location?.origin
  const given = url ?? here
  if (given === undefined) throw new TypeError('createClient needs the url of a Tallycast service')
  const { origin, pathname } = new URL(given, here)
  return { base: `${origin}${pathname.replace(/\/*$/, '/')}`, hasCookies: origin === here }
}
