import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { LivePoll, Viewer } from '../../src/application/watch-poll.ts'
import { type LiveKind, type LiveSide, startLiveSide } from '../support/live-side.ts'
import { DependencyUnavailable } from '../../src/ports/unavailable.ts'
import { startTestRedis } from '../support/redis.ts'
import { waitUntil } from '../support/wait-until.ts'

const kinds: readonly LiveKind[] = ['postgres', 'redis']

/** A viewer that remembers what it was told, and when. */
function createMemory(): Viewer & { readonly told: LivePoll[]; readonly at: number[]; isDeleted: boolean } {
  const memory = {
    told: [] as LivePoll[],
    at: [] as number[],
    isDeleted: false,
    onUpdate(live: LivePoll) {
      memory.told.push(live)
      memory.at.push(performance.now())
    },
    onDeleted() {
      memory.isDeleted = true
    },
  }
  return memory
}

const countsOf = (live: LivePoll | null | undefined): readonly number[] | undefined => live?.tally.counts

describe.each(kinds)('watching a poll with %s', (kind) => {
  let side: LiveSide
  beforeAll(async () => {
    side = await startLiveSide(kind)
  })
  afterAll(() => side.stop())

  test('a poll nobody has cached is read from the primary, and the cache is filled', async () => {
    const poll = await side.create()
    await side.record(poll, 2, 3)
    const live = await side.watch().get(poll.id)
    expect(live?.poll).toEqual(poll)
    expect(countsOf(live)).toEqual([0, 3, 0])
    expect(await side.cache.getPoll(poll.id)).toEqual(poll)
    expect((await side.cache.getTally(poll.id))?.totalVotes).toBe(3)
  })

  test('500 concurrent cold reads of one poll make one read of the store and one of the tallies', async () => {
    const poll = await side.create()
    let finds = 0
    let reads = 0
    const watch = side.watch({
      store: { find: async (id) => ((finds += 1), side.store.find(id)) },
      tallies: { read: async (ids) => ((reads += 1), side.tallies.read(ids)) },
    })
    const answers = await Promise.all(Array.from({ length: 500 }, () => watch.get(poll.id)))
    expect(answers.every((live) => live?.poll.id === poll.id)).toBe(true)
    expect({ finds, reads }).toEqual({ finds: 1, reads: 1 })
    await watch.get(poll.id)
    expect({ finds, reads }).toEqual({ finds: 1, reads: 1 })
  })

  test('an unknown or deleted poll is null, and asking again right away does not reach the store', async () => {
    const deleted = await side.create({ status: 'deleted' })
    let finds = 0
    const store = { find: async (id: string) => ((finds += 1), side.store.find(id)) }
    // "Right away" ends after a second, which the machine may take for itself.
    const watch = side.watch({ store, limits: { unknownMs: 20_000 } })
    const ask = (pollId: string) => Promise.all(Array.from({ length: 50 }, () => watch.get(pollId)))
    expect(new Set(await ask('nobodyknows12'))).toEqual(new Set([null]))
    expect(new Set(await ask('nobodyknows12'))).toEqual(new Set([null]))
    expect(finds).toBe(1)
    expect(await watch.get(deleted.id)).toBeNull()
    expect(await watch.watch(deleted.id, createMemory())).toBeNull()
    for (const strange of ['', '../x', 'a b', 'x'.repeat(65), '\0', 'ä']) expect(await watch.get(strange)).toBeNull()
    expect(finds).toBe(2)
  })

  test('a poll that was unknown a moment ago is found once somebody tells its revision', async () => {
    const watch = side.watch()
    expect(await watch.get('soontobethere')).toBeNull()
    await side.create({ id: 'soontobethere' })
    expect((await watch.getAtLeast('soontobethere', 1))?.poll.id).toBe('soontobethere')
  })

  test('a viewer gets the state at once and then each newer one', async () => {
    const poll = await side.create()
    await side.vote(poll, 1)
    const viewer = createMemory()
    const watching = await side.watch().watch(poll.id, viewer)
    expect(countsOf(watching?.live)).toEqual([1, 0, 0])
    await side.vote(poll, 3)
    await waitUntil(() => viewer.told.length === 1)
    expect(countsOf(viewer.told[0])).toEqual([1, 0, 1])
    watching?.stop()
    await side.vote(poll, 3)
    const later = await side.watch().get(poll.id)
    expect(later?.tally.totalVotes).toBe(3)
    expect(viewer.told).toHaveLength(1)
  })

  test('many changes become at most one update per interval, and the newest arrives', async () => {
    const poll = await side.create()
    const viewer = createMemory()
    const watch = side.watch()
    const watching = await watch.watch(poll.id, viewer)
    for (let vote = 0; vote < 60; vote += 1) await side.vote(poll, 1 + (vote % 3))
    await waitUntil(() => viewer.told.at(-1)?.tally.totalVotes === 60)
    const gaps = viewer.at.slice(1).map((at, index) => at - viewer.at[index]!) // same length as the slice
    expect(Math.min(...gaps, 100)).toBeGreaterThanOrEqual(95)
    const versions = viewer.told.map((live) => live.tally.version)
    expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b))
    watching?.stop()
    expect(watch.viewerCount()).toBe(0)
  })

  test('older news is never shown', async () => {
    const poll = await side.create()
    const old = await side.vote(poll, 1)
    const newest = await side.vote(poll, 1, 5)
    const viewer = createMemory()
    await side.watch().watch(poll.id, viewer)
    await side.feed.publishTally(old)
    await side.vote(poll, 2)
    await waitUntil(() => viewer.told.length > 0)
    expect(viewer.told.every((live) => live.tally.version > newest.version)).toBe(true)
  })

  test('an edit reaches viewers with definition and tally of one revision', async () => {
    const poll = await side.create()
    const viewer = createMemory()
    const watch = side.watch()
    await watch.watch(poll.id, viewer)
    const hidden = await side.edit(poll, { resultsVisibility: 'never' })
    // The news of a vote comes before the news of the edit, and already carries its revision.
    await side.vote(poll, 1)
    await waitUntil(() => viewer.told.length > 0)
    await side.tell(hidden)
    const reset = await side.edit(hidden, { round: 2, status: 'draft' })
    await side.tell(reset)
    await waitUntil(() => viewer.told.at(-1)?.poll.round === 2)
    for (const { poll: shown, tally } of viewer.told) {
      expect([tally.revision, tally.round, tally.status]).toEqual([shown.revision, shown.round, shown.status])
    }
    expect(viewer.told[0]?.poll.resultsVisibility).toBe('never')
  })

  test('a definition of at least a revision comes from the store where memory and cache are older', async () => {
    const poll = await side.create()
    const watch = side.watch()
    await watch.get(poll.id)
    await side.edit(poll, { question: 'Really?' })
    expect((await watch.get(poll.id))?.poll.revision).toBe(1)
    expect((await watch.getAtLeast(poll.id, 2))?.poll.question).toBe('Really?')
    expect((await watch.get(poll.id))?.poll.question).toBe('Really?')
  })

  test('a refresh brings what the primary has now, and runs at most once beside the one under way', async () => {
    const poll = await side.create()
    let finds = 0
    const watch = side.watch({ store: { find: async (id) => ((finds += 1), side.store.find(id)) } })
    await watch.get(poll.id)
    await side.edit(poll, { question: 'Fresh?' })
    finds = 0
    const answers = await Promise.all(Array.from({ length: 200 }, () => watch.refresh(poll.id)))
    expect(answers.every((live) => live?.poll.question === 'Fresh?')).toBe(true)
    expect(finds).toBe(2)
    expect((await watch.get(poll.id))?.poll.question).toBe('Fresh?')
    expect((await side.cache.getPoll(poll.id))?.question).toBe('Fresh?')
  })

  test('a deleted poll is told to its viewers and is gone', async () => {
    const poll = await side.create()
    const viewer = createMemory()
    const watch = side.watch()
    await watch.watch(poll.id, viewer)
    await side.tell(await side.edit(poll, { status: 'deleted' }))
    await waitUntil(() => viewer.isDeleted)
    expect(await watch.get(poll.id)).toBeNull()
  })

  test('a lost message is mended within two seconds', async () => {
    const poll = await side.create()
    const viewer = createMemory()
    await side.watch().watch(poll.id, viewer)
    await side.record(poll, 2)
    await side.keep(poll.id)
    await waitUntil(() => countsOf(viewer.told.at(-1))?.[1] === 1, { withinMs: 2000 })
    // A definition whose news was lost, and which the cache has not got either.
    const edited = await side.edit(poll, { question: 'Unheard?' })
    await side.cache.putPoll(edited)
    await waitUntil(() => viewer.told.at(-1)?.poll.question === 'Unheard?', { withinMs: 2000 })
    const deleted = await side.edit(edited, { status: 'deleted' })
    await side.cache.putPoll(deleted)
    await waitUntil(() => viewer.isDeleted, { withinMs: 2000 })
  })

  test('a poll that fell out of the cache is put back, with what was missed', async () => {
    const poll = await side.create()
    const viewer = createMemory()
    await side.watch().watch(poll.id, viewer)
    // Recorded first: a comparison between the two would put the older tally back, and find nothing missed.
    await side.record(poll, 1, 4)
    await side.cache.expire(poll.id, 1)
    await waitUntil(() => viewer.told.at(-1)?.tally.totalVotes === 4, { withinMs: 2000 })
    await waitUntil(async () => (await side.cache.getTally(poll.id))?.totalVotes === 4)
  })

  test('one subscription serves any number of viewers, and goes with the last one', async () => {
    const poll = await side.create()
    const watch = side.watch({ limits: { unwatchedIdleMs: 100 } })
    const viewers = await Promise.all(Array.from({ length: 200 }, () => watch.watch(poll.id, createMemory())))
    expect([watch.viewerCount(), await side.subscriptions(poll.id)]).toEqual([200, 1])
    for (const viewer of viewers) viewer?.stop()
    expect(watch.viewerCount()).toBe(0)
    if (kind === 'redis') await waitUntil(async () => (await side.subscriptions(poll.id)) === 0)
  })

  test('news lost with the connection is mended within two seconds', async () => {
    const poll = await side.create()
    const viewer = createMemory()
    await side.watch().watch(poll.id, viewer)
    await side.loseConnection()
    await side.vote(poll, 3)
    await waitUntil(() => countsOf(viewer.told.at(-1))?.[2] === 1, { withinMs: 2000 })
    await side.vote(poll, 3)
    await waitUntil(() => countsOf(viewer.told.at(-1))?.[2] === 2, { withinMs: 2000 })
  })

  test('beyond the limit the poll that was used longest ago is let go', async () => {
    const polls = await Promise.all([side.create(), side.create(), side.create()])
    const [first, second, third] = polls.map((poll) => poll.id) as [string, string, string]
    const asked: string[] = []
    const watch = side.watch({
      limits: { unwatchedMax: 2, unwatchedStepMs: 0 },
      cache: { ...side.cache, getPoll: async (id) => (asked.push(id), side.cache.getPoll(id)) },
    })
    for (const id of [first, second, first, third, first, second]) await watch.get(id)
    expect(asked).toEqual([first, second, third, second])
  })
})

describe('while Redis is away', () => {
  test('polls are read from the primary, each once at a time, and viewers hear of what changes', async () => {
    await using redis = await startTestRedis()
    const side = await startLiveSide('redis', redis.redisUrl)
    try {
      const [known, unknown] = [await side.create(), await side.create()]
      let finds = 0
      // The poll that somebody watches is looked for now and then besides.
      const count = (id: string): unknown => id === unknown.id && (finds += 1)
      const watch = side.watch({ store: { find: async (id) => (count(id), side.store.find(id)) } })
      const viewer = createMemory()
      await watch.watch(known.id, viewer)
      await redis.kill()
      await side.record(known, 1, 2)
      await waitUntil(() => viewer.told.at(-1)?.tally.totalVotes === 2, { withinMs: 4000 })
      const answers = await Promise.all(Array.from({ length: 200 }, () => watch.get(unknown.id)))
      expect([answers.every((live) => live?.poll.id === unknown.id), finds]).toEqual([true, 1])
      expect(await watch.get('nosuchpoll12')).toBeNull()
      await redis.restart()
      await waitUntil(async () => (await side.subscriptions(unknown.id).catch(() => 0)) === 1, { withinMs: 10_000 })
      await side.record(known, 1)
      // Each connection comes back in its own time.
      const isAnnounced = async (): Promise<boolean> =>
        side.announce(known.id).then(
          () => true,
          () => false,
        )
      await waitUntil(isAnnounced)
      await waitUntil(() => viewer.told.at(-1)?.tally.totalVotes === 3)
    } finally {
      await side.stop()
    }
  })

  test('while the primary is away as well, reading says so, and memory still answers', async () => {
    await using redis = await startTestRedis()
    const side = await startLiveSide('redis', redis.redisUrl)
    try {
      const [warm, cold] = [await side.create(), await side.create()]
      const away = async (): Promise<never> => {
        throw new DependencyUnavailable('ledger', 'the primary is away')
      }
      let isAway = false
      const watch = side.watch({
        store: { find: (id) => (isAway ? away() : side.store.find(id)) },
        tallies: { read: (ids) => (isAway ? away() : side.tallies.read(ids)) },
      })
      await watch.get(warm.id)
      await redis.kill()
      isAway = true
      expect((await watch.get(warm.id))?.poll.id).toBe(warm.id)
      await expect(watch.get(cold.id)).rejects.toBeInstanceOf(DependencyUnavailable)
      await expect(watch.watch(cold.id, createMemory())).rejects.toBeInstanceOf(DependencyUnavailable)
      isAway = false
      expect((await watch.get(cold.id))?.poll.id).toBe(cold.id)
    } finally {
      await side.stop()
    }
  })
})
