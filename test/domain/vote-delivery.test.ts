import { setImmediate } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { type OwnVote, TallycastError } from '../../client/src/index.ts'
import type { SentVote } from '../../web/vote/ballot.ts'
import { createKeptVotes, sortKept } from '../../web/vote/kept-vote.ts'
import { patienceMs } from '../../web/vote/patience.ts'
import { sendVote } from '../../web/vote/send-vote.ts'
import { type AgreedKey, createSessionFirst } from '../../web/vote/session-first.ts'

const vote: SentVote = { kind: 'cast', optionIds: [1, 3], key: 'a key', round: 2, sentAt: 5, code: 'ABCD' }

/** A store as browsers have it. */
function createStore() {
  const texts = new Map<string, string>()
  return {
    texts,
    get length() {
      return texts.size
    },
    key: (index: number) => [...texts.keys()][index] ?? null,
    getItem: (name: string) => texts.get(name) ?? null,
    setItem: (name: string, text: string) => void texts.set(name, text),
    removeItem: (name: string) => void texts.delete(name),
  }
}

/** What the pages of one browser agree on. */
function createAgreement(): AgreedKey {
  let kept: string | null = null
  let made = 0
  return {
    agree: async () => (kept ??= `key ${(made += 1)}`),
    async forget() {
      // As long as a browser takes for it.
      await setImmediate()
      kept = null
    },
  }
}

describe('a vote that is kept', () => {
  test('comes back as it was, for its own poll and beside others, until it is forgotten', () => {
    const store = createStore()
    const kept = createKeptVotes(() => store)
    const older = { ...vote, key: 'another key', sentAt: 4 }
    expect([kept.keep('one', vote), kept.keep('one', older)]).toEqual([true, true])
    expect([kept.read('one'), kept.read('two')]).toEqual([[older, vote], []])
    kept.forget('one', older.key)
    expect([kept.has('one', older.key), kept.has('one', vote.key), kept.read('one')]).toEqual([false, true, [vote]])
    kept.forget('one', vote.key)
    expect([kept.read('one'), store.texts.size]).toEqual([[], 0])
  })

  test.each(['', 'null', '{', '[]', '7', '{"kind":"cast"}', JSON.stringify({ ...vote, optionIds: ['1'] })])(
    'is none where something else is written: %s',
    (text) => {
      const store = createStore()
      store.texts.set('vote one a key', text)
      expect(createKeptVotes(() => store).read('one')).toEqual([])
    },
  )

  test('is no fault where the browser keeps nothing', () => {
    const kept = createKeptVotes(() => {
      throw new Error('not allowed')
    })
    expect(kept.keep('one', vote)).toBe(false)
    kept.forget('one', vote.key)
    expect([kept.read('one'), kept.has('one', vote.key)]).toEqual([[], false])
  })

  test('is gone on with by its own voter, sent unseen for others, and not sent into another round or after a day', () => {
    const dayMs = 24 * 60 * 60 * 1000
    const page = { round: 2, code: '', now: 5 + dayMs }
    expect(sortKept([vote], page)).toEqual({ own: vote, others: [], lost: [] })
    expect(sortKept([vote], { ...page, code: 'abcd' })).toEqual({ own: vote, others: [], lost: [] })
    expect(sortKept([vote], { ...page, code: 'EFGH' })).toEqual({ own: null, others: [vote], lost: [] })
    for (const later of [{ round: 3 }, { now: 6 + dayMs }]) {
      expect(sortKept([vote], { ...page, ...later })).toEqual({ own: null, others: [], lost: [vote] })
    }
    // Whoever drew this page had not heard of the round that there is.
    expect(sortKept([vote], { ...page, round: 1 })).toEqual({ own: null, others: [], lost: [] })
  })
})

describe('a vote that is sent', () => {
  const sending = { beginSession: async () => {}, signal: new AbortController().signal }
  const calls: unknown[] = []
  const clientThat = (answer: () => Promise<{ vote_id: string; status: 'accepted' }>, own: OwnVote | null = null) => {
    calls.length = 0
    const cast =
      (name: string) =>
      (...args: readonly unknown[]) => {
        calls.push([name, ...args])
        return answer()
      }
    return {
      vote: cast('vote'),
      change: cast('change'),
      retract: cast('retract'),
      ownVote: async () => own,
    }
  }
  const refusing = (said: ConstructorParameters<typeof TallycastError>[0], own: OwnVote | null = null) =>
    clientThat(() => Promise.reject(new TallycastError(said)), own)

  test('shows its own key and names its round, whatever it does', async () => {
    const client = clientThat(async () => ({ vote_id: 'an id', status: 'accepted' }))
    const { signal } = sending
    for (const kind of ['cast', 'change', 'retract'] as const) {
      expect(await sendVote(client, 'poll', { ...vote, kind }, sending)).toEqual({
        answer: 'accepted',
        voteId: 'an id',
      })
    }
    expect(calls).toEqual([
      ['vote', 'poll', [1, 3], { key: 'a key', round: 2, signal }],
      ['change', 'poll', [1, 3], { key: 'a key', round: 2, signal }],
      ['retract', 'poll', { key: 'a key', round: 2, signal }],
    ])
  })

  test.each([
    [{ code: 'unreachable', detail: '' }, false, 0],
    // A hotel's page, whatever its status.
    [{ code: 'unreadable', detail: '', status: 403 }, false, 0],
    [{ code: 'overloaded', detail: '', status: 503, retryAfterMs: 2_000 }, true, 2_000],
    [{ code: 'rate_limited', detail: '', status: 429, retryAfterMs: 60_000 }, true, 60_000],
  ])('goes on waiting for an answer after %o', async (said, isReached, retryAfterMs) => {
    expect(await sendVote(refusing(said), 'poll', vote, sending)).toEqual({ answer: 'none', isReached, retryAfterMs })
  })

  test('waits as long as the service asks for and a little longer, but never for more than ten minutes', () => {
    const [least, most] = [() => 0, () => 1]
    expect([patienceMs(0, 0, least), patienceMs(0, 0, most), patienceMs(9, 0, most)]).toEqual([0, 2_000, 30_000])
    expect([600_000, 600_001, 2 ** 32].map((asked) => patienceMs(0, asked, least))).toEqual([600_000, 600_000, 600_000])
  })

  test('is settled by a refusal', async () => {
    const closed = refusing({ code: 'poll_closed', detail: 'Voting has ended.', status: 409 })
    expect(await sendVote(closed, 'poll', vote, sending)).toEqual({
      answer: 'refused',
      problem: ['faults.poll_closed'],
    })
  })

  test('of a voter who has one already brings that one', async () => {
    const own = { vote_id: 'older', round: 2, option_ids: [2], status: 'recorded' } as const
    const said = { code: 'already_voted', detail: '', status: 409 }
    const problem = ['faults.already_voted']
    expect(await sendVote(refusing(said, own), 'poll', vote, sending)).toEqual({
      answer: 'had_voted',
      problem,
      ownVote: own,
    })
    expect(await sendVote(refusing(said), 'poll', vote, sending)).toEqual({
      answer: 'had_voted',
      problem,
      ownVote: null,
    })
  })

  test('waits for the session of its browser, which is asked for until it has come, and not again', async () => {
    const asked: string[] = []
    const beginSession = createSessionFirst(
      true,
      async (key) => {
        asked.push(key)
        if (asked.length === 1) throw new TallycastError({ code: 'unreachable', detail: '' })
      },
      createAgreement(),
    )
    const client = clientThat(async () => ({ vote_id: 'an id', status: 'accepted' }))
    expect(await sendVote(client, 'poll', vote, { ...sending, beginSession })).toMatchObject({ answer: 'none' })
    expect(calls).toEqual([])
    for (let sent = 0; sent < 2; sent += 1) {
      expect(await sendVote(client, 'poll', vote, { ...sending, beginSession })).toMatchObject({ answer: 'accepted' })
    }
    expect([asked, calls.length]).toEqual([['key 1', 'key 1'], 2])
    await createSessionFirst(false, async () => Promise.reject(new Error('has one')), createAgreement())()
  })

  test('is settled where the poll is in another round', async () => {
    const elsewhere = refusing({ code: 'round_not_current', detail: '', status: 409 })
    expect(await sendVote(elsewhere, 'poll', vote, sending)).toEqual({ answer: 'begun_anew' })
  })

  test('meets a fault of ours as a fault', async () => {
    const broken = clientThat(() => Promise.reject(new TypeError('ours')))
    await expect(sendVote(broken, 'poll', vote, sending)).rejects.toThrow('ours')
  })
})

describe('the session of a browser', () => {
  test('is asked for with one key by pages that ask at the same moment, which is forgotten once it is there', async () => {
    const agreement = createAgreement()
    const [asked, answered] = [new Array<string>(), Promise.withResolvers<void>()]
    const page = () =>
      createSessionFirst(
        true,
        async (key) => {
          asked.push(key)
          await answered.promise
        },
        agreement,
      )
    const begun = [page()(), page()()]
    await expect.poll(() => asked, { timeout: 10_000 }).toEqual(['key 1', 'key 1'])
    answered.resolve()
    await Promise.all(begun)
    expect(await agreement.agree()).toBe('key 2')
  })
})
