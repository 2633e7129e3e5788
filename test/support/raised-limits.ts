/**
 * The limits of how often somebody may ask, out of the way: tests and benchmarks ask from one address, and at times as one voter, far more often than a
 * venue would. They stay on, so that what they cost is in everything.
 */
export const raisedLimits = {
  VOTER_REQUESTS_PER_MINUTE: '1000000',
  KEY_REQUESTS_PER_MINUTE: '1000000',
  KEY_POLL_REQUESTS_PER_MINUTE: '1000000',
  ADDRESS_NEWCOMERS_PER_MINUTE: '1000000',
  ADDRESS_NEW_POLLS_PER_MINUTE: '1000000',
  ADDRESS_INVALID_TOKENS_PER_MINUTE: '1000000',
  ADDRESS_JOIN_CODES_PER_MINUTE: '1000000',
  ADDRESS_SIGNED_RESULTS_PER_MINUTE: '1000000',
} as const
