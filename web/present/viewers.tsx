import { useEffect, useMemo, useState } from 'preact/hooks'
import { say } from '../i18n/say.ts'
import { createFreshClient } from '../follow/fresh-client.ts'

const askEveryMs = 5_000

/** How many watch. It says nothing of votes, so it stands also where the result is hidden. Until this screen was counted, there is its place alone. */
export function Viewers({ pollId }: { readonly pollId: string }) {
  const viewers = useViewers(pollId)
  const isCounted = viewers !== null && viewers > 0
  return <p class="viewers">{isCounted && say('present.watching', { count: viewers })}</p>
}

/** Asked for again and again, one question at a time; null where there was no answer. */
function useViewers(pollId: string): number | null {
  const client = useMemo(() => createFreshClient(null), [])
  const [viewers, setViewers] = useState<number | null>(null)
  useEffect(() => {
    const stopping = new AbortController()
    const { signal } = stopping
    let timer: ReturnType<typeof setTimeout> | undefined
    function ask(): void {
      client.viewers(pollId, { signal }).then(show, () => show(null))
    }
    function show(answer: number | null): void {
      if (signal.aborted) return
      setViewers(answer)
      timer = setTimeout(ask, askEveryMs)
    }
    ask()
    return () => {
      stopping.abort()
      clearTimeout(timer)
    }
  }, [client, pollId])
  return viewers
}
