// Original file: contract/keys.proto

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../../google/protobuf/Timestamp.ts';

export interface CreateApiKeyRequest {
  'name'?: (string);
  'scopes'?: (string)[];
  'expiresAt'?: (_google_protobuf_Timestamp | null);
}

export interface CreateApiKeyRequest__Output {
  'name': (string);
  'scopes': (string)[];
  'expiresAt': (_google_protobuf_Timestamp__Output | null);
}
