import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { type Poll, type TallyMessage, TallycastError } from '../../client/src/index.ts'
import { randomKey } from '../../client/src/random-key.ts'
import type { Message } from '../i18n/say.ts'
import { type Followed, followPoll, nothingYet, roundOf } from '../follow/follow-poll.ts'
import { useNextRound } from '../follow/use-next-round.ts'
import { castVote, clientOf, isStranger, type Source, tokenOf, type Wish } from './cast-vote.ts'
import { begunAnew, explainFault, isUnknown } from './explain-fault.ts'
import { forgetSession } from './kept-session.ts'

/** What the page around the element hears of. */
export type Tell = {
  readonly vote: (vote: {
    readonly poll_id: string
    readonly vote_id: string
    readonly option_ids: readonly number[]
  }) => void
  readonly update: (tally: TallyMessage) => void
}

export type Notice = { readonly kind: 'problem' | 'done'; readonly message: Message }

/** One voter's part in one poll. */
export type Ballot = {
  readonly followed: Followed
  /** The newest that is known of. */
  readonly round: number
  /** The options of the voter's own vote; null where there is none, or nobody knows. */
  readonly own: readonly number[] | null
  /** Somebody whom the poll does not recognise has just voted. */
  readonly hasJustVoted: boolean
  readonly isSending: boolean
  /** Nobody knows whether the vote of somebody who will not be recognised has arrived: it can only be sent again as it is. */
  readonly isBound: boolean
  readonly notice: Notice | null
  /** Counts the voters at this device. */
  readonly turn: number
  readonly warn: (message: Message) => void
  readonly cast: (wish: Choice) => void
  /** The next voter at this device, where a vote is known by its code or not at all. */
  readonly startOver: () => void
}

type RoundWish = Omit<Wish, 'key'>
type Choice = Omit<RoundWish, 'round'>
type OwnVote = { readonly round: number; readonly optionIds: readonly number[] }

const votedAlready: readonly string[] = ['already_voted', 'code_used']

/** Follows a poll and votes in it. As whom is known once the poll says what it asks for. */
export function useBallot(source: Source, tell: Tell): Ballot {
  const [code, setCode] = useState('')
  const [ownVote, setOwnVote] = useState<OwnVote | null>(null)
  /** In which somebody whom the poll does not recognise has just voted. */
  const [votedRound, setVotedRound] = useState<number | null>(null)
  const [isSending, setIsSending] = useState(false)
  const [boundRound, setBoundRound] = useState<number | null>(null)
  const [notice, setNotice] = useState<Notice | null>(null)
  const [turn, setTurn] = useState(0)
  const [attempt, setAttempt] = useState(0)
  const keyOf = useKeys()
  const [followed, follow] = useState(nothingYet)
  const { poll, tally } = followed
  const shown = poll === null ? null : tokenOf(source, poll.voter_identity, code)
  const round = roundOf(followed)
  const isBound = boundRound === round
  const own = ownVote !== null && ownVote.round === round ? ownVote.optionIds : null
  // Only such a poll tells its voters more than everybody; all others are read as the whole world reads them, from any cache on the way.
  const viewer = own !== null && poll?.results_visibility === 'after_vote' ? shown : null

  useEffect(
    () =>
      followPoll(clientOf(source, viewer), source.pollId, (news) =>
        follow((before) => ({ ...news, poll: news.poll ?? before.poll, tally: news.tally ?? before.tally })),
      ),
    [viewer, attempt],
  )
  const again = (): void => setAttempt((before) => before + 1)
  const anybody = useMemo(() => clientOf(source, null), [])
  useNextRound(anybody, source.pollId, followed, again)
  useEffect(() => {
    if (tally !== null) tell.update(tally)
  }, [tally])
  useEffect(() => {
    // What was said of another round says nothing of this one.
    setNotice((before) => (before?.message === begunAnew ? before : null))
  }, [round])
  useEffect(() => {
    const asking = new AbortController()
    if (poll !== null && shown !== null)
      readOwnVote(source, poll.voter_identity, shown, asking.signal).then(
        (vote) => vote !== null && setOwnVote(vote),
        // Whoever votes is told then.
        () => {},
      )
    return () => asking.abort()
  }, [shown, round])

  /** Of a vote that is in: this one, or one before it. */
  async function settle(asked: Poll, wish: RoundWish, isAccepted: boolean): Promise<void> {
    const identity = asked.voter_identity
    keyOf.settle()
    setBoundRound(null)
    setCode(wish.code)
    setVotedRound(identity === 'none' ? wish.round : null)
    if (identity === 'none') return
    const token = tokenOf(source, identity, wish.code)
    if (isAccepted) setOwnVote(wish.kind === 'retract' ? null : { round: wish.round, optionIds: wish.optionIds })
    else if (token !== null) setOwnVote(await readOwnVote(source, identity, token))
  }

  async function send(asked: Poll, wish: RoundWish): Promise<void> {
    const { vote_id } = await castVote(source, asked.voter_identity, { ...wish, key: keyOf.wish(wish) })
    await settle(asked, wish, true)
    if (wish.kind === 'retract') setNotice({ kind: 'done', message: ['embed.retracted'] })
    tell.vote({ poll_id: asked.id, vote_id, option_ids: wish.optionIds })
  }

  async function explain(asked: Poll, wish: RoundWish, error: unknown): Promise<void> {
    setNotice({ kind: 'problem', message: explainFault(error, asked.voter_identity === 'code') })
    setBoundRound(asked.voter_identity === 'none' && isUnknown(error, isBound) ? wish.round : null)
    if (!(error instanceof TallycastError)) return
    if (error.code === 'round_not_current') again()
    if (votedAlready.includes(error.code)) await settle(asked, wish, false)
  }

  return {
    followed,
    round,
    own,
    hasJustVoted: votedRound === round,
    isSending,
    isBound,
    notice,
    turn,
    warn: (message) => setNotice({ kind: 'problem', message }),
    cast(choice) {
      if (isSending || poll === null) return
      const wish = { ...choice, round }
      setIsSending(true)
      setNotice(null)
      send(poll, wish)
        .catch(async (error: unknown) => explain(poll, wish, error))
        // The vote before this one cannot be read; that there is one has been said.
        .catch(() => {})
        .finally(() => setIsSending(false))
    },
    startOver() {
      setCode('')
      setOwnVote(null)
      setVotedRound(null)
      setNotice(null)
      setTurn(turn + 1)
    },
  }
}

/** Null where this voter has none. A session that the service does not take any more is given up. */
async function readOwnVote(
  source: Source,
  identity: Poll['voter_identity'],
  token: string,
  signal?: AbortSignal,
): Promise<OwnVote | null> {
  try {
    const vote = await clientOf(source, token).ownVote(source.pollId, signal && { signal })
    return vote === null ? null : { round: vote.round, optionIds: vote.option_ids }
  } catch (error) {
    if (identity === 'session' && isStranger(error)) forgetSession(source.service)
    throw error
  }
}

/** The same wish has the same key until it has its answer: however often it is sent, it is one vote. */
function useKeys() {
  const asked = useRef({ wish: '', key: '' })
  return {
    wish(wish: RoundWish): string {
      const text = JSON.stringify(wish)
      if (asked.current.wish !== text) asked.current = { wish: text, key: randomKey() }
      return asked.current.key
    },
    settle() {
      asked.current = { wish: '', key: '' }
    },
  }
}
