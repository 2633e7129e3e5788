import { createHash } from 'node:crypto'
import type { Pool } from 'pg'
import type { PollChange, TallyFeed } from '../../ports/tally-feed.ts'
import { packTally, tellTally, type TallyNews } from '../tally-news.ts'
import { orUnavailable } from './faults.ts'
import type { Listener } from './listen.ts'

/** PostgreSQL cuts longer names of channels off without a word. */
const channelBytesMax = 63
const changesChannel = 'poll_changes'

/** News over the notifications of PostgreSQL, which go to every process that listens, this one included. */
export function createTallyFeed(pool: Pool, listener: Listener): TallyFeed {
  const publish = (channel: string, news: TallyNews | PollChange): Promise<void> =>
    orUnavailable('cache', async () => {
      await pool.query('select pg_notify($1, $2)', [channel, JSON.stringify(news)])
    })
  return {
    publishTally: (tally, traceparent) => publish(channelOf(tally.pollId), packTally(tally, traceparent)),
    publishPollChange: (change) => publish(changesChannel, change),
    subscribe: (pollId, { onTally, onGap }) =>
      listener.listen(channelOf(pollId), {
        onNews: (payload) => {
          const news = parseNews(payload)
          // Everything of this form on this channel was written by `publishTally`, of this process or another.
          if (news?.pollId === pollId && 'version' in news) tellTally(news as TallyNews, onTally)
        },
        onGap,
      }),
    subscribePollChanges: ({ onChange, onGap }) =>
      listener.listen(changesChannel, {
        onNews: (payload) => {
          const news = parseNews(payload)
          if (news !== null) onChange({ pollId: news.pollId, revision: news.revision })
        },
        onGap,
      }),
  }
}

function channelOf(pollId: string): string {
  const channel = `poll_updates_${pollId}`
  if (Buffer.byteLength(channel) <= channelBytesMax) return channel
  return `poll_updates#${createHash('sha256').update(pollId).digest('hex').slice(0, 32)}`
}

/** Anybody with a connection may notify: what is not ours is no news. */
function parseNews(payload: string): PollChange | null {
  try {
    const news: unknown = JSON.parse(payload)
    if (typeof news !== 'object' || news === null || !('pollId' in news) || !('revision' in news)) return null
    const { pollId, revision } = news
    return typeof pollId === 'string' && typeof revision === 'number' ? { ...news, pollId, revision } : null
  } catch {
    return null
  }
}
