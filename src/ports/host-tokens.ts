import type { Refused } from '../domain/refusal.ts'

/** Judges the tokens by which a host application vouches for its users: each for one user, one poll and a short time. */
export type HostTokens = {
  /**
   * The host's name for the voter, as `isHostSubject` has it. Refused where the token is not signed by a host that is known here, is not
   * meant for this service and this poll, or has expired. Throws DependencyUnavailable where the host's keys are not known and
   * cannot be fetched.
   */
  subjectOf(token: string, pollId: string): Promise<string | Refused>
  /** The same at once, of a token that was verified before, or that can be refused unverified; null where it has to be verified. */
  knownSubject(token: string, pollId: string): string | Refused | null
  /** Whether this token was good when it was verified. Looks at nothing that it says, so that it costs next to nothing. */
  wasGood(token: string): boolean
}
