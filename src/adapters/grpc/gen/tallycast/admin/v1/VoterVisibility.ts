// Original file: contract/admin.proto

export const VoterVisibility = {
  VOTER_VISIBILITY_UNSPECIFIED: 'VOTER_VISIBILITY_UNSPECIFIED',
  VOTER_VISIBILITY_SECRET: 'VOTER_VISIBILITY_SECRET',
  VOTER_VISIBILITY_ORGANIZER: 'VOTER_VISIBILITY_ORGANIZER',
  VOTER_VISIBILITY_PUBLIC: 'VOTER_VISIBILITY_PUBLIC',
} as const;

export type VoterVisibility =
  | 'VOTER_VISIBILITY_UNSPECIFIED'
  | 0
  | 'VOTER_VISIBILITY_SECRET'
  | 1
  | 'VOTER_VISIBILITY_ORGANIZER'
  | 2
  | 'VOTER_VISIBILITY_PUBLIC'
  | 3

export type VoterVisibility__Output = typeof VoterVisibility[keyof typeof VoterVisibility]
