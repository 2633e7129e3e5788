// Original file: contract/keys.proto

import type { ApiKey as _tallycast_admin_v1_ApiKey, ApiKey__Output as _tallycast_admin_v1_ApiKey__Output } from '../../../tallycast/admin/v1/ApiKey.ts';

export interface CreateApiKeyResponse {
  'key'?: (_tallycast_admin_v1_ApiKey | null);
  'secret'?: (string);
}

export interface CreateApiKeyResponse__Output {
  'key': (_tallycast_admin_v1_ApiKey__Output | null);
  'secret': (string);
}
