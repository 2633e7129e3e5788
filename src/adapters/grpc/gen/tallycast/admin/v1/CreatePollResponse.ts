// Original file: contract/admin.proto

import type { Poll as _tallycast_admin_v1_Poll, Poll__Output as _tallycast_admin_v1_Poll__Output } from '../../../tallycast/admin/v1/Poll.ts';

export interface CreatePollResponse {
  'poll'?: (_tallycast_admin_v1_Poll | null);
  'manageToken'?: (string);
}

export interface CreatePollResponse__Output {
  'poll': (_tallycast_admin_v1_Poll__Output | null);
  'manageToken': (string);
}
