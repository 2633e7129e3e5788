import type { SentVote } from './ballot.ts'

/** What a browser keeps beyond the page. */
type Store = Pick<Storage, 'length' | 'key' | 'getItem' | 'setItem' | 'removeItem'>

const nameOf = (pollId: string, key: string): string => `vote ${pollId} ${key}`
/** After a day nobody expects any more that a vote of theirs goes out; a device may be another's by then. */
const ageMsMax = 24 * 60 * 60 * 1000
const kinds: readonly unknown[] = ['cast', 'change', 'retract']

/** A vote from when it is sent until it has its answer, so that it outlives the page. Two pages of one poll keep one each. */
export type KeptVotes = {
  /** Whether it is kept now. */
  readonly keep: (pollId: string, vote: SentVote) => boolean
  /** Those of a poll, the oldest first; nothing that was not written by us. */
  readonly read: (pollId: string) => readonly SentVote[]
  readonly has: (pollId: string, key: string) => boolean
  readonly forget: (pollId: string, key: string) => void
}

/** Where the browser keeps nothing, or not even says so without a fault, a vote lasts as long as the page. */
export function createKeptVotes(openStore: () => Store): KeptVotes {
  function tryToUse<Value>(use: (store: Store) => Value): Value | null {
    try {
      return use(openStore())
    } catch {
      return null
    }
  }
  function readAt(store: Store, name: string): SentVote | null {
    const kept: unknown = tryToUse(() => JSON.parse(store.getItem(name) ?? 'null'))
    return isVote(kept) ? kept : null
  }
  function readAll(store: Store, pollId: string): readonly SentVote[] {
    const names = Array.from({ length: store.length }, (_, index) => store.key(index) ?? '')
    return names
      .filter((name) => name.startsWith(nameOf(pollId, '')))
      .map((name) => readAt(store, name))
      .filter((vote) => vote !== null)
      .toSorted((one, other) => one.sentAt - other.sentAt)
  }
  const has = (pollId: string, key: string): boolean =>
    tryToUse((store) => store.getItem(nameOf(pollId, key)) !== null) ?? false
  return {
    keep(pollId, vote) {
      tryToUse((store) => store.setItem(nameOf(pollId, vote.key), JSON.stringify(vote)))
      return has(pollId, vote.key)
    },
    read: (pollId) => tryToUse((store) => readAll(store, pollId)) ?? [],
    has,
    forget: (pollId, key) => void tryToUse((store) => store.removeItem(nameOf(pollId, key))),
  }
}

type Sorted = {
  /** The vote with which the page goes on. */
  readonly own: SentVote | null
  /** Of other voters at this device: sent as well, and not shown to this one. */
  readonly others: readonly SentVote[]
  /** Too old, or for a round that is over: not to be sent. */
  readonly lost: readonly SentVote[]
}

/**
 * What is to be done with the votes that are kept, on a page in this round that was opened with this code (empty without one). Nothing with one for a
 * later round: whoever drew the page had not heard of that, and it waits for the next page.
 */
export function sortKept(
  votes: readonly SentVote[],
  { round, code, now }: { readonly round: number; readonly code: string; readonly now: number },
): Sorted {
  const isLost = (vote: SentVote): boolean => vote.round < round || now - vote.sentAt > ageMsMax
  const isOwn = (vote: SentVote): boolean => code === '' || vote.code.toUpperCase() === code.toUpperCase()
  const alive = votes.filter((vote) => vote.round === round && !isLost(vote))
  return {
    own: alive.find(isOwn) ?? null,
    others: alive.filter((vote) => !isOwn(vote)),
    lost: votes.filter(isLost),
  }
}

function isVote(kept: unknown): kept is SentVote {
  if (typeof kept !== 'object' || kept === null) return false
  // Anything may stand there; each field is looked at.
  const { kind, optionIds, key, round, code, sentAt } = kept as Readonly<Record<string, unknown>>
  return (
    kinds.includes(kind) &&
    Array.isArray(optionIds) &&
    optionIds.every(Number.isSafeInteger) &&
    typeof key === 'string' &&
    typeof round === 'number' &&
    typeof sentAt === 'number' &&
    typeof code === 'string'
  )
}
