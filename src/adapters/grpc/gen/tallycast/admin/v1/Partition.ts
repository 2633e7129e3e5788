// Original file: contract/admin.proto

import type { Long } from '@grpc/proto-loader';

export interface Partition {
  'partition'?: (number);
  'epoch'?: (number);
  'recorded'?: (string);
  'owner'?: (string);
  'waitingVotes'?: (number | string | Long);
  'oldestWaitingMs'?: (number | string | Long);
  'newerFormat'?: (number);
  '_owner'?: "owner";
  '_newerFormat'?: "newerFormat";
}

export interface Partition__Output {
  'partition': (number);
  'epoch': (number);
  'recorded': (string);
  'owner'?: (string);
  'waitingVotes': (number);
  'oldestWaitingMs': (number);
  'newerFormat'?: (number);
  '_owner'?: "owner";
  '_newerFormat'?: "newerFormat";
}
