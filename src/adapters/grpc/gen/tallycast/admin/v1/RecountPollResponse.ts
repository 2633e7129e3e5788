// Original file: contract/recount.proto

import type { Difference as _tallycast_admin_v1_Difference, Difference__Output as _tallycast_admin_v1_Difference__Output } from '../../../tallycast/admin/v1/Difference.ts';
import type { Long } from '@grpc/proto-loader';

export interface RecountPollResponse {
  'pollId'?: (string);
  'round'?: (number);
  'totalVotes'?: (number | string | Long);
  'isEqual'?: (boolean);
  'differences'?: (_tallycast_admin_v1_Difference)[];
  'unregisteredVotes'?: (number | string | Long);
  'prunedVotes'?: (number | string | Long);
  '_prunedVotes'?: "prunedVotes";
}

export interface RecountPollResponse__Output {
  'pollId': (string);
  'round': (number);
  'totalVotes': (number);
  'isEqual': (boolean);
  'differences': (_tallycast_admin_v1_Difference__Output)[];
  'unregisteredVotes': (number);
  'prunedVotes'?: (number);
  '_prunedVotes'?: "prunedVotes";
}
