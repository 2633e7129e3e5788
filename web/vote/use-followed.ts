import { useEffect, useRef, useState } from 'preact/hooks'
import type { Client, Poll, TallyMessage, WatchStatus } from '../../client/src/index.ts'
import { type Followed, followPoll } from '../follow/follow-poll.ts'
import { createFreshClient } from '../follow/fresh-client.ts'
import { useNextRound } from '../follow/use-next-round.ts'
import type { VoteSnapshot } from './snapshot.ts'

/** Who looks: with which voting code, empty without one, and after how many votes here. */
export type Viewer = { readonly code: string; readonly votes: number }

type FollowedPoll = {
  readonly poll: Poll
  readonly tally: TallyMessage
  readonly connection: WatchStatus
  readonly isGone: boolean
  /** Follows it from the beginning, definition included: where more is known to have happened than news has told. */
  readonly again: () => void
}

/** Made when it is asked: the server draws the page too, and has nobody to ask. */
const anybody: Pick<Client, 'get'> = { get: async (...asked) => createFreshClient(null).get(...asked) }

/** When a poll changes, all its viewers read it again: spread over this time. */
const spreadMs = 1_500

/** The poll as this viewer may see it, from what the page came with on. Another viewer follows it by another connection. */
export function useFollowed({ poll, tally }: Pick<VoteSnapshot, 'poll' | 'tally'>, viewer: Viewer): FollowedPoll {
  const [followed, setFollowed] = useState<Followed>({ poll, tally, connection: 'connecting', isGone: false })
  const [attempt, setAttempt] = useState(0)
  const known = useRef(followed)
  useEffect(() => {
    function follow(news: Followed): void {
      known.current = { ...news, poll: news.poll ?? known.current.poll }
      setFollowed(known.current)
    }
    const from = attempt === 0 ? known.current : { ...known.current, poll: null }
    return followPoll(createFreshClient(null, viewer.code || null), poll.id, follow, { known: from, spreadMs })
  }, [viewer, attempt])
  const again = (): void => setAttempt((before) => before + 1)
  useNextRound(anybody, poll.id, followed, again)
  return { ...followed, poll: followed.poll ?? poll, tally: followed.tally ?? tally, again }
}
