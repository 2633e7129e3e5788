// Beside the flow: hands out a poll as it was at one moment, and of its votes what they may show.
import type { Poll } from '../domain/poll.ts'
import { isRefused, refuse, type Refused } from '../domain/refusal.ts'
import { maySeeResults, maySeeVotes } from '../domain/tally.ts'
import type { Selection } from '../domain/vote.ts'
import type { PollSnapshot } from '../ports/poll-snapshots.ts'
import { createKeyedHash } from './keyed-hash.ts'
import type { ReadSnapshot } from './read-snapshot.ts'
import { votesPruned } from './sign-snapshot.ts'
import type { LivePoll } from './watch-poll.ts'
import type { ReaderCredentials, SeenPoll, SeePoll } from './watch-poll/see-poll.ts'

/** A vote without who cast it: `voter` names the same voter in every export of one round of one poll, and nobody anywhere else. */
export type ExportedVote = { readonly voter: string; readonly selection: Selection }

export type ExportedPoll = {
  readonly live: LivePoll
  /** Whether counts may be shown. */
  readonly isVisible: boolean
  /** Pages of the votes that stand, each read when it is asked for; null where there are none for this caller. */
  readonly votes: AsyncIterable<readonly ExportedVote[]> | null
}

/** `where_shown`: null in their place for those who may not see them. `needed`: a refusal. */
export type WantedVotes = 'none' | 'where_shown' | 'needed'

export type ExportPoll = {
  /**
   * Does the work with the poll as it is at one moment for this caller, or says why not. Whatever else happens meanwhile, totals and
   * votes are of that moment. Only so many with votes are under way at once: a further one is refused.
   */
  run<Result>(
    pollId: string,
    shown: ReaderCredentials,
    wanted: WantedVotes,
    work: (exported: ExportedPoll) => Promise<Result>,
  ): Promise<Result | Refused>
}

export type ExportPollParts = {
  readonly readSnapshot: ReadSnapshot
  readonly seePoll: Pick<SeePoll, 'see' | 'audience'>
  /** Keys the names of voters. */
  readonly service: Uint8Array
}

const nameBytes = 12

export function createExportPoll({ readSnapshot, seePoll, service }: ExportPollParts): ExportPoll {
  const hashVoter = createKeyedHash(service, 'voter in an export')

  /** Begins with letters, so that no spreadsheet takes it for a number. */
  function nameVoters({ poll, votes }: PollSnapshot): AsyncIterable<readonly ExportedVote[]> {
    const beforeVoter = `${poll.id} ${poll.round} `
    return mapPages(votes, ({ voter, selection }) => ({
      voter: `v_${hashVoter(beforeVoter, voter).toString('hex', 0, nameBytes)}`,
      selection,
    }))
  }

  /** The definition in memory may be older than the snapshot, so what this caller may see is judged by the one that is shown. */
  async function judge(
    snapshot: PollSnapshot | null,
    shown: ReaderCredentials,
    wanted: WantedVotes,
  ): Promise<ExportedPoll | Refused> {
    if (snapshot === null || snapshot.poll.status === 'deleted') return notFound
    const { poll, tally } = snapshot
    const audience = await seePoll.audience(poll, shown)
    if (isRefused(audience)) return audience
    if (maySeeVotes(poll, audience)) {
      if ((await snapshot.pruned(poll.round)) !== null) return votesPruned
      return { ...totalsOf({ live: { poll, tally }, audience }), votes: nameVoters(snapshot) }
    }
    return wanted === 'needed' ? refuseVotes(poll) : totalsOf({ live: { poll, tally }, audience })
  }

  return {
    async run(pollId, shown, wanted, work) {
      // Whoever asks for no poll, or with a key that does not fit, takes nobody's place.
      const seen = await seePoll.see(pollId, shown)
      if (isRefused(seen)) return seen
      if (!maySendVotes(seen, wanted)) return work(totalsOf(seen))
      return readSnapshot(seen.live, async (snapshot) => {
        const exported = await judge(snapshot, shown, wanted)
        return isRefused(exported) ? exported : work(exported)
      })
    },
  }
}

/** Where the answer is short whatever becomes of the poll, it is what every reader sees: nobody who reads a long one can be in its way. */
function maySendVotes({ live, audience }: SeenPoll, wanted: WantedVotes): boolean {
  return wanted === 'needed' || (wanted === 'where_shown' && maySeeVotes(live.poll, audience))
}

function totalsOf({ live, audience }: SeenPoll): ExportedPoll {
  return { live, isVisible: maySeeResults(live.poll, audience), votes: null }
}

async function* mapPages<From, To>(
  pages: AsyncIterable<readonly From[]>,
  change: (item: From) => To,
): AsyncIterable<readonly To[]> {
  for await (const page of pages) yield page.map(change)
}

function refuseVotes({ voterVisibility }: Poll): Refused {
  return refuse('forbidden', whyNoVotes[voterVisibility])
}

const whyNoVotes = {
  secret: 'Votes of this poll are secret: nobody is shown single ones.',
  organizer: 'Single votes of this poll are shown to its organiser alone.',
  public: 'Single votes of this poll are shown to those who may see its results.',
} as const satisfies Record<Poll['voterVisibility'], string>

const notFound = refuse('poll_not_found', 'There is no such poll.')
