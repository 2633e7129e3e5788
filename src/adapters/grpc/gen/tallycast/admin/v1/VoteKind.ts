// Original file: contract/set_aside.proto

export const VoteKind = {
  VOTE_KIND_UNSPECIFIED: 'VOTE_KIND_UNSPECIFIED',
  VOTE_KIND_CAST: 'VOTE_KIND_CAST',
  VOTE_KIND_CHANGE: 'VOTE_KIND_CHANGE',
  VOTE_KIND_RETRACT: 'VOTE_KIND_RETRACT',
} as const;

export type VoteKind =
  | 'VOTE_KIND_UNSPECIFIED'
  | 0
  | 'VOTE_KIND_CAST'
  | 1
  | 'VOTE_KIND_CHANGE'
  | 2
  | 'VOTE_KIND_RETRACT'
  | 3

export type VoteKind__Output = typeof VoteKind[keyof typeof VoteKind]
