import { useEffect, useMemo, useState } from 'preact/hooks'
import { type Followed, followPoll, nothingYet, roundOf } from './follow-poll.ts'
import { createFreshClient } from './fresh-client.ts'
import { useNextRound } from './use-next-round.ts'

type UseFollowed = {
  readonly followed: Followed
  /** Follows it from the beginning, also where what was followed has come to its end. */
  readonly again: () => void
  /** Whether the organiser sees what is hidden. */
  readonly isShown: boolean
  readonly show: (isShown: boolean) => void
}

/**
 * A poll as the public sees it, until the organiser asks for what is hidden: then anew, with the token. That is asked for one round: the next one
 * begins as hidden as the first, also where it begins after a final result.
 */
export function useFollowed(pollId: string, token: string | null): UseFollowed {
  const [followed, setFollowed] = useState(nothingYet)
  const [attempt, setAttempt] = useState(0)
  const [shownRound, setShownRound] = useState<number | null>(null)
  const isShown = token !== null && shownRound !== null
  const shownToken = isShown ? token : null
  const client = useMemo(() => createFreshClient(shownToken), [shownToken])
  useEffect(() => {
    const unfollow = followPoll(client, pollId, (news) => {
      setFollowed((before) => ({ ...news, poll: news.poll ?? before.poll }))
      setShownRound((before) => (before !== null && before < roundOf(news) ? null : before))
    })
    return () => {
      unfollow()
      // Counts that the organiser alone may see do not stay when they are no longer asked for.
      setFollowed(({ poll }) => ({ ...nothingYet, poll }))
    }
  }, [client, pollId, attempt])
  const again = (): void => setAttempt((before) => before + 1)
  useNextRound(client, pollId, followed, again)
  return {
    followed,
    again,
    isShown,
    show: (isWanted) => setShownRound(isWanted ? roundOf(followed) : null),
  }
}
