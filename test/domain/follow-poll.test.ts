import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Client, Poll, TallyMessage, WatchListener } from '../../client/src/index.ts'
import { type Followed, followPoll, nothingYet } from '../../web/follow/follow-poll.ts'

// Only these are looked at.
const pollOf = (revision: number) => ({ id: 'poll', revision }) as Poll
const tallyOf = (version: number | null, revision = 1) => ({ version, revision, status: 'open' }) as TallyMessage

/** Follows a poll that tells what the test says, and answers with the definition of that moment. */
function follow(known: Followed, definition: () => Poll, spreadMs = 0) {
  const seen: Followed[] = []
  const reads: string[] = []
  let tell: WatchListener['onTally'] = () => {}
  const client: Pick<Client, 'get' | 'watch'> = {
    get: async (id) => {
      reads.push(id)
      return definition()
    },
    watch: (_id, listener) => {
      tell = typeof listener === 'function' ? listener : listener.onTally
      return { status: 'live', tally: null, reconnect: () => {}, stop: () => {} }
    },
  }
  const stop = followPoll(client, 'poll', (followed) => seen.push(followed), { known, spreadMs })
  return { seen, reads, tell: (tally: TallyMessage) => tell(tally), stop }
}

test('what a page came with is neither read again nor replaced by older news', async () => {
  const followed = follow({ ...nothingYet, poll: pollOf(1), tally: tallyOf(5) }, () => pollOf(1))
  followed.tell(tallyOf(4))
  expect(followed.seen).toEqual([])
  followed.tell(tallyOf(6))
  expect(followed.seen.map(({ tally }) => tally?.version)).toEqual([6])
  // Hidden from now on: there is no version to be older than.
  followed.tell(tallyOf(null))
  expect(followed.seen.at(-1)?.tally?.version).toBeNull()
  await pause(0)
  expect(followed.reads).toEqual([])
  followed.stop()
})

test('a changed definition is read once, however much news comes meanwhile, and not after the end', async () => {
  const followed = follow({ ...nothingYet, poll: pollOf(1), tally: tallyOf(5) }, () => pollOf(2), 30)
  for (const version of [6, 7, 8]) followed.tell(tallyOf(version, 2))
  expect(followed.reads).toEqual([])
  await expect.poll(() => followed.seen.at(-1)?.poll?.revision, { timeout: 10_000 }).toBe(2)
  expect(followed.reads).toEqual(['poll'])
  followed.stop()
  const seen = followed.seen.length
  followed.tell(tallyOf(9, 3))
  expect(followed.seen).toHaveLength(seen)
})
