import type { Poll } from '../../domain/poll.ts'
import { isRefused, refuse, type Refused, refuseForNow } from '../../domain/refusal.ts'
import type { Audience } from '../../domain/tally.ts'
import type { IdentifyVoter } from '../cast-vote/identify-voter.ts'
import type { ReaderCredentials, SeePoll } from './see-poll.ts'
import type { Ticket, Tickets } from './ticket.ts'
import type { LivePoll, Viewer, WatchPoll } from '../watch-poll.ts'

/** What somebody shows who wants to watch; a ticket stands for whatever it was issued for. */
export type ViewerCredentials = Omit<ReaderCredentials, 'requestKey'> & { readonly ticket: string | null }

export type AdmittedViewer = {
  readonly live: LivePoll
  /** As whom the viewer sees a state of the poll: it may have voted in one round and not in the next. */
  readonly audienceOf: (live: LivePoll) => Audience
  readonly stop: () => void
}

export type AdmitViewer = {
  /**
   * Lets a viewer in where there is room, as the audience that it belongs to at this moment. Whoever votes later comes again. Whoever has voted
   * sees the results of that round alone; one who takes the vote back sees them until it comes again, because it has seen
   * them already and nobody knows which of its connections belong to the voter.
   */
  admit(pollId: string, shown: ViewerCredentials, viewer: Viewer): Promise<AdmittedViewer | Refused>
  /** A ticket that stands for what is shown now. */
  issueTicket(pollId: string, shown: Omit<ViewerCredentials, 'ticket'>): Promise<Ticket | Refused>
}

type Parts = {
  readonly watchPoll: Pick<WatchPoll, 'get' | 'watch'>
  readonly seePoll: Pick<SeePoll, 'audience' | 'audienceOfVoter'>
  readonly identifyVoter: Pick<IdentifyVoter, 'recognise'>
  readonly tickets: Tickets
  /** Viewers of this process over all live channels, those included who are about to be let in; more are told to come back. */
  readonly viewersMax?: number
}

const viewersMaxDefault = 20_000
const comeBackMs = 10_000

const nothingToStandFor = refuse(
  'unauthenticated',
  'Show what the ticket is to stand for: a bearer, a Voter-Token or the session cookie.',
)
const notFound = refuse('poll_not_found', 'There is no such poll.')
const full = refuseForNow('overloaded', 'Too many viewers on this server. Please come back.', comeBackMs)

/** Nearly every viewer is one of these: they share what says so, rather than hold a function each. */
const always = { public: () => 'public', organiser: () => 'organiser' } satisfies Partial<
  Record<Audience, () => Audience>
>

function voterOf(round: number): AdmittedViewer['audienceOf'] {
  return (live) => (live.tally.round === round ? 'voted' : 'public')
}

export function createAdmitViewer(parts: Parts): AdmitViewer {
  const { watchPoll, seePoll, identifyVoter, tickets, viewersMax = viewersMaxDefault } = parts
  let viewers = 0

  async function audienceOf(poll: Poll, { ticket, ...shown }: ViewerCredentials): Promise<Audience | Refused> {
    if (ticket === null) return seePoll.audience(poll, { ...shown, requestKey: null })
    const holder = tickets.open(ticket, poll.id)
    if (holder === null) return refuse('token_invalid', 'The ticket is not valid for this poll, or has expired.')
    if (holder.is === 'organiser') return 'organiser'
    return seePoll.audienceOfVoter(poll, holder.voter)
  }

  /** The returned function gives the place back, once. */
  function takePlace(): () => void {
    viewers += 1
    let isTaken = true
    return () => {
      if (isTaken) viewers -= 1
      isTaken = false
    }
  }

  async function letIn(pollId: string, shown: ViewerCredentials, viewer: Viewer): Promise<AdmittedViewer | Refused> {
    const known = await watchPoll.get(pollId)
    if (known === null) return notFound
    const audience = await audienceOf(known.poll, shown)
    if (isRefused(audience)) return audience
    const watching = await watchPoll.watch(pollId, viewer)
    if (watching === null) return notFound
    return { ...watching, audienceOf: audience === 'voted' ? voterOf(known.poll.round) : always[audience] }
  }

  return {
    async admit(pollId, shown, viewer) {
      if (viewers >= viewersMax) return full
      const leave = takePlace()
      let admitted: AdmittedViewer | Refused = notFound
      try {
        admitted = await letIn(pollId, shown, viewer)
      } finally {
        if (isRefused(admitted)) leave()
      }
      if (isRefused(admitted)) return admitted
      const { stop } = admitted
      return {
        ...admitted,
        stop: () => {
          leave()
          stop()
        },
      }
    },
    async issueTicket(pollId, shown) {
      const live = await watchPoll.get(pollId)
      if (live === null) return notFound
      const audience = await audienceOf(live.poll, { ...shown, ticket: null })
      if (isRefused(audience)) return audience
      if (audience === 'organiser') return tickets.issue(pollId, { is: 'organiser' })
      const voter = await identifyVoter.recognise(live.poll, { ...shown, requestKey: null })
      if (isRefused(voter)) return voter
      if (voter === null) return nothingToStandFor
      return tickets.issue(pollId, { is: 'voter', voter })
    },
  }
}
