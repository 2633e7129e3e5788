import type { Poll } from '../../domain/poll.ts'
import { networkOf } from '../../domain/network.ts'
import { isRefused, type Refused } from '../../domain/refusal.ts'
import type { VoterKey } from '../../domain/vote.ts'
import type { HostTokens } from '../../ports/host-tokens.ts'
import type { IdentifiedVoter, IdentifyVoter, VoterCredentials } from '../cast-vote/identify-voter.ts'
import type { RequestLimits } from './request-limits.ts'

type PollIdentity = Pick<Poll, 'id' | 'voterIdentity'>
type VoterLimits = Pick<RequestLimits, 'voters' | 'newcomers' | 'invalidTokens'>

/**
 * The same, limited: whoever is identified or recognised has asked once more. Every way of a vote leads through here, before the vote reaches
 * its batch; and every way to look at what is a voter's own.
 *
 * Once too many tokens from an address were verified in vain, only those are looked at from there that were good before. So a flood of made-up
 * ones costs as many verifications as its ceiling says, and those whose tokens are known go on, also from the same address. To look at a
 * voting code costs next to nothing, so that is done always, and a good one passes whatever else came from its address: people in one
 * hall cannot keep each other out.
 */
export function limitVoters(
  identifyVoter: IdentifyVoter,
  hostTokens: Pick<HostTokens, 'knownSubject' | 'wasGood'> | null,
  { voters, newcomers, invalidTokens }: VoterLimits,
): IdentifyVoter {
  /** The address to which it is charged if this token or code is not valid; null where it is to nobody; or that no more are verified. */
  function judgeUnverified(poll: PollIdentity, { voterToken, address }: VoterCredentials): string | null | Refused {
    if (voterToken === null || address === undefined) return null
    if (poll.voterIdentity === 'code') return address
    if (poll.voterIdentity !== 'token' || hostTokens === null || hostTokens.wasGood(voterToken)) return null
    const refused = invalidTokens.look(networkOf(address))
    if (refused !== null) return refused
    return hostTokens.knownSubject(voterToken, poll.id) === null ? address : null
  }

  function takeNewcomer({ address }: Pick<VoterCredentials, 'address'>): Refused | null {
    return address === undefined ? null : newcomers.take(networkOf(address))
  }

  /** Charges what was looked at in vain. Beyond the ceiling it is told to wait, and nothing else. */
  function chargeInvalid<Found>(address: string | null, found: Found | Refused): Found | Refused {
    if (address === null || !isRefused(found) || found.refused !== 'token_invalid') return found
    return invalidTokens.take(networkOf(address)) ?? found
  }

  function takeIdentified(
    { voterIdentity }: PollIdentity,
    shown: VoterCredentials,
    found: IdentifiedVoter | Refused,
  ): IdentifiedVoter | Refused {
    if (isRefused(found)) return found
    // Where nobody is recognised, a key of the request makes whoever brings it somebody new as often as they like.
    const isNew = found.newSession !== null || voterIdentity === 'none'
    return voters.take(found.voter) ?? (isNew ? takeNewcomer(shown) : null) ?? found
  }

  function takeRecognised(found: VoterKey | null | Refused): VoterKey | null | Refused {
    return found === null || isRefused(found) ? found : (voters.take(found) ?? found)
  }

  return {
    identify(poll, shown) {
      const charged = judgeUnverified(poll, shown)
      if (isRefused(charged)) return charged
      const found = identifyVoter.identify(poll, shown)
      if (!(found instanceof Promise)) return takeIdentified(poll, shown, chargeInvalid(charged, found))
      return found.then((later) => takeIdentified(poll, shown, chargeInvalid(charged, later)))
    },
    recognise(poll, shown) {
      const charged = judgeUnverified(poll, shown)
      if (isRefused(charged)) return charged
      const found = identifyVoter.recognise(poll, shown)
      if (!(found instanceof Promise)) return takeRecognised(chargeInvalid(charged, found))
      return found.then((later) => takeRecognised(chargeInvalid(charged, later)))
    },
    session: (shown) => takeNewcomer(shown) ?? identifyVoter.session(shown),
  }
}
