import { createApiKeys } from '../../src/adapters/postgres/api-keys.ts'
import { createListener } from '../../src/adapters/postgres/listen.ts'
import { createVoteStream } from '../../src/adapters/postgres/vote-stream.ts'
import { createVoteDoor } from '../../src/adapters/postgres/vote-door.ts'
import { createVoteLedger } from '../../src/adapters/postgres/vote-ledger.ts'
import { type AdmitViewer, createAdmitViewer } from '../../src/application/watch-poll/admit-viewer.ts'
import { hashToken } from '../../src/application/authorize.ts'
import { createJudgeBearer } from '../../src/application/judge-bearer.ts'
import { createFindVote } from '../../src/application/cast-vote/find-vote.ts'
import { createIdentifyVoter, type IdentifyVoter } from '../../src/application/cast-vote/identify-voter.ts'
import { createSeePoll, type SeePoll } from '../../src/application/watch-poll/see-poll.ts'
import { createTickets, type Tickets } from '../../src/application/watch-poll/ticket.ts'
import type { WatchPoll } from '../../src/application/watch-poll.ts'
import type { Poll } from '../../src/domain/poll.ts'
import { isRefused } from '../../src/domain/refusal.ts'
import type { LiveSide } from './live-side.ts'

export const adminToken = 'the-admin-token-of-the-tests'
const secret = Buffer.alloc(32, 7)
/** What codes are made of that this door knows. */
export const liveSecrets = { voterPepper: secret, service: secret }

/** Who may see what, decided by a real door. */
export type LiveDoor = {
  readonly identifyVoter: IdentifyVoter
  readonly seePoll: SeePoll
  readonly tickets: Tickets
  readonly admitViewer: AdmitViewer
  /** A session that has voted in this poll, by its token. */
  readonly votedAs: (poll: Poll, optionId: number) => Promise<string>
  readonly newSession: () => string
  /** Lets votes in, at the poll's one partition. */
  readonly open: (poll: Poll) => Promise<void>
}

export const createLiveDoor = (
  side: LiveSide,
  watchPoll: WatchPoll,
  limits: { readonly viewersMax?: number } = {},
): LiveDoor => {
  const door = createVoteDoor(side.database.pool)
  // A door is worth something only where the stream has an epoch, which a worker brings. The listener never connects here.
  const stream = createVoteStream(side.database.pool, createListener({}))
  const identifyVoter = createIdentifyVoter({ ...liveSecrets, sessionSecrets: [secret] })
  const findVote = createFindVote(door, async () => {}, createVoteLedger(side.database.pool))
  const judgeBearer = createJudgeBearer({
    keys: createApiKeys(side.database.pool),
    adminTokenHash: hashToken(adminToken),
    onUsed: () => {},
  })
  const seePoll = createSeePoll({ watchPoll, identifyVoter, findVote, judgeBearer })
  const tickets = createTickets(secret)
  const newSession = (): string => {
    const session = identifyVoter.session({ voterToken: null, sessionCookie: null, requestKey: null })
    if (isRefused(session)) throw new Error(session.detail)
    return session.token
  }
  const open = async ({ id: pollId, round, revision, closesAt }: Poll): Promise<void> => {
    await stream.raiseEpoch(0, 1)
    await door.open(0, { pollId, round, revision, closesAt })
  }
  return {
    open,
    identifyVoter,
    seePoll,
    tickets,
    admitViewer: createAdmitViewer({ watchPoll, seePoll, identifyVoter, tickets, ...limits }),
    newSession,
    async votedAs(poll, optionId) {
      const voterToken = newSession()
      const voter = await identifyVoter.recognise(poll, { voterToken, sessionCookie: null, requestKey: null })
      if (voter === null || isRefused(voter)) throw new Error('the session is not recognised')
      const { id: pollId, round, revision } = poll
      await open(poll)
      const call = { pollId, round, revision, kind: 'cast' as const, voter, selection: [optionId], requestKey: null }
      const [answer] = await door.append(0, [call])
      if (answer?.answer !== 'accepted') throw new Error(`the door said ${answer?.answer}`)
      return voterToken
    },
  }
}
