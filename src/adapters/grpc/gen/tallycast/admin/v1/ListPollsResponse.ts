// Original file: contract/admin.proto

import type { Poll as _tallycast_admin_v1_Poll, Poll__Output as _tallycast_admin_v1_Poll__Output } from '../../../tallycast/admin/v1/Poll.ts';

export interface ListPollsResponse {
  'polls'?: (_tallycast_admin_v1_Poll)[];
  'nextPageToken'?: (string);
}

export interface ListPollsResponse__Output {
  'polls': (_tallycast_admin_v1_Poll__Output)[];
  'nextPageToken': (string);
}
