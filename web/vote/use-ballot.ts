import { useEffect, useMemo, useReducer, useRef } from 'preact/hooks'
import type { WatchStatus } from '../../client/src/index.ts'
import { randomKey } from '../../client/src/random-key.ts'
import type { Message } from '../i18n/say.ts'
import { createFreshClient } from '../follow/fresh-client.ts'
import { agreedKey } from './agreed-key.ts'
import { type Ballot, isOnItsWay, type SentVote, stepBallot, type VoteKind } from './ballot.ts'
import { followReceipt } from './follow-receipt.ts'
import { createKeptVotes, sortKept } from './kept-vote.ts'
import { patienceMs } from './patience.ts'
import { type Delivery, sendVote } from './send-vote.ts'
import { createSessionFirst } from './session-first.ts'

type Parts = {
  readonly pollId: string
  readonly round: number
  /** In a poll that recognises nobody a vote is nobody's. */
  readonly isRecognised: boolean
  /** It recognises browsers, and this one is not known yet. */
  readonly needsSession: boolean
  readonly connection: WatchStatus
  /** The code that the page was opened with; empty without one. */
  readonly code: string
  readonly first: Ballot
  /** The service has a vote of this reader, shown by this code. */
  readonly onVoted: (code: string) => void
  /** The poll is in another round than this page has heard of. */
  readonly onBegunAnew: () => void
}

type BallotInHand = {
  readonly ballot: Ballot
  readonly choose: (optionId: number, isMultiple: boolean) => void
  readonly send: (kind: VoteKind, code: string) => void
  /** Forgets the vote that is kept. If it has come in all the same, that is shown. */
  readonly giveUp: () => void
  /** Says why nothing was sent. */
  readonly refuse: (problem: Message) => void
}

const keptVotes = createKeptVotes(() => localStorage)
/** Whether a vote that was given up has come in all the same. */
const askAgainMs = 15_000
/** It may have been on its way when the service was asked first, and had none. So long it is asked again. */
const mayComeWithinMs = 35_000

/**
 * The reader's ballot, and what sends it. A vote is kept in the browser until it has its answer: where none comes it is sent again, as the same vote, after a
 * pause, when the network returns, and when the page is opened the next time.
 */
export function useBallot({
  pollId,
  round,
  isRecognised,
  needsSession,
  connection,
  code: broughtCode,
  first,
  onVoted,
  onBegunAnew,
}: Parts): BallotInHand {
  const [ballot, dispatch] = useReducer(stepBallot, first)
  const delivering = useRef<AbortController | null>(null)
  const beginSession = useMemo(
    () => createSessionFirst(needsSession, async (key) => createFreshClient(null).beginSession({ key }), agreedKey),
    [],
  )
  const isStored = useRef(true)
  const voterCode = useRef(broughtCode)
  const attempts = useRef(0)
  const waitMs = useRef(0)
  const roundNow = useRef(round)
  roundNow.current = round
  const { progress } = ballot

  function askOwnVote(code: string, signal?: AbortSignal): void {
    createFreshClient(null, code || null)
      .ownVote(pollId, signal && { signal })
      .then(
        (vote) => signal?.aborted || dispatch({ type: 'told', vote }),
        // Whoever votes is told then.
        () => {},
      )
  }

  function settle(vote: SentVote, delivery: Delivery): void {
    if (delivery.answer === 'none') {
      waitMs.current = patienceMs(attempts.current, delivery.retryAfterMs, Math.random)
      attempts.current += 1
      if (vote.round !== roundNow.current) keptVotes.forget(pollId, vote.key)
      return dispatch({ type: 'kept', vote, isReached: delivery.isReached, isStored: isStored.current })
    }
    attempts.current = 0
    keptVotes.forget(pollId, vote.key)
    voterCode.current = vote.code
    if (delivery.answer === 'refused') return dispatch({ type: 'refused', problem: delivery.problem })
    if (delivery.answer === 'begun_anew') {
      dispatch({ type: 'begun_anew' })
      return onBegunAnew()
    }
    if (delivery.answer === 'accepted') {
      dispatch({ type: 'accepted', vote, voteId: delivery.voteId, isRecognised })
    } else {
      dispatch({ type: 'refused', problem: delivery.problem })
      dispatch({ type: 'told', vote: delivery.ownVote })
    }
    onVoted(vote.code)
  }

  function deliver(vote: SentVote, isAgain: boolean): void {
    if (delivering.current !== null) return
    if (isAgain && isStored.current && !keptVotes.has(pollId, vote.key)) {
      dispatch({ type: 'settled_elsewhere' })
      return askOwnVote(vote.code)
    }
    const leaving = new AbortController()
    const { signal } = leaving
    delivering.current = leaving
    sendVote(createFreshClient(null, vote.code || null), pollId, vote, { beginSession, signal })
      .finally(() => {
        if (delivering.current === leaving) delivering.current = null
      })
      .then(
        (delivery) => signal.aborted || settle(vote, delivery),
        () => signal.aborted || dispatch({ type: 'refused', problem: ['common.something_wrong'] }),
      )
  }

  /** For somebody else, who is not here any more. */
  function deliverUnseen(vote: SentVote): void {
    const { signal } = new AbortController()
    sendVote(createFreshClient(null, vote.code || null), pollId, vote, { beginSession, signal }).then(
      ({ answer }) => answer === 'none' || keptVotes.forget(pollId, vote.key),
      // It stays for the next page.
      () => {},
    )
  }

  function send(kind: VoteKind, code: string): void {
    if (isOnItsWay(ballot)) return
    const optionIds = kind === 'retract' ? [] : ballot.chosen
    const vote = { kind, optionIds, key: randomKey(), round: ballot.round, sentAt: Date.now(), code }
    isStored.current = keptVotes.keep(pollId, vote)
    // A browser that knows of no network need not wait to find out; where it is wrong, the vote goes out a moment later.
    if (!navigator.onLine) return settle(vote, { answer: 'none', isReached: false, retryAfterMs: 0 })
    dispatch({ type: 'sent', vote })
    deliver(vote, false)
  }

  useEffect(() => {
    const { own, others, lost } = sortKept(keptVotes.read(pollId), { round, code: broughtCode, now: Date.now() })
    for (const { key } of lost) keptVotes.forget(pollId, key)
    for (const vote of others) deliverUnseen(vote)
    if (own !== null) {
      dispatch({ type: 'kept', vote: own, isReached: false, isStored: true })
      return deliver(own, true)
    }
    const [oldest] = lost
    if (oldest === undefined) return
    if (oldest.round !== round) dispatch({ type: 'begun_anew' })
    else dispatch({ type: 'refused', problem: ['vote.kept_a_day'] })
  }, [])

  const kept = progress?.step === 'kept' ? progress.vote : null
  useEffect(() => {
    if (kept !== null && kept.round !== round) {
      // Else its answer would be taken for that to the next vote, which may be cast from now on.
      delivering.current?.abort()
      delivering.current = null
      keptVotes.forget(pollId, kept.key)
    }
    dispatch({ type: 'round', round })
  }, [round])
  useEffect(() => {
    if (kept !== null && connection === 'live') deliver(kept, true)
  }, [connection])
  useEffect(() => {
    if (kept === null) return
    const again = (): void => deliver(kept, true)
    const timer = setTimeout(again, waitMs.current)
    addEventListener('online', again)
    return () => {
      clearTimeout(timer)
      removeEventListener('online', again)
    }
  }, [progress])

  function giveUp(): void {
    if (kept === null) return
    delivering.current?.abort()
    delivering.current = null
    attempts.current = 0
    keptVotes.forget(pollId, kept.key)
    dispatch({ type: 'given_up' })
  }

  const givenUp = isRecognised && progress?.step === 'given_up' ? progress : null
  useEffect(() => {
    if (givenUp === null) return
    const leaving = new AbortController()
    const ask = (): void => askOwnVote(givenUp.code, leaving.signal)
    const timer = setInterval(ask, askAgainMs)
    const end = givenUp.isNone ? setTimeout(() => clearInterval(timer), mayComeWithinMs) : undefined
    if (!givenUp.isNone) ask()
    addEventListener('online', ask, { signal: leaving.signal })
    return () => {
      clearInterval(timer)
      clearTimeout(end)
      leaving.abort()
    }
  }, [givenUp])

  const isAwaited = progress?.step === 'accepted'
  const voteId = isAwaited ? progress.voteId : null
  useEffect(() => {
    if (!isAwaited) return
    const leaving = new AbortController()
    followReceipt(createFreshClient(null, voterCode.current || null), pollId, voteId, leaving.signal).then(
      (status) => {
        // A later vote of the same voter, from another place, has replaced it.
        if (status === 'superseded') askOwnVote(voterCode.current)
        else if (status !== null) dispatch({ type: 'receipt', voteId, status })
      },
      // Nobody waits for it any more.
      () => {},
    )
    return () => leaving.abort()
  }, [isAwaited, voteId])

  return {
    ballot,
    choose: (optionId, isMultiple) => dispatch({ type: 'chosen', optionId, isMultiple }),
    send,
    giveUp,
    refuse: (problem) => dispatch({ type: 'refused', problem }),
  }
}
