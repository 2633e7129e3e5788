// Original file: contract/set_aside.proto

import type { ReplayOutcome as _tallycast_admin_v1_ReplayOutcome, ReplayOutcome__Output as _tallycast_admin_v1_ReplayOutcome__Output } from '../../../tallycast/admin/v1/ReplayOutcome.ts';

export interface Replayed {
  'id'?: (string);
  'pollId'?: (string);
  'outcome'?: (_tallycast_admin_v1_ReplayOutcome);
}

export interface Replayed__Output {
  'id': (string);
  'pollId': (string);
  'outcome': (_tallycast_admin_v1_ReplayOutcome__Output);
}
