import type { Client } from '../../client/src/index.ts'

/** A final poll has no news and nobody tells of its next round: so often it is looked for, at random, so that not all who watch ask at once. */
const lookEveryMs = 30_000

/** Calls back once the poll is in another round than this, and looks for it only while somebody sees the page. Returns what ends it. */
export function awaitRound(
  client: Pick<Client, 'get'>,
  pollId: string,
  round: number,
  page: { readonly hidden: boolean },
  onRound: () => void,
): () => void {
  const stopping = new AbortController()
  let timer: ReturnType<typeof setTimeout>

  function lookLater(): void {
    if (stopping.signal.aborted) return
    timer = setTimeout(() => (page.hidden ? lookLater() : look()), lookEveryMs * (0.5 + Math.random()))
  }

  function look(): void {
    client
      .get(pollId, { signal: stopping.signal })
      .then((poll) => (poll.round === round ? lookLater() : onRound()), lookLater)
  }

  lookLater()
  return () => {
    stopping.abort()
    clearTimeout(timer)
  }
}
