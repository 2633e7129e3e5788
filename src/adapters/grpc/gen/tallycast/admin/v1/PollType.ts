// Original file: contract/admin.proto

export const PollType = {
  POLL_TYPE_UNSPECIFIED: 'POLL_TYPE_UNSPECIFIED',
  POLL_TYPE_SINGLE: 'POLL_TYPE_SINGLE',
  POLL_TYPE_MULTIPLE: 'POLL_TYPE_MULTIPLE',
} as const;

export type PollType =
  | 'POLL_TYPE_UNSPECIFIED'
  | 0
  | 'POLL_TYPE_SINGLE'
  | 1
  | 'POLL_TYPE_MULTIPLE'
  | 2

export type PollType__Output = typeof PollType[keyof typeof PollType]
