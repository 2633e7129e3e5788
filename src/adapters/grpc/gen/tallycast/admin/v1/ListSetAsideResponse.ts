// Original file: contract/set_aside.proto

import type { SetAside as _tallycast_admin_v1_SetAside, SetAside__Output as _tallycast_admin_v1_SetAside__Output } from '../../../tallycast/admin/v1/SetAside.ts';

export interface ListSetAsideResponse {
  'items'?: (_tallycast_admin_v1_SetAside)[];
  'nextPageToken'?: (string);
}

export interface ListSetAsideResponse__Output {
  'items': (_tallycast_admin_v1_SetAside__Output)[];
  'nextPageToken': (string);
}
