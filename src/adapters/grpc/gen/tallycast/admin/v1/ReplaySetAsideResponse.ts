// Original file: contract/set_aside.proto

import type { Replayed as _tallycast_admin_v1_Replayed, Replayed__Output as _tallycast_admin_v1_Replayed__Output } from '../../../tallycast/admin/v1/Replayed.ts';

export interface ReplaySetAsideResponse {
  'items'?: (_tallycast_admin_v1_Replayed)[];
  'nextPageToken'?: (string);
}

export interface ReplaySetAsideResponse__Output {
  'items': (_tallycast_admin_v1_Replayed__Output)[];
  'nextPageToken': (string);
}
