import type { SentVote } from './ballot.ts'

/** What a browser keeps beyond the page. */
type Store = {
  readonly getItem: (name: string) => string | null
  readonly setItem: (name: string, text: string) => void
  readonly removeItem: (name: string) => void
}

const nameOf = (pollId: string): string => `vote ${pollId}`
const kinds: readonly unknown[] = ['cast', 'change', 'retract']

/** A vote from when it is sent until it has its answer, so that it outlives the page: one of each poll in a browser. */
export type KeptVotes = {
  readonly keep: (pollId: string, vote: SentVote) => void
  /** Null where there is none, or what is there was not written by us. */
  readonly read: (pollId: string) => SentVote | null
  /** Leaves any other vote where it is. */
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
  function read(pollId: string): SentVote | null {
    const kept = tryToUse((store): unknown => JSON.parse(store.getItem(nameOf(pollId)) ?? 'null'))
    return isVote(kept) ? kept : null
  }
  return {
    keep: (pollId, vote) => void tryToUse((store) => store.setItem(nameOf(pollId), JSON.stringify(vote))),
    read,
    forget(pollId, key) {
      if (read(pollId)?.key === key) tryToUse((store) => store.removeItem(nameOf(pollId)))
    },
  }
}

function isVote(kept: unknown): kept is SentVote {
  if (typeof kept !== 'object' || kept === null) return false
  // Anything may stand there; each field is looked at.
  const { kind, optionIds, key, round, code } = kept as Readonly<Record<string, unknown>>
  return (
    kinds.includes(kind) &&
    Array.isArray(optionIds) &&
    optionIds.every(Number.isSafeInteger) &&
    typeof key === 'string' &&
    typeof round === 'number' &&
    typeof code === 'string'
  )
}
