// Original file: contract/keys.proto

import type { ApiKey as _tallycast_admin_v1_ApiKey, ApiKey__Output as _tallycast_admin_v1_ApiKey__Output } from '../../../tallycast/admin/v1/ApiKey.ts';

export interface ListApiKeysResponse {
  'keys'?: (_tallycast_admin_v1_ApiKey)[];
  'nextPageToken'?: (string);
}

export interface ListApiKeysResponse__Output {
  'keys': (_tallycast_admin_v1_ApiKey__Output)[];
  'nextPageToken': (string);
}
