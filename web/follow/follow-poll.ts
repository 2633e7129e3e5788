import { type Client, type Poll, type TallyMessage, TallycastError, type WatchStatus } from '../../client/src/index.ts'
import { isOlder } from '../../client/src/watch.ts'

/** What is known of a poll that is followed. Definition and tally come apart, and either may be the newer one for a moment. */
export type Followed = {
  readonly poll: Poll | null
  readonly tally: TallyMessage | null
  readonly connection: WatchStatus
  readonly isGone: boolean
}

type Beginning = {
  /** What the page came with. */
  readonly known?: Followed
  /** A changed definition is read within this time, at random, so that all who watch do not ask for it at once. */
  readonly spreadMs?: number
}

export const nothingYet: Followed = { poll: null, tally: null, connection: 'connecting', isGone: false }

/** The newest that is known; 0 where none is. */
export function roundOf({ poll, tally }: Pick<Followed, 'poll' | 'tally'>): number {
  return Math.max(poll?.round ?? 0, tally?.round ?? 0)
}

/** So often the definition is read for one piece of news: who answers may be a moment behind who told. */
const readsMax = 5
const readAgainMs = 1_000

/** Follows a poll and its definition, which is read again whenever the tally speaks of a newer one. Returns what ends it. */
export function followPoll(
  client: Pick<Client, 'get' | 'watch'>,
  pollId: string,
  onChange: (followed: Followed) => void,
  { known = nothingYet, spreadMs = 0 }: Beginning = {},
): () => void {
  const stopping = new AbortController()
  let followed = known
  let isReading = false

  function change(news: Partial<Followed>): void {
    if (stopping.signal.aborted) return
    followed = { ...followed, ...news }
    onChange(followed)
  }

  const isBehind = (): boolean => followed.poll === null || followed.poll.revision < (followed.tally?.revision ?? 0)

  function readDefinition(readsLeft: number): void {
    isReading = true
    const readOn = (): void => {
      isReading = isBehind() && readsLeft > 1 && !stopping.signal.aborted
      if (isReading) setTimeout(() => readDefinition(readsLeft - 1), readAgainMs)
    }
    client.get(pollId, { signal: stopping.signal }).then((poll) => {
      change({ poll })
      readOn()
    }, readOn)
  }

  /** A watch that is refused does not say why. */
  function askWhetherGone(): void {
    client.get(pollId, { signal: stopping.signal }).then(
      (poll) => change({ poll }),
      (error: unknown) => change({ isGone: error instanceof TallycastError && error.status === 404 }),
    )
  }

  const watch = client.watch(pollId, {
    onTally(tally) {
      // Who tells may be a moment behind who drew the page.
      if (followed.tally !== null && isOlder(tally, followed.tally)) return
      change({ tally })
      if (!isBehind() || isReading || tally.status === 'deleted') return
      isReading = true
      setTimeout(() => readDefinition(readsMax), Math.random() * spreadMs)
    },
    onStatus(connection) {
      change({ connection })
      if (connection === 'closed' && followed.tally?.results_final !== true) askWhetherGone()
    },
  })
  if (known.poll === null) readDefinition(readsMax)
  return () => {
    stopping.abort()
    watch.stop()
  }
}
