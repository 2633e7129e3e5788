// Original file: contract/keys.proto

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../../google/protobuf/Timestamp.ts';

export interface ApiKey {
  'prefix'?: (string);
  'name'?: (string);
  'scopes'?: (string)[];
  'createdAt'?: (_google_protobuf_Timestamp | null);
  'expiresAt'?: (_google_protobuf_Timestamp | null);
  'revokedAt'?: (_google_protobuf_Timestamp | null);
  'lastUsedAt'?: (_google_protobuf_Timestamp | null);
}

export interface ApiKey__Output {
  'prefix': (string);
  'name': (string);
  'scopes': (string)[];
  'createdAt': (_google_protobuf_Timestamp__Output | null);
  'expiresAt': (_google_protobuf_Timestamp__Output | null);
  'revokedAt': (_google_protobuf_Timestamp__Output | null);
  'lastUsedAt': (_google_protobuf_Timestamp__Output | null);
}
