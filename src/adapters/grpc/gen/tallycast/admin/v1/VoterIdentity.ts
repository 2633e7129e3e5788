// Original file: contract/admin.proto

export const VoterIdentity = {
  VOTER_IDENTITY_UNSPECIFIED: 'VOTER_IDENTITY_UNSPECIFIED',
  VOTER_IDENTITY_NONE: 'VOTER_IDENTITY_NONE',
  VOTER_IDENTITY_SESSION: 'VOTER_IDENTITY_SESSION',
  VOTER_IDENTITY_TOKEN: 'VOTER_IDENTITY_TOKEN',
  VOTER_IDENTITY_CODE: 'VOTER_IDENTITY_CODE',
} as const;

export type VoterIdentity =
  | 'VOTER_IDENTITY_UNSPECIFIED'
  | 0
  | 'VOTER_IDENTITY_NONE'
  | 1
  | 'VOTER_IDENTITY_SESSION'
  | 2
  | 'VOTER_IDENTITY_TOKEN'
  | 3
  | 'VOTER_IDENTITY_CODE'
  | 4

export type VoterIdentity__Output = typeof VoterIdentity[keyof typeof VoterIdentity]
