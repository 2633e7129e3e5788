import { useEffect, useMemo, useState } from 'preact/hooks'
import { type Followed, followPoll, nothingYet } from './follow-poll.ts'
import { createFreshClient } from './fresh-client.ts'

/**
 * A poll as the public sees it, until the organiser asks for what is hidden: then anew, with the token. `again` follows it from the beginning,
 * also where what was followed has come to its end.
 */
export function useFollowed(pollId: string, token: string | null): { followed: Followed; again: () => void } {
  const [followed, setFollowed] = useState(nothingYet)
  const [attempt, setAttempt] = useState(0)
  const client = useMemo(() => createFreshClient(token), [token])
  useEffect(() => {
    const unfollow = followPoll(client, pollId, (news) =>
      setFollowed((before) => ({ ...news, poll: news.poll ?? before.poll })),
    )
    return () => {
      unfollow()
      // Counts that the organiser alone may see do not stay when they are no longer asked for.
      setFollowed(({ poll }) => ({ ...nothingYet, poll }))
    }
  }, [client, pollId, attempt])
  return { followed, again: () => setAttempt((before) => before + 1) }
}
