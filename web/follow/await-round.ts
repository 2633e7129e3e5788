import { type Client, TallycastError } from '../../client/src/index.ts'

/**
 * A final poll has no news, and nobody tells of its next round. It is looked for at random, so that not all who watch ask at once, and half as often after
 * each time that it was not there: most next rounds come soon, and most polls have none.
 */
const lookFirstMs = 30_000
const lookEveryMostMs = 16 * lookFirstMs

/** Calls back once the poll is in a later round than this, and looks for it only while somebody sees the page, and until the poll is gone. Returns what ends it. */
export function awaitRound(
  client: Pick<Client, 'get'>,
  pollId: string,
  round: number,
  page: { readonly hidden: boolean },
  onRound: () => void,
): () => void {
  const stopping = new AbortController()
  let timer: ReturnType<typeof setTimeout>

  function lookWithin(ms: number): void {
    if (stopping.signal.aborted) return
    timer = setTimeout(() => (page.hidden ? lookWithin(ms) : look(ms)), ms * (0.5 + Math.random()))
  }

  function look(waitedMs: number): void {
    const lookLater = (): void => lookWithin(Math.min(2 * waitedMs, lookEveryMostMs))
    client.get(pollId, { signal: stopping.signal }).then(
      (poll) => (poll.round > round ? onRound() : lookLater()),
      (fault: unknown) => isGone(fault) || lookLater(),
    )
  }

  lookWithin(lookFirstMs)
  return () => {
    stopping.abort()
    clearTimeout(timer)
  }
}

function isGone(fault: unknown): boolean {
  return fault instanceof TallycastError && fault.code === 'poll_not_found'
}
