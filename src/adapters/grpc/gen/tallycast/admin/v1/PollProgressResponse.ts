// Original file: contract/progress.proto

import type { Long } from '@grpc/proto-loader';

export interface PollProgressResponse {
  'pollId'?: (string);
  'round'?: (number);
  'acceptedVotes'?: (number | string | Long);
  'recordedVotes'?: (number | string | Long);
  'waitingVotes'?: (number | string | Long);
  'oldestWaitingMs'?: (number | string | Long);
}

export interface PollProgressResponse__Output {
  'pollId': (string);
  'round': (number);
  'acceptedVotes': (number);
  'recordedVotes': (number);
  'waitingVotes': (number);
  'oldestWaitingMs': (number);
}
